#include <doctest/doctest.h>

#include "pgveil/masking/column_poll.h"
#include "pgveil/masking/row_masker.h"
#include "unit/policy/world.h"

using namespace pgveil;
using namespace pgveil::policy;
using masking::Transform;
using test::column_of;

namespace {

std::shared_ptr<const masking::CompiledRules> name_rules() {
    masking::Rule email;
    email.id = "core/email";
    email.title = "e-mail address";
    email.class_name = "EMAIL_ADDRESS";
    email.why = "test";
    email.strength = masking::Strength::Named;
    email.hints = {"email"};
    email.counter_hints = {"note"};
    email.transform = Transform::Redact;
    email.match = {"email"};
    email.no_match = {"status"};
    const auto compiled = masking::compile({{"core", {email}}});
    REQUIRE(compiled.has_value());
    return *compiled;
}

TagTable tags_of(const catalog::Snapshot& world, const std::vector<ColumnRule>& columns,
                 std::vector<std::string>* unmatched = nullptr, const std::vector<ColumnVote>& votes = {}) {
    Ruleset ruleset;
    ruleset.columns = columns;
    return make_tags("shop", world, ruleset, *name_rules(), votes, unmatched);
}

ColumnVote vote(const catalog::Snapshot& world, std::string_view table, std::string_view column, std::string rule, std::uint8_t look_alikes = 0) {
    ColumnVote made;
    made.column = column_of(world, table, column);
    made.type = type_oid::Text;
    made.relation = "public." + std::string(table);
    made.name = column;
    made.revision = masking::poll_revision(*name_rules());
    made.rule = std::move(rule);
    made.passed = made.distinct = 40;
    made.look_alikes = look_alikes;
    made.failed = 62;
    made.shaped = 1000;
    return made;
}

constexpr auto kNine = masking::look_alike::NineDigits;

}  // namespace

TEST_CASE("a column's name alone tags it, but not where its type can hold nothing personal") {
    const auto world = test::make_world();
    const TagTable tags = tags_of(world, {});
    const TagEntry* email = tags.find(column_of(world, "customers", "email"));
    REQUIRE(email != nullptr);
    CHECK(email->tag.source == "name hint core/email");
    CHECK(email->tag.column == "shop.public.customers.email");
    CHECK(tags.find(column_of(world, "customers", "email_verified")) == nullptr);
    CHECK(tags.find(column_of(world, "orders", "status")) == nullptr);
}

TEST_CASE("of several matching config entries the strictest wins, and config outranks the name") {
    const auto world = test::make_world();
    const TagTable tags = tags_of(world, {{"shop.*.*.email", "EMAIL_ADDRESS", Transform::Pseudonym, {}},
                                          {"shop.public.customers.*", "PERSONAL", Transform::Partial, {}}});
    const TagEntry* email = tags.find(column_of(world, "customers", "email"));
    REQUIRE(email != nullptr);
    CHECK(email->tag.transform == Transform::Pseudonym);
    CHECK(tags.find(column_of(world, "customers", "note"))->tag.transform == Transform::Partial);
}

TEST_CASE("clear silences the name hint on exactly that column and yields to any stricter entry") {
    const auto world = test::make_world();
    TagTable tags = tags_of(world, {{"shop.public.customers.email", "", Transform::Clear, {}}});
    CHECK(tags.find(column_of(world, "customers", "email"))->clear);
    tags = tags_of(world, {{"shop.public.customers.email", "", Transform::Clear, {}},
                           {"shop.*.*.email", "EMAIL_ADDRESS", Transform::Hash, {}}});
    CHECK_FALSE(tags.find(column_of(world, "customers", "email"))->clear);
    tags = tags_of(world, {{"shop.public.customers.*", "", Transform::Clear, {}}});
    CHECK_FALSE(tags.find(column_of(world, "customers", "email"))->clear);
}

TEST_CASE("a partition is as sensitive as its parent and the parent as its partition, by column name") {
    const auto world = test::make_world();
    const TagTable down = tags_of(world, {{"shop.public.events.email", "EMAIL_ADDRESS", Transform::Null, {}}});
    CHECK(down.find(column_of(world, "events_1", "email"))->tag.transform == Transform::Null);
    const TagTable up = tags_of(world, {{"shop.public.events_1.email", "EMAIL_ADDRESS", Transform::Null, {}}});
    CHECK(up.find(column_of(world, "events", "email"))->tag.transform == Transform::Null);
}

TEST_CASE("clear on a partitioned table reaches its partitions") {
    const auto world = test::make_world();
    const TagTable tags = tags_of(world, {{"shop.public.events.email", "", Transform::Clear, {}}});
    REQUIRE(tags.find(column_of(world, "events_1", "email")) != nullptr);
    CHECK(tags.find(column_of(world, "events_1", "email"))->clear);
    CHECK(tags.find(column_of(world, "events", "email"))->clear);
}

TEST_CASE("an entry that matches nothing is named, one for another database is not") {
    const auto world = test::make_world();
    std::vector<std::string> unmatched;
    (void)tags_of(world, {{"shop.public.custmers.email", "X", Transform::Null, {}},
                          {"other.public.t.c", "X", Transform::Null, {}}}, &unmatched);
    CHECK(unmatched == std::vector<std::string>{"shop.public.custmers.email"});
}

