#include "control/service.h"

#include "support.h"

using namespace pgveil;
using namespace pgveil::control;
using namespace pgveil::control::testing;

TEST_CASE("a held statement is filed, approved, spent once and finished") {
    Bench b;
    const auto filed = b.file();
    REQUIRE(filed.outcome == Outcome::Filed);
    CHECK(filed.request.id.size() == 28);
    CHECK(filed.request.owner == "dana");
    CHECK(b.consume().outcome == Outcome::NotApproved);
    const auto yes = b.approve("erik", filed.request.id, 12);
    REQUIRE(yes.has_value());
    CHECK(yes->state == RequestState::Approved);
    CHECK(yes->approved_by == std::vector<std::string>{"erik"});
    CHECK(yes->expires == b.now + seconds(600));
    const auto spent = b.consume();
    REQUIRE(spent.outcome == Outcome::Consumed);
    CHECK(spent.request.statement == draft_of().statement);
    CHECK(spent.request.max_rows == 12);
    CHECK(b.consume().outcome == Outcome::NotApproved);
    CHECK(b.consume_id(filed.request.id).request.state == RequestState::Executing);
    const auto done = b.finish(filed.request.id, RequestState::Executed);
    CHECK(done.outcome == Outcome::Done);
    CHECK(done.request.outcome_tag == "DELETE 1");
    CHECK(b.consume().outcome == Outcome::UnknownRequest);
    CHECK(b.consume_id(filed.request.id).request.state == RequestState::Executed);
    CHECK(b.journal->count(audit::Kind::RequestConsume) == 1);
    CHECK(b.journal->waits >= 4);
}

TEST_CASE("the same statement while pending or approved is the same request") {
    Bench b;
    const auto first = b.file();
    auto again = draft_of();
    again.reason = "said otherwise";
    CHECK(b.file(again).request.id == first.request.id);
    CHECK(b.journal->count(audit::Kind::RequestFile) == 1);
    REQUIRE(b.approve("erik", first.request.id).has_value());
    const auto third = b.file();
    CHECK(third.outcome == Outcome::NotApproved);
    CHECK(third.request.id == first.request.id);
    CHECK(third.request.state == RequestState::Approved);
    CHECK(b.file(draft_of("DELETE FROM orders WHERE id = 2")).request.id != first.request.id);
    auto other_agent = draft_of();
    other_agent.agent = "rover";
    CHECK(b.file(other_agent).request.id != first.request.id);
}

TEST_CASE("who may not approve does not") {
    Bench b;
    const auto id = b.file().request.id;
    CHECK(b.approve("dana", id).error().why == Refusal::SelfApproval);   // the owner
    CHECK(b.approve("gil", id).error().why == Refusal::NotAllowed);      // not in the rule's group
    CHECK(b.approve("hana", id).error().why == Refusal::NotAllowed);     // auditor
    CHECK(b.approve("ivan", id).error().why == Refusal::NotAllowed);     // admin
    CHECK(b.approve("bea", id).error().why == Refusal::NotAllowed);      // break-glass
    const Person agent{"copilot", {Role::Approver}, {"dba"}};
    CHECK(b.service->approve(agent, id, "", -1, b.now).error().why == Refusal::NotAllowed);
    const Person stranger{"mallory", {Role::Approver}, {"dba"}};
    CHECK(b.service->approve(stranger, id, "", -1, b.now).error().why == Refusal::NotAllowed);
    CHECK(b.approve("erik", "r_none").error().why == Refusal::NotFound);
    CHECK(b.state(id) == RequestState::Pending);
    CHECK(b.journal->count(audit::Kind::RequestApprove) == 0);
}

TEST_CASE("a person on whose behalf the agent acts may not approve") {
    Bench b([](ServiceOptions& o) { o.agents[0].on_behalf_of = {"erik"}; });
    const auto id = b.file().request.id;
    CHECK(b.approve("erik", id).error().why == Refusal::SelfApproval);
    CHECK(b.approve("faye", id).has_value());
}

TEST_CASE("two approvals mean two people") {
    Bench b;
    auto two = draft_of();
    two.approvals_needed = 2;
    const auto id = b.file(two).request.id;
    CHECK(b.approve("erik", id, 100)->state == RequestState::Pending);
    CHECK(b.approve("erik", id).error().why == Refusal::Duplicate);
    CHECK(b.consume(two).outcome == Outcome::NotApproved);
    CHECK(b.approve("faye", id, 7)->state == RequestState::Approved);
    const auto spent = b.consume(two);
    REQUIRE(spent.outcome == Outcome::Consumed);
    CHECK(spent.request.max_rows == 7);
}

