#include "relay/relay.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "dialogue.h"

using namespace pgveil;
using namespace pgveil::protocol;
using test::Dialogue;
using test::Lines;
using test::Open;

namespace {

void query(Bytes& out, std::string_view sql) { put_query(out, sql); }

// One row of customers.email as the server describes and sends it.
void email_row(Bytes& out, std::string_view email) {
    const catalog::Relation* customers = test::shop()->relation("public", "customers");
    const catalog::Column* column = customers->column("email");
    const std::vector<FieldOut> fields{{.name = "email", .column = {customers->oid, column->number}, .type = column->type}};
    const std::vector<std::optional<std::string>> row{std::string(email)};
    put_row_description(out, fields);
    put_text_row(out, row);
    put_command_complete(out, "SELECT 1");
    put_ready_for_query(out, TransactionStatus::Idle);
}


control::Answer pending(std::string id) {
    control::Answer answer;
    answer.outcome = control::Outcome::Filed;
    answer.request.id = std::move(id);
    answer.request.state = RequestState::Pending;
    return answer;
}

}  // namespace

TEST_CASE("a tagged column leaves masked, and what is counted says so") {
    Open d;
    d.client([](Bytes& out) { query(out, "SELECT email FROM customers"); });
    CHECK(d.to_server() == Lines{"Query"});
    d.server([](Bytes& out) { email_row(out, "ann@example.org"); });
    CHECK(d.client_text().find("ann@example.org") == std::string::npos);
    CHECK(d.client_text().find("[EMAIL_ADDRESS]") != std::string::npos);
    REQUIRE(d.records.size() == 2);
    CHECK(d.records[0].kind == audit::Kind::StmtIntent);
    CHECK(d.records[1].kind == audit::Kind::StmtResult);
    REQUIRE(d.records[1].masked.size() == 1);
    CHECK(d.records[1].masked[0].second == 1);
}

