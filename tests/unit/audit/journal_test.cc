#include "audit/journal.h"

#include <doctest/doctest.h>

#include "audit/key_file.h"
#include "audit/log_scan.h"
#include "audit/recovery.h"
#include "log_fixture.h"

using namespace pgveil;
using namespace pgveil::audit;

namespace {
std::vector<StoredRecord> all_records(const LogFixture& log) {
    std::vector<StoredRecord> all;
    const ScanResult scan = scan_log({log.options.dir}, [&](const LeafView& leaf) {
        all.push_back(leaf.stored);
        return true;
    });
    CHECK_FALSE(scan.trouble);
    return all;
}
}  // namespace

TEST_CASE("a new log begins with log.start, holds what was appended in order and ends with log.stop") {
    const LogFixture log;
    log.run(100);
    const auto records = all_records(log);
    REQUIRE(records.size() == 102);
    CHECK(records.front().record.kind == Kind::LogStart);
    CHECK(records.back().record.kind == Kind::LogStop);
    for (std::size_t i = 0; i < 100; ++i) {
        CHECK(records[i + 1].index == i + 1);
        CHECK(records[i + 1].record.statement == i + 1);
        CHECK(records[i + 1].record.time != WallTime{});
    }
}

TEST_CASE("files are private, and the log opened again says how it ended") {
    const LogFixture log;
    log.run(3);
    log.run(3);
    using std::filesystem::perms;
    for (const auto& part : {"seg", "ckpt"}) {
        for (const auto& path : log.files(part)) {
            CHECK((std::filesystem::status(path).permissions() & (perms::group_all | perms::others_all)) == perms::none);
        }
    }
    const auto records = all_records(log);
    REQUIRE(records.size() == 10);
    CHECK(records[5].record.kind == Kind::LogStart);
    CHECK(records[5].record.more[0] == std::pair<std::string, std::string>("last_end", "clean"));
}

TEST_CASE("segments rotate at their size and the indices go on") {
    LogFixture log;
    log.options.segment_bytes = 4096;
    auto journal = log.open();
    for (int i = 0; i < 60; ++i) CHECK(journal->wait(journal->append(LogFixture::statement(i)).sequence));
    journal.reset();
    CHECK(log.files("seg").size() > 2);
    CHECK(all_records(log).size() == 62);
    log.run(1);
}

TEST_CASE("a second process is refused while one writes") {
    const LogFixture log;
    const auto journal = log.open();
    CHECK(log.refusal().find("another process") != std::string::npos);
}

TEST_CASE("a missing or different key, and a missing log, stop the start unless everything is new") {
    LogFixture log;
    log.options.log_is_new = false;
    CHECK(log.refusal().find("there is no log") != std::string::npos);
    log.options.log_is_new = true;
    log.run(1);
    CHECK(log.refusal().empty());
    std::filesystem::rename(log.base / "sign.key", log.base / "old.key");
    CHECK(log.refusal().find("is missing") != std::string::npos);
    LogFixture other;
    other.run(0);
    std::filesystem::copy(other.base / "sign.key", log.base / "sign.key");
    CHECK(log.refusal().find("is not the key of the log") != std::string::npos);
    std::filesystem::rename(log.base / "old.key", log.base / "sign.key");
    CHECK(log.refusal().empty());
    std::filesystem::permissions(log.base / "sign.key", std::filesystem::perms::group_read, std::filesystem::perm_options::add);
    CHECK(log.refusal().find("chmod 600") != std::string::npos);
}

TEST_CASE("a log whose log.json is gone is not begun anew over its records") {
    const LogFixture log;
    log.run(1);
    std::filesystem::remove(std::filesystem::path(log.options.dir) / "log.json");
    CHECK(log.refusal().find("restore it") != std::string::npos);
}

TEST_CASE("the start is refused when signed records were changed, cut or removed") {
    LogFixture log;
    log.options.segment_bytes = 4096;
    auto journal = log.open();
    for (int i = 0; i < 60; ++i) CHECK(journal->wait(journal->append(LogFixture::statement(i)).sequence));
    journal.reset();
    const auto segments = log.files("seg");
    const auto last = segments.back();
    const std::string content = LogFixture::read(last);
    LogFixture::write(last, content.substr(0, content.size() / 2));
    CHECK(log.refusal().find("were signed and are missing") != std::string::npos);
    std::filesystem::remove(last);
    CHECK(log.refusal().find("were signed and are missing") != std::string::npos);
    LogFixture::write(last, content);
    std::filesystem::permissions(last, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    const std::string first = LogFixture::read(segments[0]);
    std::string changed = first;
    changed[changed.find("copilot")] = 'k';
    LogFixture::write(segments[0], changed);
    CHECK(log.refusal().find("damaged") != std::string::npos);
    LogFixture::write(segments[0], first);
    for (const auto& notes : log.files("ckpt")) LogFixture::write(notes, "");
    CHECK(log.refusal().find("no checkpoint") != std::string::npos);
}

TEST_CASE("only the end of many checkpoints is read at the start, wherever that end begins") {
    const LogFixture log;
    {
        auto journal = log.open();
        for (int i = 0; i < 500; ++i) REQUIRE(journal->wait(journal->append(LogFixture::statement(i)).sequence));
    }
    const auto path = log.files("ckpt").front();
    const std::string notes = LogFixture::read(path);
    REQUIRE(notes.size() > std::size_t{70} << 10);
    const VerifierKey key = load_signer_key(log.options.sign_key_file, false)->verifier();
    const std::size_t note = notes.find("\n\n", notes.find("\n\n") + 2) + 2;
    for (std::size_t more = 0; more <= note; ++more) {
        LogFixture::write(path, notes + std::string(more, '#'));   // as a crash leaves an end
        const auto found = recover({log.options.dir}, key);
        INFO(more);
        REQUIRE_MESSAGE(found, found.error());
        CHECK(found->signed_size == 502);
    }
}

TEST_CASE("a queue that is full says so and loses nothing") {
    LogFixture log;
    log.options.queue_records = 10;
    auto journal = log.open();
    std::uint64_t accepted = 0, full = 0;
    while (accepted < 500) {
        const Accepted answer = journal->append(LogFixture::statement(static_cast<int>(accepted)));
        REQUIRE(answer.outcome != Append::Failed);
        if (answer.outcome == Append::Full) {
            ++full;
            continue;
        }
        CHECK(answer.sequence == ++accepted);
    }
    CHECK(full > 0);
    CHECK(journal->wait(accepted));
    CHECK(journal->durable() == accepted);
    journal.reset();
    CHECK(all_records(log).size() == 502);
}

TEST_CASE("a statement longer than a line is kept whole in a blob") {
    const LogFixture log;
    log.run(2, std::string(200000, 'x'));
    const auto records = all_records(log);
    REQUIRE(records[1].blobs.size() == 1);
    CHECK(records[1].blobs[0].name == records[2].blobs[0].name);
    const auto path = std::filesystem::path(log.options.dir) / "blob" / records[1].blobs[0].name.substr(0, 2) /
                      records[1].blobs[0].name;
    CHECK(LogFixture::read(path) == "\"" + std::string(200000, 'x') + "\"");
}

TEST_CASE("progress is told after each commit") {
    const LogFixture log;
    auto journal = log.open();
    std::atomic<int> calls{0};
    journal->on_progress([&] { ++calls; });
    CHECK(journal->wait(journal->append(LogFixture::statement(1)).sequence));
    journal.reset();
    CHECK(calls >= 1);
}