TEST_CASE("a rule that asks for no approval can never be satisfied") {
    Bench b;
    auto none = draft_of();
    none.approvals_needed = 0;
    CHECK(b.file(none).outcome == Outcome::NotApproved);
    CHECK(b.journal->count(audit::Kind::RequestFile) == 0);
}

TEST_CASE("an approver who lost the role, the group or the neutrality since voids the approval") {
    Bench b;
    const auto id = approved(b);
    auto changed = b.options;
    SUBCASE("role") { std::ranges::find(changed.people, "erik", &Person::name)->roles = {Role::Auditor}; }
    SUBCASE("group") { std::ranges::find(changed.people, "erik", &Person::name)->groups = {"other"}; }
    SUBCASE("gone") { std::erase_if(changed.people, [](const Person& p) { return p.name == "erik"; }); }
    SUBCASE("owner now") { changed.agents[0].owner = "erik"; }
    SUBCASE("agent gone") { changed.agents.erase(changed.agents.begin()); }
    b.service->reconfigure(changed, b.now);
    const auto answer = b.consume();
    CHECK(answer.outcome == Outcome::Drifted);
    CHECK(answer.request.state == RequestState::Void);
    CHECK(b.journal->count(audit::Kind::RequestConsume) == 0);
    b.service->reconfigure(b.options, b.now);
    CHECK(b.consume_id(id).outcome == Outcome::NotApproved);
}

TEST_CASE("one denial ends it, and withdraws an approval that is not executing") {
    Bench b;
    auto two = draft_of();
    two.approvals_needed = 2;
    const auto id = b.file(two).request.id;
    REQUIRE(b.approve("erik", id).has_value());
    const auto no = b.deny("gil", id);   // saying no needs no group
    REQUIRE(no.has_value());
    CHECK(no->state == RequestState::Denied);
    CHECK(no->decided_by == "gil");
    CHECK(b.approve("faye", id).error().why == Refusal::WrongState);

    Bench c;
    const auto other = approved(c);
    CHECK(c.deny("dana", other).has_value());   // the owner may say no
    CHECK(c.consume().request.state == RequestState::Denied);

    Bench d;
    const auto running = approved(d);
    REQUIRE(d.consume().outcome == Outcome::Consumed);
    CHECK(d.deny("gil", running).error().why == Refusal::WrongState);
    CHECK(d.service->deny(d.who("gil"), running, "", d.now).error().why == Refusal::Invalid);
    CHECK(d.deny("ivan", running).error().why == Refusal::NotAllowed);
}

TEST_CASE("a denied statement cools down, however it is laid out") {
    Bench b;
    const auto id = b.file().request.id;
    REQUIRE(b.deny("erik", id).has_value());
    const auto same = b.file();
    CHECK(same.outcome == Outcome::NotApproved);
    CHECK(same.request.id == id);
    CHECK(same.request.decision_reason == "no");
    const auto spaced = b.file(draft_of("DELETE  FROM orders WHERE id = 1"));
    CHECK(spaced.outcome == Outcome::TooMany);
    CHECK(spaced.retry_after_s == 900);
    CHECK(spaced.request.id == id);
    CHECK(spaced.request.decision_reason == "no");
    auto elsewhere = draft_of();
    elsewhere.facts.time_zone = "CET";
    CHECK(b.file(elsewhere).outcome == Outcome::TooMany);
    auto other_agent = draft_of();
    other_agent.agent = "rover";
    CHECK(b.file(other_agent).outcome == Outcome::Filed);
    b.now += seconds(900);
    CHECK(b.file().outcome == Outcome::Filed);
}

TEST_CASE("another value is another request until its shape was denied twice") {
    Bench b;
    REQUIRE(b.deny("erik", b.file(draft_of("DELETE FROM orders WHERE id = 1")).request.id).has_value());
    const auto second = b.file(draft_of("DELETE FROM orders WHERE id = 2"));
    REQUIRE(second.outcome == Outcome::Filed);
    REQUIRE(b.deny("erik", second.request.id).has_value());
    CHECK(b.file(draft_of("DELETE FROM orders WHERE id = 3")).outcome == Outcome::TooMany);
    auto other_shape = draft_of("UPDATE orders SET x = 1");
    other_shape.shape = "shape-2";
    CHECK(b.file(other_shape).outcome == Outcome::Filed);
    b.now += seconds(900);
    CHECK(b.file(draft_of("DELETE FROM orders WHERE id = 3")).outcome == Outcome::Filed);
}

