#include "control/ledger.h"

#include <doctest/doctest.h>

#include "control/records.h"

using namespace pgveil;
using namespace pgveil::control;

namespace {

WallTime at(int second) { return WallTime(std::chrono::seconds(second)); }

store::RequestRow row() {
    store::RequestRow r;
    r.view.id = "r_a";
    r.view.agent = "copilot";
    r.view.database = "shop";
    r.view.digest[3] = 1;
    r.view.approvals_needed = 2;
    r.view.approvers = {"dba", "ops"};
    r.view.shape = "s";
    return r;
}

store::ApprovalRow approval(std::string who, std::int64_t rows = -1) { return {"r_a", std::move(who), "ok", at(20), rows, 0}; }

}  // namespace

TEST_CASE("the ledger finds again what the records say") {
    Ledger ledger;
    ledger.apply(record_of_filing(row(), at(10)));
    const auto* q = ledger.request("r_a");
    REQUIRE(q != nullptr);
    CHECK(q->state == RequestState::Pending);
    CHECK(q->digest == row().view.digest);
    CHECK(q->approvals_needed == 2);
    CHECK(q->approvers == std::vector<std::string>{"dba", "ops"});
    ledger.apply(record_of_approval(row().view, approval("erik", 5), false, at(0)));
    CHECK(q->state == RequestState::Pending);
    ledger.apply(record_of_approval(row().view, approval("faye"), true, at(99)));
    CHECK(q->state == RequestState::Approved);
    CHECK(q->usable_until == at(99));
    CHECK(q->approvals.at("erik") == 5);
    CHECK(q->approvals.at("faye") == -1);
    ledger.apply(record_of_consumption(row().view, at(30)));
    CHECK(q->state == RequestState::Executing);
    ledger.apply(record_of_move(row().view, RequestState::Executed, "DELETE 1", "", 1, at(31)));
    CHECK(q->state == RequestState::Executed);
    CHECK(q->outcome_tag == "DELETE 1");
    CHECK(ledger.newest() == at(31));
}

TEST_CASE("an approval that does not fit its request is none") {
    Ledger ledger;
    auto other = row();
    other.view.digest[3] = 2;
    SUBCASE("of an unknown request") { ledger.apply(record_of_approval(row().view, approval("erik"), true, at(99))); }
    SUBCASE("of another digest") {
        ledger.apply(record_of_filing(row(), at(10)));
        ledger.apply(record_of_approval(other.view, approval("erik"), true, at(99)));
    }
    SUBCASE("after a denial") {
        ledger.apply(record_of_filing(row(), at(10)));
        ledger.apply(record_of_denial(row().view, {"r_a", "copilot", "s", "w", "dana", at(11)}, "no"));
        ledger.apply(record_of_approval(row().view, approval("erik"), true, at(99)));
    }
    SUBCASE("by nobody") {
        ledger.apply(record_of_filing(row(), at(10)));
        ledger.apply(record_of_approval(row().view, approval(""), true, at(99)));
    }
    const auto* q = ledger.request("r_a");
    CHECK((q == nullptr || (q->approvals.empty() && q->state != RequestState::Approved)));
}

TEST_CASE("a move the ledger cannot read leaves the request dead") {
    Ledger ledger;
    ledger.apply(record_of_filing(row(), at(10)));
    auto record = record_of_move(row().view, RequestState::Approved, "", "40001", -1, at(11));
    record.decision = "pending";
    ledger.apply(record);
    CHECK(ledger.request("r_a")->state == RequestState::Void);
}

TEST_CASE("filings, grants and switches that are not complete are not taken") {
    Ledger ledger;
    auto filing = record_of_filing(row(), at(1));
    std::erase_if(filing.more, [](const auto& m) { return m.first == key::Needed; });
    ledger.apply(filing);
    CHECK(ledger.request("r_a") == nullptr);
    auto grant = record_of_grant({{"g_a", "copilot", "shop", Access::Read, "", "", "erik", at(1), at(9)}, "", "", 0}, false, at(1));
    ledger.apply(grant);
    REQUIRE(ledger.grant("g_a") != nullptr);
    CHECK(ledger.grant("g_a")->until == at(9));
    grant.more[0].second = "g_b";
    grant.decision = "all";
    ledger.apply(grant);
    CHECK(ledger.grant("g_b") == nullptr);
    ledger.apply(record_of_revocation(*ledger.grant("g_a"), "erik", "", at(2)));
    CHECK(ledger.grant("g_a")->revoked);
    store::SwitchRow off{store::SwitchKind::Agent, "copilot", "ivan", "", at(3), 0};
    ledger.apply(record_of_switch(off, true));
    CHECK(ledger.switches().at({store::SwitchKind::Agent, "copilot"}).has_value());
    ledger.apply(record_of_switch(off, false));
    CHECK_FALSE(ledger.switches().at({store::SwitchKind::Agent, "copilot"}).has_value());
}
