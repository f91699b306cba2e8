#include "control/service.h"

#include "support.h"

using namespace pgveil;
using namespace pgveil::control;
using namespace pgveil::control::testing;

namespace {

/// The store's file, put aside and back, as a restored backup.
class Backup {
  public:
    explicit Backup(Bench& b) : bench_(b) {
        bench_.restart();   // closing the store folds its WAL into the file
        bench_.service.reset();
        std::filesystem::copy_file(b.dir.file(), b.dir.path / "backup");
        bench_.restart();
    }
    void restore() {
        bench_.service.reset();
        for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(bench_.dir.file().string() + suffix);
        std::filesystem::copy_file(bench_.dir.path / "backup", bench_.dir.file());
        bench_.restart();
    }

  private:
    Bench& bench_;
};

}  // namespace

TEST_CASE("an approval survives a restart, and is spent once") {
    Bench b;
    const auto id = approved(b);
    b.restart();
    CHECK(b.consume().outcome == Outcome::Consumed);
    CHECK(b.finish(id, RequestState::Executed).outcome == Outcome::Done);
    b.restart();
    CHECK(b.consume_id(id).request.state == RequestState::Executed);
}

TEST_CASE("an execution the last run did not finish has an unknown outcome, until someone learns it") {
    Bench b;
    const auto id = approved(b);
    REQUIRE(b.consume().outcome == Outcome::Consumed);
    b.restart();
    CHECK(b.state(id) == RequestState::Unknown);
    REQUIRE(b.service->interrupted().size() == 1);
    CHECK(b.consume().request.state == RequestState::Unknown);   // the same statement again: not a new request yet
    CHECK(b.file().outcome == Outcome::NotApproved);
    CHECK(b.finish(id, RequestState::Approved).outcome == Outcome::NotApproved);
    CHECK(b.finish(id, RequestState::Executed).outcome == Outcome::Done);
    CHECK(b.service->interrupted().empty());
}

TEST_CASE("an old copy of the store revives no used approval") {
    Bench b;
    const auto id = approved(b);
    Backup backup(b);
    REQUIRE(b.consume().outcome == Outcome::Consumed);
    SUBCASE("finished") {
        REQUIRE(b.finish(id, RequestState::Executed).outcome == Outcome::Done);
        backup.restore();
        CHECK(b.state(id) == RequestState::Executed);
    }
    SUBCASE("not finished") {
        backup.restore();
        CHECK(b.state(id) == RequestState::Unknown);
    }
    CHECK(b.consume_id(id).outcome == Outcome::NotApproved);
    CHECK(b.journal->count(audit::Kind::RequestConsume) == 1);
}

TEST_CASE("an old copy of the store revives no denied, withdrawn, cancelled or expired request") {
    Bench b;
    const auto id = approved(b);
    auto waiting = draft_of("DELETE FROM u");
    waiting.shape = "other";
    const auto pending = b.file(waiting).request.id;
    Backup backup(b);
    REQUIRE(b.deny("erik", id).has_value());
    REQUIRE(b.service->answer(CancelRequest{pending, "copilot"}, b.now).outcome == Outcome::Done);
    backup.restore();
    CHECK(b.state(id) == RequestState::Denied);
    CHECK(b.consume().request.decided_by == "erik");
    CHECK(b.state(pending) == RequestState::Cancelled);
    CHECK(b.file(draft_of("DELETE FROM  orders WHERE id = 1")).outcome == Outcome::TooMany);   // the cool-down too
}

TEST_CASE("an old copy of the store revives no revoked grant and no disabled agent") {
    Bench b;
    Grant g;
    g.agent = "copilot";
    g.database = "shop";
    g.access = Access::Write;
    const auto given = b.service->grant(b.who("erik"), g, hours(1), b.now);
    REQUIRE(given.has_value());
    Backup backup(b);
    CHECK(b.service->live_grants(b.now).size() == 1);
    REQUIRE(b.service->revoke(b.who("erik"), given->id, "", b.now).has_value());
    REQUIRE(b.service->disable(b.who("ivan"), Switch::Subject::Agent, "rover", "", b.now).has_value());
    backup.restore();
    CHECK(b.service->live_grants(b.now).empty());
    CHECK(b.service->switches()->size() == 1);
}

TEST_CASE("a store without its log gives nothing: rows are a cache") {
    Bench b;
    const auto id = approved(b);
    const auto waiting = b.file(draft_of("DELETE FROM u")).request.id;
    Grant g;
    g.agent = "copilot";
    g.database = "shop";
    g.access = Access::Write;
    REQUIRE(b.service->grant(b.who("erik"), g, hours(1), b.now).has_value());
    b.journal->records.clear();
    b.restart();
    CHECK(b.service->live_grants(b.now).empty());
    CHECK(b.consume().outcome == Outcome::Drifted);
    CHECK(b.state(id) == RequestState::Void);
    CHECK(b.approve("erik", waiting).error().why == Refusal::Invalid);
}

TEST_CASE("a clock behind the log's last record revives nothing") {
    Bench b;
    auto d = draft_of();
    d.approved_for = seconds(60);
    const auto id = approved(b, d);
    b.now += seconds(61);
    (void)b.file(draft_of("x"));   // a record of a later time
    b.now -= seconds(60);
    b.restart();
    CHECK(b.consume_id(id).outcome == Outcome::NotApproved);
}

TEST_CASE("one approval of two given before a restart still counts after it") {
    Bench b;
    auto two = draft_of();
    two.approvals_needed = 2;
    const auto id = b.file(two).request.id;
    REQUIRE(b.approve("erik", id).has_value());
    b.restart();
    CHECK(b.approve("erik", id).error().why == Refusal::Duplicate);
    CHECK(b.approve("faye", id)->state == RequestState::Approved);
    CHECK(b.consume(two).outcome == Outcome::Consumed);
}

TEST_CASE("a key of the wrong length and a missing store do not start") {
    Directory dir;
    MemoryJournal journal;
    auto o = options_for(dir);
    o.seal_key = Secret(Bytes(16, 1));
    CHECK_FALSE(ControlService::open(o, journal, kStart).has_value());
    o = options_for(dir);
    o.store_is_new = false;
    CHECK_FALSE(ControlService::open(o, journal, kStart).has_value());
}
