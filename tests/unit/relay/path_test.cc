#include <algorithm>

#include <doctest/doctest.h>

#include "dialogue.h"

using namespace pgveil;
using namespace pgveil::protocol;
using test::Dialogue;
using test::Lines;
using test::Open;

namespace {

void run(Bytes& out, std::string_view sql) {
    put_parse(out, "", sql, {});
    put_bind(out, "", "", {}, {});
    put_execute(out, "", 0);
}

void error(Bytes& out, SqlState code) {
    put_error(out, {.code = code, .message = "no", .detail = {}, .hint = {}, .more = {}});
}

}  // namespace

TEST_CASE("nothing is judged behind a set_config before the path was asked for") {
    Open d;
    d.client([](Bytes& out) {
        run(out, "SELECT set_config('search_path', 'elsewhere', false)");
        run(out, "SELECT name FROM customers");
        put_sync(out);
    });
    const Lines sent = d.to_server();
    CHECK(std::ranges::count(sent, "Execute") == 1);
    CHECK(sent.back() == "Flush");
}

TEST_CASE("a temporary name is in doubt, no other; and every name is if the list is none") {
    const auto reads = [](std::optional<std::string> temporary) {
        Dialogue d;
        d.client([](Bytes& out) { put_query(out, "SELECT name FROM customers"); });
        (void)d.to_server();
        d.say_path(std::move(temporary));
        return !d.to_server().empty();
    };
    CHECK(reads({}));
    CHECK(reads("6:orders"));
    CHECK(!reads("6:orders9:customers"));
    for (const char* none : {"0", "x", "6:orders9", "6:orders9:", "9:customer", "0:", "99999999999999999999:a", "-1:a"}) CHECK_MESSAGE(!reads(none), std::string(none));
}

TEST_CASE("the end of an implicit transaction takes SET LOCAL back: the path is asked for again") {
    Open d;
    d.client([](Bytes& out) {
        run(out, "SET LOCAL search_path = elsewhere");
        put_sync(out);
    });
    d.server([](Bytes& out) {
        put_parse_complete(out);
        put_parameter_description(out, {});
        put_no_data(out);
        put_bind_complete(out);
        put_command_complete(out, "SET");
        put_ready_for_query(out, TransactionStatus::Idle);
    });
    (void)d.to_server();
    d.client([](Bytes& out) { put_query(out, "SELECT 1"); });
    CHECK(d.to_server() == Lines{"Parse", "Bind", "Execute", "Close", "Close", "Sync"});
}

TEST_CASE("what only the server knows of a text, and refuses, is recorded with its word") {
    Open d;
    d.client([](Bytes& out) { put_query(out, "SELEC 'secret word'"); });
    CHECK(d.to_server() == Lines{"Parse", "Close", "Sync"});
    d.server([](Bytes& out) {
        error(out, SqlState("42601"));
        put_ready_for_query(out, TransactionStatus::Idle);
    });
    REQUIRE(d.records.size() == 1);
    CHECK(d.records[0].sqlstate == "42601");
    CHECK(d.records[0].decision == "deny");
    CHECK(d.records[0].sql.find("secret") == std::string::npos);
    d.client([](Bytes& out) {
        run(out, "SELEC 1");
        put_sync(out);
    });
    d.server([](Bytes& out) { error(out, SqlState("42601")); });
    d.server([](Bytes& out) { put_ready_for_query(out, TransactionStatus::Idle); });
    REQUIRE(d.records.size() == 2);
    CHECK(d.records[1].sqlstate == "42601");
}

TEST_CASE("an approval binds what the server says of settings and objects when it is filed and when it is spent") {
    Open d;
    d.settings = R"({"bytea_output": "hex"})", d.objects = "abc";
    d.client([](Bytes& out) { put_query(out, "UPDATE customers SET name = 'x' WHERE id = 1"); });
    CHECK(d.facts_asked == 1);
    REQUIRE(std::holds_alternative<control::ConsumeRequest>(d.asked.back().ask));
    const SessionFacts& facts = std::get<control::ConsumeRequest>(d.asked.back().ask).draft->facts;
    CHECK(facts.settings == d.settings);
    CHECK(facts.objects == d.objects);
}

TEST_CASE("what the server could not say binds nothing: neither filed nor spent, in a block or not") {
    for (const bool in_block : {false, true}) {
        CAPTURE(in_block);
        Open d;
        if (in_block) d.begin();
        d.facts_fail = true;
        d.client([](Bytes& out) { put_query(out, "UPDATE customers SET name = 'x' WHERE id = 1"); });
        CHECK(d.facts_asked == 1);
        CHECK(d.asked.empty());
        if (in_block) {
            d.server([](Bytes& out) {
                error(out, sqlstate::InvalidStatementName);
                put_ready_for_query(out, TransactionStatus::Failed);
            });
        }
        CHECK(d.client_text().find("57014") != std::string::npos);
        CHECK(d.to_client() == Lines{"ErrorResponse", "ReadyForQuery"});
    }
}

TEST_CASE("an error on values of sensitive columns is a comparison, and an hour has so many") {
    Open d;
    for (int i = 0; i < 4; ++i) {
        d.client([](Bytes& out) { put_query(out, "SELECT 1 / (length(email) - 9) FROM customers"); });
        if (i == 3) break;
        REQUIRE(d.to_server() == Lines{"Query"});
        d.server([](Bytes& out) {
            error(out, SqlState("22012"));
            put_ready_for_query(out, TransactionStatus::Idle);
        });
        CHECK(d.client_text().find("22000") != std::string::npos);
        (void)d.to_client();
    }
    CHECK(d.to_server().empty());
    REQUIRE(d.asked.size() == 1);
}
