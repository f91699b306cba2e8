#include "control/service.h"

#include "support.h"

using namespace pgveil;
using namespace pgveil::control;
using namespace pgveil::control::testing;

namespace {

Grant draft(std::string agent = "copilot", Access access = Access::Read, std::string database = "shop") {
    Grant g;
    g.agent = std::move(agent);
    g.database = std::move(database);
    g.access = access;
    g.reason = "ticket 7";
    return g;
}

RequestDraft access_request(std::string access = "read") {
    auto d = draft_of("");
    d.kind = RequestKind::Access;
    d.sql_class = std::move(access);
    d.approvers = {};
    return d;
}

auto give(Bench& b, std::string_view who, Grant g, seconds length) { return b.service->grant(b.who(who), std::move(g), length, b.now); }

}  // namespace

TEST_CASE("a grant has an absolute end and is recorded") {
    Bench b;
    const auto g = give(b, "erik", draft(), hours(2));
    REQUIRE(g.has_value());
    CHECK(g->until == b.now + hours(2));
    CHECK(g->created_by == "erik");
    CHECK(b.service->live_grants(b.now).size() == 1);
    CHECK(b.service->live_grants(b.now + hours(2)).empty());
    CHECK(b.journal->count(audit::Kind::GrantAdd) == 1);
}

TEST_CASE("who may grant what, and for how long") {
    Bench b;
    CHECK(give(b, "dana", draft(), hours(1)).error().why == Refusal::SelfApproval);
    CHECK(give(b, "dana", draft("rover"), hours(1)).has_value());
    CHECK(give(b, "ivan", draft(), hours(1)).error().why == Refusal::NotAllowed);
    CHECK(give(b, "hana", draft(), hours(1)).error().why == Refusal::NotAllowed);
    CHECK(give(b, "erik", draft(), hours(9)).error().why == Refusal::Invalid);
    CHECK(give(b, "erik", draft("copilot", Access::Read, "bank"), hours(2)).error().why == Refusal::Invalid);
    CHECK(give(b, "erik", draft(), seconds(0)).error().why == Refusal::Invalid);
    CHECK(give(b, "erik", draft(), seconds(-5)).error().why == Refusal::Invalid);
    CHECK(give(b, "erik", draft("copilot", Access::None), hours(1)).error().why == Refusal::Invalid);
    CHECK(give(b, "erik", draft("nobody"), hours(1)).error().why == Refusal::NotFound);
    CHECK(give(b, "erik", draft("copilot", Access::Read, "none"), hours(1)).error().why == Refusal::NotFound);
    CHECK(b.journal->count(audit::Kind::GrantAdd) == 1);
}

TEST_CASE("break-glass is short, needs a reason and is marked") {
    Bench b([](ServiceOptions& o) { o.agents[0].owner = "bea"; });
    auto silent = draft();
    silent.reason.clear();
    CHECK(give(b, "bea", silent, minutes(10)).error().why == Refusal::Invalid);
    CHECK(give(b, "bea", draft(), minutes(61)).error().why == Refusal::Invalid);
    REQUIRE(give(b, "bea", draft(), minutes(60)).has_value());
    const auto& record = b.journal->records.back();
    CHECK(std::ranges::find(record.more, std::pair<std::string, std::string>{"break_glass", "yes"}) != record.more.end());
}

TEST_CASE("a revoked grant is no longer live, and config's grants are not revoked here") {
    Bench b([](ServiceOptions& o) {
        o.config_grants = {{"config:1", "rover", "shop", Access::Read, "", "", "config", kStart, kStart + hours(1000)}};
    });
    const auto g = give(b, "erik", draft(), hours(2));
    CHECK(b.service->live_grants(b.now).size() == 2);
    CHECK(b.service->revoke(b.who("hana"), g->id, "", b.now).error().why == Refusal::NotAllowed);
    REQUIRE(b.service->revoke(b.who("ivan"), g->id, "", b.now).has_value());
    CHECK(b.service->live_grants(b.now).size() == 1);
    CHECK(b.service->revoke(b.who("ivan"), g->id, "", b.now).error().why == Refusal::WrongState);
    CHECK(b.service->revoke(b.who("ivan"), "g_none", "", b.now).error().why == Refusal::NotFound);
    CHECK(b.service->revoke(b.who("ivan"), "config:1", "", b.now).error().why == Refusal::Invalid);
    CHECK(b.service->grants(b.who("hana"), b.now)->size() == 2);
}

