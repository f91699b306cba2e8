#include "store/control_store.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "store/row_codec.h"
#include "support/directory.h"

using namespace pgveil;
using namespace pgveil::store;
using std::chrono::seconds;

namespace {

using pgveil::test::Directory;

WallTime at(std::int64_t second) { return WallTime(seconds(second)); }

RequestRow request(std::string id, std::int64_t created = 100) {
    RequestRow row;
    row.view.id = std::move(id);
    row.view.state = RequestState::Pending;
    row.view.agent = "copilot";
    row.view.database = "shop";
    row.view.relations = {"public.orders:write", "we\nird:3:name"};
    row.view.why = {"write is held"};
    row.view.digest[0] = 7;
    row.view.created = at(created);
    row.view.expires = at(created + 50);
    row.approved_for = seconds(10);
    row.sealed = {1, 2, 0, 3};
    row.record = 42;
    return row;
}

template <class T>
T must(Kept<T> kept) {
    REQUIRE(kept.has_value());
    if constexpr (!std::is_void_v<T>) return std::move(*kept);
}

std::unique_ptr<ControlStore> open_new(const Directory& dir) {
    auto opened = open(dir.url(), true);
    REQUIRE(opened.has_value());
    return std::move(*opened);
}

void approve(ControlStore& s, std::string_view id, std::int64_t expires) {
    Move move{RequestState::Approved, at(110)};
    move.expires = at(expires);
    REQUIRE(must(s.move(id, RequestState::Pending, move)));
}

}  // namespace

TEST_CASE("a request reads back as it was written, after reopening too") {
    Directory dir;
    {
        auto s = open_new(dir);
        must(s->add_request(request("r_a")));
    }
    auto again = open(dir.url(), false);
    REQUIRE(again.has_value());
    const auto row = must((*again)->find_request("r_a"));
    REQUIRE(row.has_value());
    const auto wanted = request("r_a");
    CHECK(row->view.relations == wanted.view.relations);
    CHECK(row->view.digest == wanted.view.digest);
    CHECK(row->view.state == RequestState::Pending);
    CHECK(row->view.expires == wanted.view.expires);
    CHECK(row->view.max_rows == -1);
    CHECK(row->sealed == wanted.sealed);
    CHECK(row->record == 42);
    CHECK_FALSE(must((*again)->find_request("r_b")).has_value());
}

TEST_CASE("the store's file is 0600 and a missing one is made only when asked") {
    Directory dir;
    CHECK_FALSE(open(dir.url(), false).has_value());
    auto s = open_new(dir);
    must(s->add_request(request("r_a")));
    for (const auto& entry : std::filesystem::directory_iterator(dir.path)) {
        CHECK((entry.status().permissions() & std::filesystem::perms(0777)) == std::filesystem::perms(0600));
    }
}

TEST_CASE("a file or directory others can reach, a link and a foreign database are refused") {
    namespace fs = std::filesystem;
    Directory dir;
    SUBCASE("readable file") {
        open_new(dir).reset();
        fs::permissions(dir.path / "control.db", fs::perms(0640));
        CHECK_FALSE(open(dir.url(), false).has_value());
    }
    SUBCASE("writable directory") {
        fs::permissions(dir.path, fs::perms(0770));
        CHECK_FALSE(open(dir.url(), true).has_value());
    }
    SUBCASE("symbolic link") {
        open_new(dir).reset();
        fs::rename(dir.path / "control.db", dir.path / "other.db");
        fs::create_symlink(dir.path / "other.db", dir.path / "control.db");
        CHECK_FALSE(open(dir.url(), false).has_value());
    }
    SUBCASE("not a database") {
        std::ofstream(dir.path / "control.db") << std::string(8192, 'x');
        fs::permissions(dir.path / "control.db", fs::perms(0600));
        CHECK_FALSE(open(dir.url(), true).has_value());
    }
    SUBCASE("another scheme") { CHECK_FALSE(open("postgresql://elsewhere/db", true).has_value()); }
}

TEST_CASE("an approval is spent once, only while approved and not expired") {
    Directory dir;
    auto s = open_new(dir);
    must(s->add_request(request("r_a")));
    CHECK_FALSE(must(s->consume("r_a", at(105))).has_value());
    approve(*s, "r_a", 120);
    CHECK_FALSE(must(s->consume("r_a", at(120))).has_value());
    const auto spent = must(s->consume("r_a", at(119)));
    REQUIRE(spent.has_value());
    CHECK(spent->view.state == RequestState::Executing);
    CHECK(spent->view.attempts == 1);
    CHECK(spent->sealed == Bytes{1, 2, 0, 3});
    CHECK_FALSE(must(s->consume("r_a", at(119))).has_value());
}

TEST_CASE("of two connections that spend the same approval one gets it") {
    Directory dir;
    auto one = open_new(dir);
    auto two = open(dir.url(), false);
    REQUIRE(two.has_value());
    must(one->add_request(request("r_a")));
    approve(*one, "r_a", 1000);
    const bool first = must(one->consume("r_a", at(200))).has_value();
    const bool second = must((*two)->consume("r_a", at(200))).has_value();
    CHECK(first);
    CHECK_FALSE(second);
}

