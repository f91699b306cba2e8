#include <doctest/doctest.h>

#include "dialogue.h"

using namespace pgveil;
using namespace pgveil::protocol;
using test::Open;

namespace {

constexpr std::string_view kWrite = "UPDATE customers SET name = 'x' WHERE id = 1";

void query(Bytes& out, std::string_view sql) { put_query(out, sql); }

control::Answer answered(control::Outcome outcome, RequestState state = RequestState::Pending) {
    control::Answer answer;
    answer.outcome = outcome;
    answer.request.id = "r_1";
    answer.request.state = state;
    return answer;
}

/// The one record that a refusal leaves: its decision and SQLSTATE.
void refused_with(const Open& d, std::string_view sqlstate, std::string_view decision = "deny") {
    REQUIRE(d.records.size() == 1);
    CHECK(d.records[0].kind == audit::Kind::StmtIntent);
    CHECK(d.records[0].decision == decision);
    CHECK(d.records[0].sqlstate == sqlstate);
}

}  // namespace

TEST_CASE("whatever control says to a held statement, its refusal is recorded once") {
    struct Case {
        control::Outcome outcome;
        RequestState state;
        std::string_view sqlstate;
    };
    for (const Case& c : {Case{control::Outcome::NotApproved, RequestState::Denied, "PV002"}, Case{control::Outcome::Drifted, RequestState::Void, "PV005"},
                          Case{control::Outcome::TooMany, RequestState::Pending, "PV011"}, Case{control::Outcome::Unavailable, RequestState::Pending, "PV013"}}) {
        Open d;
        d.client([](Bytes& out) { query(out, kWrite); });
        d.answer(answered(c.outcome, c.state));
        refused_with(d, c.sqlstate);
        CHECK(d.records[0].sql == "UPDATE customers SET name = $1 WHERE id = $2");
        CHECK(d.records[0].sql_class == "write");
        CHECK(d.records[0].request == "r_1");
    }
}

TEST_CASE("a ticket is one record, a hold") {
    Open d;
    d.client([](Bytes& out) { query(out, kWrite); });
    d.answer(answered(control::Outcome::UnknownRequest));
    d.answer(answered(control::Outcome::Filed));
    refused_with(d, "", "hold");
}

TEST_CASE("a statement whose approval the server could not be asked about is recorded, in a batch too") {
    Open d;
    d.facts_fail = true;
    d.client([](Bytes& out) { query(out, kWrite); });
    refused_with(d, "57014");
    Open batch;
    batch.facts_fail = true;
    batch.client([](Bytes& out) {
        put_parse(out, "", kWrite, {});
        put_bind(out, "", "", {}, {});
        put_sync(out);
    });
    batch.server([](Bytes& out) {
        put_parse_complete(out);
        put_parameter_description(out, {});
        put_no_data(out);
    });
    refused_with(batch, "57014");
    CHECK(batch.records[0].sql == "UPDATE customers SET name = $1 WHERE id = $2");
}

TEST_CASE("cancelled or abandoned while control is asked: recorded as not done") {
    Open cancelled;
    cancelled.client([](Bytes& out) { query(out, kWrite); });
    cancelled.happen([](relay::Relay& r, relay::Actions& out) { r.on_cancel(Now{}, out); });
    cancelled.answer(answered(control::Outcome::UnknownRequest));
    refused_with(cancelled, "57014");
    Open lost;
    lost.client([](Bytes& out) { query(out, kWrite); });
    lost.happen([](relay::Relay& r, relay::Actions& out) { r.on_peer_lost(false, Now{}, out); });
    refused_with(lost, "08006");
}

TEST_CASE("what cannot be read or is not there is recorded with the server's SQLSTATE") {
    Open text(Access::Read);
    text.client([](Bytes& out) { query(out, "SELECT '\xff'"); });
    refused_with(text, "22021");
    Open name(Access::Read);
    name.client([](Bytes& out) {
        put_bind(out, "", "never_parsed", {}, {});
        put_sync(out);
    });
    refused_with(name, "26000");
}

TEST_CASE("a rule's denial carries no SQLSTATE, and is recorded once") {
    Open d(Access::Read);
    d.client([](Bytes& out) { query(out, "SELECT pg_read_file('/etc/passwd')"); });
    refused_with(d, "");
}

TEST_CASE("what is ours to answer is a statement like others: an intent and its result") {
    Open shows(Access::Read);
    shows.client([](Bytes& out) { query(out, "SHOW pgveil.whoami"); });
    REQUIRE(shows.records.size() == 2);
    CHECK(shows.records[0].sql == "SHOW pgveil.whoami");
    CHECK(shows.records[0].rule == "pgveil");
    CHECK(shows.records[1].tag == "SHOW");
    CHECK(shows.records[1].sqlstate == "00000");
    CHECK(shows.records[0].statement == shows.records[1].statement);
    Open runs;
    runs.client([](Bytes& out) { query(out, "SELECT * FROM pgveil.execute('r_1')"); });
    runs.answer(answered(control::Outcome::UnknownRequest));
    REQUIRE(runs.records.size() == 2);
    CHECK(runs.records[0].sql == "SELECT * FROM pgveil.execute($1)");
    CHECK(runs.records[1].sqlstate == "22023");
}
