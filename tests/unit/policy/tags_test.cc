#include <doctest/doctest.h>

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
    email.transform = Transform::Redact;
    email.match = {"email"};
    email.no_match = {"status"};
    const auto compiled = masking::compile({{"core", {email}}});
    REQUIRE(compiled.has_value());
    return *compiled;
}

TagTable tags_of(const catalog::Snapshot& world, const std::vector<ColumnRule>& columns,
                 std::vector<std::string>* unmatched = nullptr) {
    Ruleset ruleset;
    ruleset.columns = columns;
    return make_tags("shop", world, ruleset, *name_rules(), unmatched);
}

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
