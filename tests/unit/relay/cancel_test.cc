// A cancel that comes while the client's statement waits here: the server has nothing to cancel, the client is answered.
#include <doctest/doctest.h>

#include "dialogue.h"

using namespace pgveil;
using namespace pgveil::protocol;
using test::Dialogue;
using test::Lines;
using test::Open;

namespace {

constexpr Now kNow{MonotonicTime{} + std::chrono::hours(1), WallTime{} + std::chrono::hours(1)};
constexpr std::string_view kUpdate = "UPDATE customers SET name = 'x' WHERE id = 1";

void say(Dialogue& d, std::string_view sql) {
    d.client([&](Bytes& out) { put_query(out, sql); });
}

/// What came of it: CancelServer is told by `d.others`.
void cancel(Dialogue& d) {
    d.happen([](relay::Relay& relay, relay::Actions& out) { relay.on_cancel(kNow, out); });
}

control::Answer consumed() {
    control::Answer spent;
    spent.outcome = control::Outcome::Consumed;
    spent.request.id = "r_1";
    spent.request.statement = std::string(kUpdate);
    return spent;
}

void was_cancelled(Dialogue& d) {
    CHECK(d.client_text().find("57014") != std::string::npos);
    CHECK(d.to_client() == Lines{"ErrorResponse", "ReadyForQuery"});
    CHECK(d.to_server().empty());
    CHECK(d.others.empty());
}

void was_given_back(Dialogue& d) {
    const auto* finish = std::get_if<control::FinishRequest>(&d.asked.back().ask);
    REQUIRE(finish != nullptr);
    CHECK(finish->state == RequestState::Approved);
}

}  // namespace

TEST_CASE("a cancel behind a question of ours to the server is the client's statement's, not the question's") {
    Dialogue d;
    say(d, "SELECT 1");
    cancel(d);
    CHECK(d.others.empty());
    (void)d.to_server();
    d.say_path();
    was_cancelled(d);
    say(d, "SELECT 2");
    CHECK(d.to_server() == Lines{"Query"});
    cancel(d);
    CHECK(d.others == Lines{"cancel"});
}

TEST_CASE("a cancel while control is asked gives a spent approval back") {
    Open d;
    say(d, kUpdate);
    cancel(d);
    CHECK(d.to_client().empty());
    d.answer(consumed());
    was_cancelled(d);
    was_given_back(d);
}

TEST_CASE("a cancel while the intent is written runs nothing, gives the approval back and is recorded") {
    Open d;
    d.lazy_log = true;
    say(d, kUpdate);
    d.answer(consumed());
    cancel(d);
    was_cancelled(d);
    was_given_back(d);
    CHECK(d.records.back().sqlstate == "57014");
    d.durable();
    CHECK(d.to_server().empty());
}

TEST_CASE("a cancel while nothing runs does nothing") {
    Dialogue d;
    cancel(d);
    CHECK(d.others.empty());
    CHECK(d.to_client().empty());
}
