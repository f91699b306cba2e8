// What a column's vote against a rule becomes in a plan: only where statement and server agree that it is read as stored.
#include "relay/plans.h"

#include <doctest/doctest.h>

#include "dialogue.h"

using namespace pgveil;
using masking::Treatment;

namespace {

constexpr auto kNine = masking::look_alike::NineDigits;

struct Bench {
    relay::DatabaseView view;
    relay::Judged judged;
    relay::Description description;
    ColumnId note, other;

    Bench() {
        view.database = "shop";
        view.catalog = test::shop();
        view.rules = std::make_shared<policy::Ruleset>();
        const catalog::Relation* customers = view.catalog->relation("public", "customers");
        REQUIRE(customers != nullptr);
        note = {customers->oid, customers->columns[1].number};
        other = {customers->oid, customers->columns[2].number};
        policy::TagTable tags;
        tags.put(note, policy::LookAlikes{kNine, 62, 1000});
        view.tags = std::make_shared<const policy::TagTable>(std::move(tags));
        view.version = 1;
        judged.view_version = 1;
        judged.analysis.kind = sql::Kind::Read;
        judged.decision.columns = {{policy::directive_for(*view.tags, note)}};
        judged.decision.columns_known = {true};
        description.columns = {relay::column_of("note", note, type_oid::Text, *view.catalog)};
    }
    [[nodiscard]] masking::ColumnPlan plan(bool with_statement = true) const {
        return relay::make_plan(with_statement ? &judged : nullptr, 0, description, {}, view).columns.front();
    }
};

}  // namespace

TEST_CASE("a vote against reaches the plan where statement and server agree") {
    const Bench b;
    CHECK(b.plan().treatment == Treatment::Scan);
    CHECK(b.plan().look_alikes == kNine);
}

TEST_CASE("it does not where they differ, or where one of them does not know") {
    Bench b;
    CHECK(b.plan(false).look_alikes == 0);
    for (const sql::Kind kind : {sql::Kind::Write, sql::Kind::Unknown, sql::Kind::Ddl}) {
        b.judged.analysis.kind = kind;                                                                   // RETURNING
        CHECK(b.plan().look_alikes == 0);
    }
    b.judged.analysis.kind = sql::Kind::Read;
    b.judged.decision.columns_known = {false};
    CHECK(b.plan().look_alikes == 0);
    b.judged.decision.columns_known = {true};
    b.description.columns = {relay::column_of("note", {}, type_oid::Text, *b.view.catalog)};           // an expression, says the server
    CHECK(b.plan().look_alikes == 0);
    b.description.columns = {relay::column_of("note", b.other, type_oid::Text, *b.view.catalog)};      // another column
    CHECK(b.plan().look_alikes == 0);
    b.description.columns = {relay::column_of("note", b.note, type_oid::Text, *b.view.catalog)};
    b.judged.decision.columns = {{policy::directive_for(*b.view.tags, b.other)}};
    CHECK(b.plan().look_alikes == 0);
    b.judged.decision.columns = {{policy::ColumnDirective{}}};
    CHECK(b.plan().look_alikes == 0);
    CHECK(b.plan().treatment == Treatment::Withhold);
}

TEST_CASE("what is judged anew each time is remembered until the next such, and pushes nothing else out") {
    const Bench b;
    relay::PlanCache cache;
    const auto judged = [](bool lasting) {
        auto made = std::make_shared<relay::Judged>();
        made->lasting = lasting;
        return relay::JudgedPtr(std::move(made));
    };
    const relay::JudgedPtr kept = judged(true), one = judged(false), another = judged(false);
    const Bytes said{1, 2, 3};
    const auto description = std::make_shared<const relay::Description>(b.description);
    for (const relay::JudgedPtr& statement : {kept, one, another}) cache.learn(statement, said, b.view, description);
    CHECK(cache.described(kept, said, b.view) == description);
    CHECK(cache.described(one, said, b.view) == nullptr);
    CHECK(cache.described(another, said, b.view) == description);
    cache.clear();
    CHECK(cache.described(another, said, b.view) == nullptr);
}
