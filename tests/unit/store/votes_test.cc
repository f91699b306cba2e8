#include <doctest/doctest.h>

#include <filesystem>

#include "store/control_store.h"
#include "store/schema.h"
#include "store/sqlite.h"
#include "support/directory.h"

using namespace pgveil;
using namespace pgveil::store;

namespace {

using pgveil::test::Directory;

ColumnVote vote(std::int16_t attribute, std::string rule) {
    ColumnVote made;
    made.column = {Oid{4'000'000'000U}, AttrNumber{attribute}};
    made.type = type_oid::Text;
    made.relation = "public.people";
    made.name = "c" + std::to_string(attribute);
    made.revision = "00ff";
    made.rule = std::move(rule);
    made.passed = 39;
    made.distinct = 40;
    made.look_alikes = 3;
    made.failed = 62;
    made.shaped = 1000;
    made.at = WallTime(std::chrono::seconds(1700000000));
    return made;
}

}  // namespace

TEST_CASE("votes read back as they were written, by database, after reopening too") {
    Directory dir;
    const std::vector<ColumnVote> all{vote(1, "uk/nhs"), vote(2, "")};
    {
        auto store = *open(dir.url(), true);
        REQUIRE(store->keep_votes("shop", all.front().column.relation, all).has_value());
        CHECK((*store->votes("other")).empty());
    }
    auto store = *open(dir.url(), false);
    CHECK(*store->votes("shop") == all);
}

TEST_CASE("a table's votes are replaced as a whole") {
    Directory dir;
    auto store = *open(dir.url(), true);
    const Oid people{4'000'000'000U};
    REQUIRE(store->keep_votes("shop", people, {vote(1, "a"), vote(2, "b")}).has_value());
    REQUIRE(store->keep_votes("other", people, {vote(1, "a")}).has_value());
    REQUIRE(store->keep_votes("shop", people, {vote(3, "c")}).has_value());
    CHECK(*store->votes("shop") == std::vector{vote(3, "c")});
    REQUIRE(store->keep_votes("shop", people, {}).has_value());
    CHECK((*store->votes("shop")).empty());
    CHECK((*store->votes("other")).size() == 1);
    CHECK_FALSE(store->keep_votes("shop", people, {vote(1, "a"), vote(1, "b")}).has_value());   // twice the same: neither
    CHECK((*store->votes("shop")).empty());
}

TEST_CASE("a store of the first version is brought forward, a row someone edited is a fault") {
    Directory dir;
    (void)*open(dir.url(), true);
    {
        auto db = *Database::open(dir.file());
        REQUIRE(db->run("DROP TABLE votes; PRAGMA user_version = 1").has_value());
    }
    {
        auto store = *open(dir.url(), false);
        REQUIRE(store->keep_votes("shop", Oid{4'000'000'000U}, {vote(1, "a")}).has_value());
    }
    auto db = *Database::open(dir.file());
    REQUIRE(db->run("UPDATE votes SET attribute = -3").has_value());
    auto store = *open(dir.url(), false);
    CHECK_FALSE(store->votes("shop").has_value());
}