TEST_CASE("three denials within an hour stop the agent's requests") {
    Bench b;
    for (int i = 0; i < 3; ++i) {
        auto d = draft_of("DELETE FROM t" + std::to_string(i));
        d.shape = "s" + std::to_string(i);
        REQUIRE(b.deny("erik", b.file(d).request.id).has_value());
        b.now += minutes(10);
    }
    auto fresh = draft_of("DELETE FROM u");
    fresh.shape = "new";
    const auto no = b.file(fresh);
    CHECK(no.outcome == Outcome::TooMany);
    CHECK(no.retry_after_s == 1800);
    b.now += minutes(30);
    CHECK(b.file(fresh).outcome == Outcome::Filed);
}

TEST_CASE("pending requests and requests per minute are capped per agent") {
    Bench b([](ServiceOptions& o) {
        o.pending_per_agent = 2;
        o.requests_per_minute = 3;
    });
    const auto first = b.file(draft_of("a")).request.id;
    CHECK(b.file(draft_of("b")).outcome == Outcome::Filed);
    const auto third = b.file(draft_of("c"));
    CHECK(third.outcome == Outcome::TooMany);
    CHECK(third.retry_after_s > 0);
    auto rover = draft_of("c");
    rover.agent = "rover";
    CHECK(b.file(rover).outcome == Outcome::Filed);
    REQUIRE(b.service->answer(CancelRequest{first, "copilot"}, b.now).outcome == Outcome::Done);
    const auto c = b.file(draft_of("c")).request.id;
    REQUIRE(b.service->answer(CancelRequest{c, "copilot"}, b.now).outcome == Outcome::Done);
    CHECK(b.file(draft_of("d")).outcome == Outcome::TooMany);   // the fourth of this minute
    b.now += seconds(61);
    CHECK(b.file(draft_of("d")).outcome == Outcome::Filed);
}

TEST_CASE("what is too large to be read by a person is not held") {
    Bench b;
    CHECK(b.file(draft_of(std::string(5U << 20, 'x'))).outcome == Outcome::TooMany);
}

TEST_CASE("requests and approvals expire, by the clock and by tick, and never come back") {
    Bench b;
    auto d = draft_of();
    d.pending_for = seconds(30);
    d.approved_for = seconds(10);
    const auto pending = b.file(d).request.id;
    CHECK(b.service->tick(b.now) == b.now + seconds(30));
    b.now += seconds(30);
    (void)b.service->tick(b.now);
    CHECK(b.journal->count(audit::Kind::RequestExpire) == 1);
    CHECK(b.approve("erik", pending).error().why == Refusal::WrongState);
    const auto again = b.file(d).request.id;
    CHECK(again != pending);
    REQUIRE(b.approve("erik", again).has_value());
    b.now += seconds(10);
    CHECK(b.consume_id(again).request.state == RequestState::Expired);   // without a tick
    b.now -= seconds(10);                                               // the clock is set back
    CHECK(b.consume_id(again).outcome == Outcome::NotApproved);
    CHECK(b.consume(d).outcome == Outcome::UnknownRequest);
}

TEST_CASE("what differs from what was approved is drift, and does not spend the approval") {
    Bench b;
    const auto id = approved(b);
    auto elsewhere = draft_of();
    elsewhere.facts.search_path = "evil";
    const auto no = b.service->answer(ConsumeRequest{id, {}, "copilot", "shop", elsewhere}, b.now);
    CHECK(no.outcome == Outcome::Drifted);
    auto stricter = draft_of();
    stricter.approvals_needed = 2;
    CHECK(b.consume(stricter).outcome == Outcome::Drifted);
    stricter = draft_of();
    stricter.approvers = {"board"};
    CHECK(b.consume(stricter).outcome == Outcome::Drifted);
    CHECK(b.consume().outcome == Outcome::Consumed);
}

TEST_CASE("another agent's or database's request is unknown") {
    Bench b;
    const auto id = approved(b);
    CHECK(b.service->answer(ConsumeRequest{id, {}, "rover", "shop", {}}, b.now).outcome == Outcome::UnknownRequest);
    CHECK(b.service->answer(ConsumeRequest{id, {}, "copilot", "bank", {}}, b.now).outcome == Outcome::UnknownRequest);
    CHECK(b.service->answer(LookRequest{id, "rover"}, b.now).outcome == Outcome::UnknownRequest);
    CHECK(b.service->answer(CancelRequest{id, "rover"}, b.now).outcome == Outcome::UnknownRequest);
    CHECK(b.service->answer(LookRequest{id, "copilot"}, b.now).request.statement == draft_of().statement);
    CHECK(b.service->answer(ListOwn{"rover"}, b.now).requests.empty());
    CHECK(b.service->answer(ListOwn{""}, b.now).requests.empty());
    CHECK(b.service->answer(ListOwn{"copilot"}, b.now).requests.size() == 1);
}