TEST_CASE("statistics are sensitive as soon as anything is") {
    const auto world = test::make_world();
    const catalog::Relation* stats = world.relation("pg_catalog", "pg_stats");
    REQUIRE(stats != nullptr);
    CHECK(tags_of(world, {}).find({stats->oid, AttrNumber{2}}) != nullptr);
    CHECK(tags_of(world, {}).find({stats->oid, AttrNumber{1}}) == nullptr);
}

TEST_CASE("a vote for a rule tags the column and says so; config and names come first") {
    const auto world = test::make_world();
    const ColumnId column = column_of(world, "secrets", "value");
    const std::vector<ColumnVote> votes{vote(world, "secrets", "value", "core/email")};
    const TagTable tags = tags_of(world, {}, nullptr, votes);
    REQUIRE(tags.find(column) != nullptr);
    CHECK(tags.find(column)->tag ==
          Tag{"shop.public.secrets.value", "EMAIL_ADDRESS", Transform::Redact, "vote: 40 of 40 distinct sampled values are such numbers"});
    CHECK(directive_for(tags, column).rule == "vote/shop.public.secrets.value");
    CHECK(directive_for(tags, column).treatment == masking::Treatment::Apply);
    CHECK(tags_of(world, {{"shop.public.secrets.value", "X", Transform::Clear, {}}}, nullptr, votes).find(column)->clear);
    CHECK(tags_of(world, {{"shop.public.secrets.value", "X", Transform::Hash, {}}}, nullptr, votes).find(column)->tag.source == "config");
    CHECK(tags_of(world, {}, nullptr, {vote(world, "customers", "email", "core/email")}).find(column_of(world, "customers", "email"))->tag.source ==
          "name hint core/email");
}

TEST_CASE("a vote for a rule does not count where the column's name speaks against it") {
    const catalog::Snapshot world = test::make_world();
    CHECK(tags_of(world, {}, nullptr, {vote(world, "customers", "note", "core/email")}).find(column_of(world, "customers", "note")) == nullptr);
}

TEST_CASE("a vote is of one column, as it was called and typed") {
    const auto world = test::make_world();
    const ColumnId column = column_of(world, "secrets", "value");
    const auto alone = [&](auto change) {
        ColumnVote changed = vote(world, "secrets", "value", "core/email", kNine);
        change(changed);
        const TagTable tags = tags_of(world, {}, nullptr, {changed});
        return tags.find(column) != nullptr ? 'f' : tags.look_alikes(column).shapes != 0 ? 'a' : '-';
    };
    CHECK(alone([](ColumnVote&) {}) == 'f');
    CHECK(alone([](ColumnVote& v) { v.name = "old"; }) == '-');
    CHECK(alone([](ColumnVote& v) { v.relation = "public.old"; }) == '-');
    CHECK(alone([](ColumnVote& v) { v.type = type_oid::Int8; }) == '-');
    CHECK(alone([](ColumnVote& v) { v.column.relation = Oid{77777}; }) == '-');
    CHECK(alone([](ColumnVote& v) { v.rule.clear(); }) == 'a');
    // Of other packs: what was said for a rule that is still there stands, what was said against does not.
    CHECK(alone([](ColumnVote& v) { v.revision = "old"; }) == 'f');
    CHECK(alone([](ColumnVote& v) { v.revision = "old", v.rule.clear(); }) == '-');
    CHECK(alone([](ColumnVote& v) { v.rule = "core/none", v.look_alikes = 0; }) == '-');
}

TEST_CASE("a vote against is read with the column as it is, and only there") {
    const auto world = test::make_world();
    const ColumnId column = column_of(world, "secrets", "value");
    const TagTable tags = tags_of(world, {}, nullptr, {vote(world, "secrets", "value", "", kNine)});
    const ColumnDirective scan = directive_for(tags, column);
    CHECK(scan.treatment == masking::Treatment::Scan);
    CHECK(scan.look_alikes == kNine);
    CHECK(scan.why == "column without a tag; vote against nnn-nn-nnnn: 62 of 1000 look-alikes are no such number");
    CHECK(directive_for(tags, column_of(world, "orders", "status")).look_alikes == 0);
}

TEST_CASE("a partitioned table has a vote against if all its partitions have it") {
    const auto world = test::make_world();   // events: events_1; both with an e-mail column, here without name hints
    const auto none = *masking::compile({});
    const ColumnId parent = column_of(world, "events", "email"), child = column_of(world, "events_1", "email");
    ColumnVote against = vote(world, "events_1", "email", "", kNine);
    against.revision = masking::poll_revision(*none);
    CHECK(make_tags("shop", world, {}, *none, std::vector{against}).look_alikes(parent).shapes == kNine);
    CHECK(make_tags("shop", world, {}, *none, std::vector{against}).look_alikes(child).shapes == kNine);
    catalog::Snapshot::Contents more = world.contents();
    catalog::Relation second = more.relations[5];
    second.oid = Oid{20016};
    second.name = "events_2";
    more.relations.push_back(second);
    more.relations[4].children.push_back(second.oid);
    const catalog::Snapshot two(std::move(more), 2);
    CHECK(make_tags("shop", two, {}, *none, std::vector{against}).look_alikes(parent).shapes == 0);
}