TEST_CASE("an access request becomes a grant when a person says yes") {
    Bench b;
    const auto asked = b.file(access_request("write"));
    REQUIRE(asked.outcome == Outcome::Filed);
    CHECK(b.file(access_request("write")).request.id == asked.request.id);
    CHECK(b.approve("dana", asked.request.id).error().why == Refusal::SelfApproval);
    const auto yes = b.approve("gil", asked.request.id);
    REQUIRE(yes.has_value());
    CHECK(yes->state == RequestState::Executed);
    const auto live = b.service->live_grants(b.now);
    REQUIRE(live.size() == 1);
    CHECK(live[0].access == Access::Write);
    CHECK(live[0].until == b.now + hours(1));
    CHECK(yes->outcome_tag == live[0].id);
    CHECK(b.consume_id(asked.request.id).outcome == Outcome::NotApproved);
}

TEST_CASE("a grant answers the access requests it covers") {
    Bench b;
    const auto reads = b.file(access_request("read")).request.id;
    const auto writes = b.file(access_request("write")).request.id;
    REQUIRE(give(b, "erik", draft(), hours(1)).has_value());
    CHECK(b.state(reads) == RequestState::Executed);
    CHECK(b.state(writes) == RequestState::Pending);
    CHECK(b.file(access_request("all")).outcome == Outcome::NotApproved);
}

TEST_CASE("a disabled agent or database has no live grant until it is enabled again") {
    Bench b;
    REQUIRE(give(b, "erik", draft(), hours(1)).has_value());
    auto subject = Switch::Subject::Agent;
    SUBCASE("agent") { subject = Switch::Subject::Agent; }
    SUBCASE("database") { subject = Switch::Subject::Database; }
    const std::string name = subject == Switch::Subject::Agent ? "copilot" : "shop";
    REQUIRE(b.service->disable(b.who("ivan"), subject, name, "incident", b.now).has_value());
    CHECK(b.service->live_grants(b.now).empty());
    REQUIRE(b.service->switches()->size() == 1);
    b.restart();
    CHECK(b.service->live_grants(b.now).empty());
    CHECK(b.service->enable(b.who("hana"), subject, name, "", b.now).error().why == Refusal::NotAllowed);
    REQUIRE(b.service->enable(b.who("ivan"), subject, name, "", b.now).has_value());
    CHECK(b.service->enable(b.who("ivan"), subject, name, "", b.now).error().why == Refusal::WrongState);
    CHECK(b.service->live_grants(b.now).size() == 1);
    CHECK(b.service->disable(b.who("ivan"), subject, "nobody", "", b.now).error().why == Refusal::NotFound);
}

TEST_CASE("an owner may turn the agent off but not on again") {
    Bench b;
    REQUIRE(b.service->disable(b.who("dana"), Switch::Subject::Agent, "copilot", "", b.now).has_value());
    CHECK(b.service->enable(b.who("dana"), Switch::Subject::Agent, "copilot", "", b.now).error().why == Refusal::SelfApproval);
}

TEST_CASE("tick tells when a grant begins or ends") {
    Bench b;
    (void)b.service->tick(b.now);
    REQUIRE(give(b, "erik", draft(), seconds(20)).has_value());
    int told = 0;
    b.service->on_change([&](const RequestView* v) { told += v == nullptr; });
    CHECK(b.service->tick(b.now) == b.now + seconds(20));
    CHECK(told == 0);
    (void)b.service->tick(b.now + seconds(20));
    CHECK(told == 1);
    (void)b.service->tick(b.now + seconds(21));
    CHECK(told == 1);
}