TEST_CASE("a server rollback returns the request to approved, three attempts at most") {
    Bench b;
    const auto id = approved(b);
    for (int attempt = 1; attempt <= 3; ++attempt) {
        REQUIRE(b.consume().outcome == Outcome::Consumed);
        const auto back = b.finish(id, RequestState::Approved);
        CHECK(back.request.state == (attempt < 3 ? RequestState::Approved : RequestState::Failed));
    }
    CHECK(b.consume_id(id).outcome == Outcome::NotApproved);
    CHECK(b.finish(id, RequestState::Executed).outcome == Outcome::NotApproved);
}

TEST_CASE("statement and parameters are in the store while they are needed, sealed, and gone afterwards") {
    Bench b;
    auto d = draft_of("DELETE FROM orders WHERE email = 'ada@example.org'");
    d.parameters = {{type_oid::Text, Format::Text, false, {'s', 'e', 'c', 'r', 'e', 't'}}};
    const auto id = approved(b, d);
    const auto seen = b.service->request(b.who("erik"), id, b.now);
    CHECK(seen->statement == d.statement);
    CHECK(seen->parameters == d.parameters);
    CHECK(b.service->request(b.who("hana"), id, b.now)->statement.empty());   // auditors read the masked text
    CHECK(b.service->requests(b.who("erik"), b.now)->front().statement == d.statement);
    CHECK(b.service->requests(b.who("hana"), b.now)->front().statement.empty());
    REQUIRE(b.consume(d).outcome == Outcome::Consumed);
    REQUIRE(b.finish(id, RequestState::Executed).outcome == Outcome::Done);
    CHECK(b.service->request(b.who("erik"), id, b.now)->statement.empty());
    for (const auto& record : b.journal->records) {
        CHECK(record.sql.find("ada@") == std::string::npos);
        for (const auto& [name, value] : record.more) CHECK(value.find("ada@") == std::string::npos);
    }
}

TEST_CASE("without the log or the store nothing is filed, decided or spent") {
    Bench b;
    const auto id = approved(b);
    SUBCASE("the log fails") {
        b.journal->broken = true;
        const auto answer = b.consume();
        CHECK(answer.outcome == Outcome::Unavailable);
        CHECK(answer.detail == "log");
        CHECK(b.file(draft_of("x")).outcome == Outcome::Unavailable);
        CHECK(b.deny("erik", id).error().why == Refusal::Unavailable);
        b.journal->broken = false;
        CHECK(b.state(id) == RequestState::Approved);
    }
    SUBCASE("the log is full") {
        b.journal->full = true;
        CHECK(b.consume().outcome == Outcome::Unavailable);
        b.journal->full = false;
        CHECK(b.consume().outcome == Outcome::Consumed);
    }
    SUBCASE("the store is held by another") {
        auto other = store::open(b.options.store_url, false);
        REQUIRE(other.has_value());
        REQUIRE((*other)->begin().has_value());
        const auto answer = b.consume();
        CHECK(answer.outcome == Outcome::Unavailable);
        CHECK(answer.detail == "store");
        (*other)->rollback();
        CHECK(b.consume().outcome == Outcome::Consumed);
    }
}

TEST_CASE("an approval written into the store by hand does not count") {
    Bench b;
    const auto id = b.file().request.id;
    auto other = store::open(b.options.store_url, false);
    REQUIRE(other.has_value());
    store::Move forged{RequestState::Approved, b.now};
    forged.expires = b.now + hours(1);
    REQUIRE((*other)->move(id, RequestState::Pending, forged).value());
    REQUIRE((*other)->add_approval({id, "erik", "", b.now, -1, 1}).value());
    const auto answer = b.consume();
    CHECK(answer.outcome == Outcome::Drifted);
    CHECK(answer.request.state == RequestState::Void);
}

TEST_CASE("listeners hear of every change") {
    Bench b;
    std::vector<std::string> heard;
    b.service->on_change([&](const RequestView* v) { heard.emplace_back(v ? name_of(v->state) : "grants"); });
    const auto id = approved(b);
    (void)b.consume();
    (void)b.finish(id, RequestState::Exceeded);
    CHECK(heard == std::vector<std::string>{"pending", "approved", "executing", "exceeded"});
}
