// COPY between scripted peers: a server that cuts the stream as it likes, and one that does not keep to what was asked.
#include <doctest/doctest.h>

#include "dialogue.h"

using namespace pgveil;
using namespace pgveil::protocol;
using test::Dialogue;
using test::Lines;

namespace {

void put_copy_out(Bytes& out, std::uint8_t format, std::uint8_t columns) {
    Bytes body{format, 0, columns};
    for (std::uint8_t i = 0; i < columns; ++i) body.insert(body.end(), {0, format});
    put_message(out, 'H', body);
}

void put_data(Bytes& out, std::string_view text) { put_message(out, 'd', bytes_of(text)); }

/// `COPY customers (id, email) TO STDOUT`, described by the server and begun.
struct Copying : Dialogue {
    explicit Copying(std::string_view sql = "COPY customers (id, email) TO STDOUT", std::uint8_t columns = 2, std::uint8_t format = 0) {
        client([&](Bytes& out) { put_query(out, sql); });
        answer_path();
        server([&](Bytes& out) {
            const catalog::Relation* table = test::shop()->relation("public", "customers");
            std::vector<FieldOut> fields;
            for (const char* name : {"id", "email"}) {
                const catalog::Column* column = table->column(std::string_view(name));
                fields.push_back({.name = name, .column = {table->oid, column->number}, .type = column->type});
            }
            put_parse_complete(out);
            put_parameter_description(out, {});
            put_row_description(out, fields);
            put_close_complete(out);
            put_ready_for_query(out, TransactionStatus::Idle);
            put_copy_out(out, format, columns);
        });
    }
    void data(std::string_view text) {
        server([&](Bytes& out) { put_data(out, text); });
    }
    void done() {
        server([](Bytes& out) {
            put_message(out, 'c', {});
            put_command_complete(out, "COPY 2");
            put_ready_for_query(out, TransactionStatus::Idle);
        });
    }
    [[nodiscard]] bool shows(std::string_view text) const { return client_text().find(text) != std::string::npos; }
    [[nodiscard]] bool ended() const { return !others.empty() && others.back() == "end"; }
};

}  // namespace

TEST_CASE("a COPY is described under our own name, masked, and recorded with its rows") {
    Copying d;
    const std::string stream = "1\tann@example.org\n2\tbea@example.org\n";
    for (const char c : stream) d.data(std::string(1, c));
    d.done();
    CHECK_FALSE(d.shows("example.org"));
    CHECK(d.shows("1\t[EMAIL_ADDRESS]\n"));
    CHECK(d.shows("2\t[EMAIL_ADDRESS]\n"));
    REQUIRE(d.records.back().kind == audit::Kind::StmtResult);
    CHECK(d.records.back().rows == 2);
    CHECK(d.records.back().bytes == static_cast<std::int64_t>(stream.size()));
    REQUIRE(d.records.back().masked.size() == 1);
    CHECK(d.records.back().masked[0].second == 2);
    const Lines seen = d.to_client();
    CHECK(seen == Lines{"CopyOutResponse", "CopyData", "CopyData", "CopyDone", "CommandComplete", "ReadyForQuery"});
}

TEST_CASE("a stream that is not what was asked for ends the session, and nothing of it goes on") {
    for (const std::string_view stream : {"1\tann@example.org\textra\n", "ann@example.org\n", "1\tann@example.org\\q\n"}) {
        CAPTURE(stream);
        Copying d;
        d.data(stream);
        CHECK(d.ended());
        CHECK_FALSE(d.shows("ann@"));
        CHECK(d.shows("08006"));
    }
}

TEST_CASE("a stream that ends within a row ends the session") {
    Copying d;
    d.data("1\tann@example.org");
    d.done();
    CHECK(d.ended());
    CHECK_FALSE(d.shows("ann@"));
}

TEST_CASE("a format or a COPY that was not asked for ends the session") {
    CHECK(Copying("COPY customers (id, email) TO STDOUT", 2, 1).ended());
    CHECK(Copying("SELECT 1", 2, 0).ended());
}

TEST_CASE("other columns than described: all of them are withheld or treated by name") {
    Copying d("COPY customers (id, email) TO STDOUT", 3);
    d.data("1\tann@example.org\tmore of it\n");
    d.done();
    CHECK_FALSE(d.shows("ann@"));
    CHECK_FALSE(d.shows("more of it"));
    CHECK_FALSE(d.ended());
}

TEST_CASE("an error of the server in mid-row leaves nothing of that row behind") {
    Copying d;
    d.data("1\tann@example.org\n2\tbea@exam");
    d.server([](Bytes& out) {
        put_error(out, {.severity = "ERROR", .code = SqlState("57014"), .message = "canceling statement due to user request", .detail = {}, .hint = {}, .more = {}});
        put_ready_for_query(out, TransactionStatus::Idle);
    });
    CHECK_FALSE(d.shows("bea@"));
    CHECK(d.shows("57014"));
    CHECK_FALSE(d.ended());
}

TEST_CASE("a description in the middle of a COPY ends the session: the rows' plan would be lost") {
    Copying d;
    d.server([](Bytes& out) {
        put_row_description(out, {});
        put_data(out, "1\tann@example.org\n");
    });
    CHECK(d.ended());
    CHECK_FALSE(d.shows("ann@example.org"));
}
