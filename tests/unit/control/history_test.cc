#include "control/history.h"

#include <fstream>

#include "support.h"

using namespace pgveil;
using namespace pgveil::control;
using namespace pgveil::control::testing;

namespace {

/// The service on a real log in a real directory.
struct Real {
    Directory dir;
    ServiceOptions options = options_for(dir);
    std::unique_ptr<audit::Journal> journal;
    std::unique_ptr<ControlService> service;

    explicit Real() { open(true); }
    [[nodiscard]] std::string log_dir() const { return (dir.path / "audit").string(); }
    void open(bool fresh) {
        audit::JournalOptions log;
        log.dir = log_dir();
        log.sign_key_file = (dir.path / "sign.key").string();
        log.log_is_new = fresh;
        log.reserve_bytes = 0;
        auto opened = audit::Journal::open(log);
        REQUIRE_MESSAGE(opened.has_value(), (opened ? "" : opened.error()));
        journal = std::move(*opened);
        auto history = read_history({log_dir()});
        REQUIRE_MESSAGE(history.has_value(), (history ? "" : history.error()));
        options.history = std::move(*history);
        options.store_is_new = fresh;
        auto started = ControlService::open(options, *journal, kStart);
        REQUIRE_MESSAGE(started.has_value(), (started ? "" : started.error()));
        service = std::move(*started);
    }
    void restart() {
        service.reset();
        journal.reset();
        open(false);
    }
    [[nodiscard]] Person who(std::string_view name) const { return *std::ranges::find(options.people, name, &Person::name); }
};

}  // namespace

TEST_CASE("what the log keeps is enough to trust an approval, a grant and a switch after a restart") {
    Real r;
    const auto filed = r.service->answer(FileRequest{draft_of()}, kStart);
    REQUIRE(filed.outcome == Outcome::Filed);
    REQUIRE(r.service->approve(r.who("erik"), filed.request.id, "l\u00f6schen\nok", 9, kStart).has_value());
    Grant g;
    g.agent = "rover";
    g.database = "shop";
    g.access = Access::Write;
    g.reason = "\"quoted\"\x01";
    REQUIRE(r.service->grant(r.who("dana"), g, hours(1), kStart).has_value());
    REQUIRE(r.service->disable(r.who("ivan"), Switch::Subject::Database, "bank", "", kStart).has_value());
    r.restart();
    CHECK(r.service->live_grants(kStart).size() == 1);
    CHECK(r.service->switches()->size() == 1);
    const auto spent = r.service->answer(ConsumeRequest{.id = filed.request.id, .agent = "copilot", .database = "shop"}, kStart);
    CHECK(spent.outcome == Outcome::Consumed);
    CHECK(spent.request.max_rows == 9);
    r.restart();
    CHECK(r.service->interrupted().size() == 1);
}

TEST_CASE("a log that does not read to its end is refused") {
    Real r;
    REQUIRE(r.service->answer(FileRequest{draft_of()}, kStart).outcome == Outcome::Filed);
    r.restart();   // a second segment: the first can no longer be the end a crash tore
    r.service.reset();
    r.journal.reset();
    std::filesystem::path segment;
    for (const auto& entry : std::filesystem::directory_iterator(r.dir.path / "audit" / "seg")) {
        if (segment.empty() || entry.path() < segment) segment = entry.path();
    }
    std::string text;
    std::getline(std::ifstream(segment, std::ios::binary), text, '\0');
    text[text.find("request.file")] = 'R';
    std::filesystem::permissions(segment, std::filesystem::perms(0600));
    std::ofstream(segment, std::ios::binary | std::ios::trunc) << text;
    CHECK_FALSE(read_history({r.log_dir()}).has_value());
}

TEST_CASE("of years of records only what still matters is kept, and means the same") {
    Bench b;
    const auto old = approved(b, draft_of("old"));
    REQUIRE(b.deny("erik", old).has_value());
    Grant g;
    g.agent = "copilot";
    g.database = "shop";
    g.access = Access::Read;
    REQUIRE(b.service->grant(b.who("erik"), g, hours(1), b.now).has_value());
    REQUIRE(b.service->disable(b.who("ivan"), Switch::Subject::Agent, "rover", "", b.now).has_value());
    REQUIRE(b.service->enable(b.who("ivan"), Switch::Subject::Agent, "rover", "", b.now).has_value());
    b.now += std::chrono::days(3);
    (void)b.service->tick(b.now);
    const auto live = b.service->grant(b.who("erik"), g, hours(1), b.now);
    const auto waiting = approved(b);
    auto other = draft_of("another");
    other.shape = "another";
    const auto denied = b.file(other).request.id;
    REQUIRE(b.deny("erik", denied).has_value());

    const auto kept = keep_useful(b.journal->records);
    for (const auto& record : kept) CHECK(record.request != old);
    CHECK(kept.size() == 6);   // one switch, one grant, filing and approval, one denial, the newest time
    CHECK(kept.back().time == b.now);
    b.service.reset();
    b.options.history = kept;
    b.options.store_is_new = false;
    b.open();
    CHECK(b.service->live_grants(b.now).size() == 1);
    CHECK(b.service->live_grants(b.now).at(0).id == live->id);
    CHECK(b.service->switches()->empty());
    CHECK(b.state(denied) == RequestState::Denied);
    CHECK(b.consume_id(waiting).outcome == Outcome::Consumed);
}