TEST_CASE("no result byte leaves before the intent is durable") {
    Open d;
    d.lazy_log = true;
    d.client([](Bytes& out) { query(out, "SELECT email FROM customers"); });
    CHECK(d.to_server() == Lines{"Query"});
    d.server([](Bytes& out) { email_row(out, "x"); });
    CHECK(d.to_client().empty());
    CHECK(d.relay().wants_server());   // little is read all the same: its last words, should it die now
    d.durable();
    CHECK(d.to_client() == Lines{"RowDescription", "DataRow", "CommandComplete", "ReadyForQuery"});
    d.client([](Bytes& out) { query(out, "SELECT email FROM customers"); });
    d.server([](Bytes& out) { email_row(out, std::string(300'000, 'x')); });
    CHECK(d.to_client().empty());
    CHECK_FALSE(d.relay().wants_server());
    d.durable();
    CHECK(d.to_client() == Lines{"RowDescription", "DataRow", "CommandComplete", "ReadyForQuery"});
}

TEST_CASE("a write is held: the server never sees it, the client gets its ticket") {
    Open d;
    d.client([](Bytes& out) { query(out, "UPDATE customers SET name = 'x' WHERE id = 1"); });
    REQUIRE(d.asked.size() == 1);
    control::Answer none;
    none.outcome = control::Outcome::UnknownRequest;
    d.answer(none);
    d.answer(pending("r_1"));
    CHECK(d.to_server().empty());
    CHECK(d.client_text().find("PV001") != std::string::npos);
    CHECK(d.to_client() == Lines{"ErrorResponse", "ReadyForQuery"});
}

TEST_CASE("an approved write runs once its intent is durable, unlocked in the same batch") {
    Open d;
    d.lazy_log = true;
    d.client([](Bytes& out) { query(out, "UPDATE customers SET name = 'x' WHERE id = 1 -- now"); });
    control::Answer spent;
    spent.outcome = control::Outcome::Consumed;
    spent.request.id = "r_1";
    spent.request.statement = "UPDATE customers SET name = 'x' WHERE id = 1";
    d.answer(spent);
    CHECK(d.to_server().empty());
    d.durable();
    CHECK(d.to_server() == Lines{"Parse", "Bind", "Execute", "Close", "Close", "Query"});
    d.server([](Bytes& out) {
        put_parse_complete(out);
        put_bind_complete(out);
        put_command_complete(out, "SET");
        put_close_complete(out);
        put_close_complete(out);
        put_command_complete(out, "UPDATE 1");
        put_ready_for_query(out, TransactionStatus::Idle);
    });
    CHECK(d.to_client() == Lines{"CommandComplete", "ReadyForQuery"});
    REQUIRE(std::holds_alternative<control::FinishRequest>(d.asked.back().ask));
    CHECK(std::get<control::FinishRequest>(d.asked.back().ask).state == RequestState::Executed);
}

TEST_CASE("a refusal in a transaction makes the server fail too") {
    Open d(Access::Read);
    d.begin();
    d.client([](Bytes& out) { query(out, "SELECT pg_read_file('/etc/passwd')"); });
    CHECK(d.to_server() == Lines{"Bind", "Sync"});
    CHECK(d.to_client().empty());
    d.server([](Bytes& out) {
        put_error(out, {.code = sqlstate::InvalidStatementName, .message = "no such statement", .detail = {}, .hint = {}, .more = {}});
        put_ready_for_query(out, TransactionStatus::Failed);
    });
    CHECK(d.client_text().find("42501") != std::string::npos);
    CHECK(d.to_client() == Lines{"ErrorResponse", "ReadyForQuery"});
    CHECK(d.relay().transaction().status == TransactionStatus::Failed);
}

TEST_CASE("the portal of a Query that failed in a block is never executed") {
    Open d(Access::Read);
    d.begin();
    d.client([](Bytes& out) {
        put_parse(out, "", "SELECT 7", {});
        put_bind(out, "", "", {}, {});
        put_sync(out);
    });
    d.server([](Bytes& out) {
        put_parse_complete(out);
        put_parameter_description(out, {});
        put_no_data(out);
        put_bind_complete(out);
        put_ready_for_query(out, TransactionStatus::InTransaction);
    });
    d.client([](Bytes& out) { query(out, "SELECT 1 / id FROM customers"); });
    d.server([](Bytes& out) {
        put_error(out, {.code = SqlState("22012"), .message = "no", .detail = {}, .hint = {}, .more = {}});
        put_ready_for_query(out, TransactionStatus::Failed);
    });
    (void)d.to_client();
    (void)d.to_server();
    d.client([](Bytes& out) {
        put_execute(out, "", 0);
        put_sync(out);
    });
    CHECK(d.to_server() == Lines{"Bind", "Flush", "Sync"});   // a Bind that fails, no Execute
}

TEST_CASE("a name the server may still know but we forgot is never bound") {
    Open d;
    d.client([](Bytes& out) {
        const std::vector<ParameterOut> none;
        put_bind(out, "", "never_parsed", none, {});
        put_execute(out, "", 0);
        put_sync(out);
    });
    for (const std::string& line : d.to_server()) CHECK(line != "Execute");
}

TEST_CASE("columns are learnt by a describe of ours that the client never sees") {
    Open d;
    d.client([](Bytes& out) { put_parse(out, "s", "SELECT email FROM customers", {}); });
    CHECK(d.to_server() == Lines{"Parse", "Describe"});
    d.server([](Bytes& out) {
        put_parse_complete(out);
        put_parameter_description(out, {});
        const catalog::Relation* customers = test::shop()->relation("public", "customers");
        const std::vector<FieldOut> fields{{.name = "email", .column = {customers->oid, customers->column("email")->number}, .type = type_oid::Text}};
        put_row_description(out, fields);
    });
    CHECK(d.to_client() == Lines{"ParseComplete"});
    d.client([](Bytes& out) {
        put_bind(out, "", "s", {}, {});
        put_execute(out, "", 0);
        put_sync(out);
    });
    (void)d.to_server();
    d.server([](Bytes& out) {
        put_bind_complete(out);
        const std::vector<std::optional<std::string>> row{"bob@example.org"};
        put_text_row(out, row);
    });
    CHECK(d.client_text().find("bob@example.org") == std::string::npos);
    CHECK(d.to_client() == Lines{"BindComplete", "DataRow"});
}

TEST_CASE("shadow changes nothing and records what would have been") {
    Dialogue d(Access::Write, policy::Mode::Shadow);
    d.client([](Bytes& out) { query(out, "UPDATE customers SET name = 'x' WHERE id = 1"); });
    CHECK(d.to_server() == Lines{"Query"});
    REQUIRE(d.records.size() == 1);
    CHECK(d.records[0].decision == "shadow");
    CHECK(d.records[0].more[0] == std::pair<std::string, std::string>("would", "hold"));
}

TEST_CASE("a server that answers what nobody asked ends the session") {
    Open d;
    d.server([](Bytes& out) { put_command_complete(out, "SELECT 1"); });
    CHECK(d.others == Lines{"end"});
    CHECK(d.client_text().find("08006") != std::string::npos);
}

TEST_CASE("a Bind whose statement hangs on an earlier batch waits, and is judged by the statement the server has") {
    Open d(Access::Read);
    d.client([](Bytes& out) {
        put_parse(out, "", "SELECT email FROM customers", {});
        put_sync(out);
    });
    d.server([](Bytes& out) {
        put_parse_complete(out);
        put_parameter_description(out, {});
        put_no_data(out);
        put_ready_for_query(out, TransactionStatus::Idle);
    });
    (void)d.to_server();
    d.client([](Bytes& out) {   // the second Parse fails, and takes the third with it
        put_parse(out, "x", "SELECT 1", {});
        put_parse(out, "x", "SELECT 1", {});
        put_parse(out, "", "SELECT id FROM orders", {});
        put_sync(out);
        put_bind(out, "", "", {}, {});
        put_execute(out, "", 0);
        put_sync(out);
    });
    const Lines sent = d.to_server();
    CHECK(std::ranges::count(sent, "Parse") == 3);
    CHECK(std::ranges::count(sent, "Bind") == 0);
}

TEST_CASE("the server's own FATAL is the last word") {
    Open d;
    d.client([](Bytes& out) { query(out, "SELECT 1"); });
    d.server([](Bytes& out) { put_error(out, {.severity = "FATAL", .code = SqlState("57P01"), .message = "going", .detail = {}, .hint = {}, .more = {}}); });
    CHECK(d.to_client() == Lines{"ErrorResponse"});
    CHECK(d.others == Lines{"end"});
}

TEST_CASE("what loses framing waits for the answers to what came before") {
    Open d;
    d.client([](Bytes& out) {
        query(out, "SELECT 1");
        put_message(out, 'z', {});
    });
    CHECK(d.to_client().empty());
    d.server([](Bytes& out) {
        put_command_complete(out, "SELECT 0");
        put_ready_for_query(out, TransactionStatus::Idle);
    });
    CHECK(d.to_client() == Lines{"CommandComplete", "ReadyForQuery", "ErrorResponse"});
    CHECK(d.others == Lines{"end"});
}

TEST_CASE("a server that asks for COPY data, completes too much or is in another transaction than it said ends the session") {
    const auto ends = [](std::string_view sql, auto put) {
        Open d(Access::Read);
        d.client([&](Bytes& out) { query(out, sql); });
        (void)d.client_text();
        d.server(put);
        return !d.others.empty() && d.others.back() == "end" && d.client_text().find("08006") != std::string::npos;
    };
    CHECK(ends("SELECT 1", [](Bytes& out) { put_message(out, 'G', Bytes{0, 0, 0}); }));
    CHECK(ends("SHOW DateStyle", [](Bytes& out) {
        put_command_complete(out, "SHOW");
        put_command_complete(out, "SHOW");
    }));
    CHECK(ends("SELECT 1", [](Bytes& out) {
        put_command_complete(out, "SELECT 0");
        put_ready_for_query(out, TransactionStatus::InTransaction);
    }));
    CHECK(ends("BEGIN", [](Bytes& out) {
        put_command_complete(out, "BEGIN");
        put_ready_for_query(out, TransactionStatus::Idle);
    }));
}

TEST_CASE("a client that sends and never waits is not read once a thousand answers are due, and the server is asked for them") {
    Open d(Access::Read);
    d.client([](Bytes& out) {
        for (int i = 0; i < 3000; ++i) put_parse(out, "", "SELECT 1", {});
    });
    const Lines sent = d.to_server();
    CHECK(std::ranges::count(sent, "Parse") < 1100);
    CHECK(sent.back() == "Flush");
}