TEST_CASE("a move happens only from the state it names and erases the body when told") {
    Directory dir;
    auto s = open_new(dir);
    must(s->add_request(request("r_a")));
    Move deny{RequestState::Denied, at(111)};
    deny.decided_by = "dana";
    deny.erase_body = true;
    CHECK_FALSE(must(s->move("r_a", RequestState::Approved, deny)));
    CHECK(must(s->move("r_a", RequestState::Pending, deny)));
    const auto row = must(s->find_request("r_a"));
    CHECK(row->view.state == RequestState::Denied);
    CHECK(row->view.decided_by == "dana");
    CHECK(row->view.decision_reason.empty());
    CHECK(row->sealed.empty());
}

TEST_CASE("what is rolled back was never there") {
    Directory dir;
    auto s = open_new(dir);
    must(s->begin());
    must(s->add_request(request("r_a")));
    s->rollback();
    CHECK_FALSE(must(s->find_request("r_a")).has_value());
    must(s->begin());
    must(s->add_request(request("r_a")));
    must(s->commit());
    CHECK(must(s->find_request("r_a")).has_value());
}

TEST_CASE("the newest request of a digest is found, per agent and database") {
    Directory dir;
    auto s = open_new(dir);
    must(s->add_request(request("r_old", 100)));
    must(s->add_request(request("r_new", 200)));
    const auto digest = request("x").view.digest;
    CHECK(must(s->newest_of("copilot", "shop", digest))->view.id == "r_new");
    CHECK_FALSE(must(s->newest_of("other", "shop", digest)).has_value());
    CHECK_FALSE(must(s->newest_of("copilot", "bank", digest)).has_value());
    CHECK_FALSE(must(s->newest_of("copilot", "shop", Digest{})).has_value());
}

TEST_CASE("due requests, counts and filing times are what was filed") {
    Directory dir;
    auto s = open_new(dir);
    CHECK_FALSE(must(s->next_due()).has_value());
    must(s->add_request(request("r_a", 100)));
    must(s->add_request(request("r_b", 200)));
    CHECK(must(s->next_due()) == at(150));
    CHECK(must(s->due(at(149))).empty());
    CHECK(must(s->due(at(150))).size() == 1);
    CHECK(must(s->count_pending("copilot")) == 2);
    CHECK(must(s->count_pending("other")) == 0);
    CHECK(must(s->filed_since("copilot", at(100))) == std::vector{at(200)});
    CHECK(must(s->requests("", 1)).front().view.id == "r_b");
    CHECK(must(s->requests("other", 10)).empty());
    CHECK(must(s->requests_in(RequestState::Pending)).size() == 2);
}

TEST_CASE("a person's second approval of a request is not another approval") {
    Directory dir;
    auto s = open_new(dir);
    must(s->add_request(request("r_a")));
    CHECK(must(s->add_approval({"r_a", "dana", "ok", at(1), 5, 9})));
    CHECK_FALSE(must(s->add_approval({"r_a", "dana", "again", at(2), 500, 10})));
    CHECK(must(s->add_approval({"r_a", "erik", "", at(3), -1, 11})));
    const auto rows = must(s->approvals("r_a"));
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].max_rows == 5);
    CHECK(rows[1].person == "erik");
    CHECK_FALSE(s->add_approval({"r_missing", "dana", "", at(1), -1, 1}).has_value());
}

TEST_CASE("grants keep their end, and are revoked once") {
    Directory dir;
    auto s = open_new(dir);
    must(s->add_grant({{"g_a", "copilot", "shop", Access::Write, "fix", "T-1", "dana", at(1), at(100)}, "r_a", "", 3}));
    CHECK(must(s->grants(at(99))).size() == 1);
    CHECK(must(s->grants(at(100))).empty());
    CHECK(must(s->find_grant("g_a"))->grant.access == Access::Write);
    CHECK(must(s->revoke_grant("g_a", "erik")));
    CHECK_FALSE(must(s->revoke_grant("g_a", "erik")));
    CHECK_FALSE(must(s->revoke_grant("g_none", "erik")));
    CHECK(must(s->find_grant("g_a"))->grant.revoked);
}

TEST_CASE("denials and switches are kept") {
    Directory dir;
    auto s = open_new(dir);
    must(s->add_denial({"r_a", "copilot", "shape", "wording", "dana", at(10)}));
    must(s->add_denial({"r_a", "copilot", "shape", "wording", "dana", at(10)}));
    REQUIRE(must(s->denials_since("copilot", at(9))).size() == 1);
    CHECK(must(s->denials_since("copilot", at(9)))[0].wording == "wording");
    CHECK(must(s->denials_since("copilot", at(9)))[0].person == "dana");
    CHECK(must(s->denials_since("copilot", at(10))).empty());
    must(s->set_switch({SwitchKind::Database, "shop", "dana", "incident", at(1), 5}));
    must(s->set_switch({SwitchKind::Database, "shop", "erik", "again", at(2), 6}));
    REQUIRE(must(s->switches()).size() == 1);
    CHECK(must(s->switches())[0].person == "erik");
    CHECK_FALSE(must(s->clear_switch(SwitchKind::Agent, "shop")));
    CHECK(must(s->clear_switch(SwitchKind::Database, "shop")));
}

TEST_CASE("packed lists read back, and edited ones do not") {
    const std::vector<std::string> items{"", "a:b", std::string("n\0l", 3)};
    CHECK(unpack_list(pack_list(items)) == items);
    for (const char* bad : {"3:ab", "x", "1", "-1:", "1a", "99999999999999999999:a", "18446744073709551615:a"}) {
        CHECK_FALSE(unpack_list(bad).has_value());
    }
}
