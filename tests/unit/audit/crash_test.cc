// A writer killed at random moments, and a writer whose disk fails: what was acknowledged is there afterwards,
// and the log verifies.
#include <doctest/doctest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "audit/file.h"
#include "audit/key_file.h"
#include "audit/log_scan.h"
#include "audit/log_writer.h"
#include "audit/timestamp.h"
#include "audit/verify.h"
#include "log_fixture.h"

using namespace pgveil;
using namespace pgveil::audit;

namespace {

VerifyReport verified(const LogFixture& log, std::vector<std::string> dirs = {}) {
    if (dirs.empty()) dirs = {log.options.dir};
    return verify_log({dirs, load_signer_key(log.options.sign_key_file, false)->verifier(), {}, wall_now(), std::chrono::hours(24)});
}

std::string summary(const VerifyReport& r) {
    std::string all;
    for (const Verdict* v : {&r.integrity, &r.completeness, &r.freshness}) all += std::string(name_of(v->finding)) + " " + v->ground + "\n";
    for (const std::string& remark : r.remarks) all += remark + "\n";
    return all;
}

/// In a child: appends for ever and reports each durable statement number through the pipe.
[[noreturn]] void write_until_killed(const LogFixture& log, int report, int first) {
    auto journal = Journal::open(log.options);
    if (!journal) _exit(3);
    std::mt19937 random(static_cast<unsigned>(first));
    for (int number = first;; ++number) {
        const auto accepted = (*journal)->append(LogFixture::statement(number, std::string(random() % 3000, 'q')));
        if (accepted.outcome != Append::Accepted) continue;
        if (random() % 3 != 0) continue;
        if (!(*journal)->wait(accepted.sequence)) _exit(4);
        if (::write(report, &number, sizeof number) != sizeof number) _exit(5);
    }
}

int run_and_kill(const LogFixture& log, int first, int after_ms) {
    int pipe_ends[2];
    REQUIRE(::pipe(pipe_ends) == 0);
    const pid_t child = ::fork();
    if (child == 0) write_until_killed(log, pipe_ends[1], first);
    ::close(pipe_ends[1]);
    ::usleep(static_cast<useconds_t>(after_ms) * 1000);
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status));
    int last = -1, number = 0;
    while (::read(pipe_ends[0], &number, sizeof number) == sizeof number) last = number;
    ::close(pipe_ends[0]);
    return last;
}

bool has_statement(const LogFixture& log, int number) {
    bool found = false;
    const auto scan = scan_log({log.options.dir}, [&](const LeafView& leaf) {
        found = found || leaf.stored.record.statement == static_cast<std::uint64_t>(number) + 1;
        return true;
    });
    CHECK_FALSE(scan.trouble);
    return found;
}

}  // namespace

TEST_CASE("whatever was durable before kill -9 is there, verifies at once and after the next start") {
    LogFixture log;
    log.options.segment_bytes = 64 << 10;
    log.run(1);
    std::mt19937 random(7);
    int first = 1000;
    for (int round = 0; round < 25; ++round) {
        const int last = run_and_kill(log, first, static_cast<int>(random() % 60));
        const VerifyReport dead = verified(log);
        INFO("killed: " << summary(dead));
        // Killed between sync and signature, the last records are there and nobody's yet; never is anything wrong.
        CHECK(dead.integrity.finding == (dead.unsigned_records > 0 ? Finding::Unproven : Finding::Pass));
        CHECK(dead.completeness.finding != Finding::Fail);
        if (last >= 0) CHECK(has_statement(log, last));
        if (round % 5 == 0) log.run(1);
        first += 1000000;
    }
    log.run(1);
    const VerifyReport report = verified(log);
    INFO(summary(report));
    CHECK(report.holds());
}

TEST_CASE("a record added by somebody without the key is never taken for a signed one") {
    const LogFixture log;
    log.run(3);
    const auto segment = log.files("seg")[0];
    const std::string content = LogFixture::read(segment);
    LogFixture::write(segment, content + render_line(5, LogFixture::statement(9), 5).text + "\n");
    CHECK_FALSE(verified(log).holds());
    log.run(1);
    const VerifyReport report = verified(log);
    CHECK(report.integrity.finding == Finding::Pass);
    REQUIRE(report.remarks.size() == 1);
    CHECK(report.remarks[0].find("not signed yet") != std::string::npos);
    LogFixture::write(segment, content + content.substr(content.rfind('\n', content.size() - 2) + 1));
    CHECK(verified(log).integrity.finding == Finding::Fail);
}

TEST_CASE("a tail torn anywhere in the last record is kept, declared by the next start, and still guarded") {
    const LogFixture whole;
    whole.run(3);
    for (const int cut : {1, 2, 30, 100}) {
        const LogFixture log;
        log.run(3);
        // A record written and not signed, cut short: what a crash in the middle of a write leaves.
        const auto segment = log.files("seg")[0];
        const std::string line = render_line(5, LogFixture::statement(9), 5).text + "\n";
        const std::string content = LogFixture::read(segment);
        LogFixture::write(segment, content + line.substr(0, line.size() - static_cast<std::size_t>(cut)));
        CHECK(verified(log).holds());
        CHECK(verified(log).remarks.size() == 1);
        log.run(1);
        const VerifyReport report = verified(log);
        INFO(summary(report));
        CHECK(report.holds());
        CHECK(report.remarks.empty());
        CHECK(LogFixture::read(segment).size() == content.size() + line.size() - static_cast<std::size_t>(cut));
        std::string changed = LogFixture::read(segment);
        changed.back() = '#';
        LogFixture::write(segment, changed);
        CHECK_FALSE(verified(log).holds());
        LogFixture::write(segment, content);
        CHECK_FALSE(verified(log).holds());
    }
}

TEST_CASE("a checkpoint torn by a crash is declared by the next start, other damage is not excused") {
    const LogFixture log;
    log.run(3);
    const auto notes = log.files("ckpt")[0];
    const std::string content = LogFixture::read(notes);
    const std::size_t last = content.rfind("pgveil\n");
    LogFixture::write(notes, content.substr(0, last + 40));
    log.run(1);
    const VerifyReport report = verified(log);
    INFO(summary(report));
    CHECK(report.integrity.finding == Finding::Pass);
    CHECK(report.remarks.size() == 2);  // the torn checkpoint, and the record it would have signed
    std::string changed = LogFixture::read(notes);
    changed.insert(content.find("pgveil\n", 10), "garbage\n");
    LogFixture::write(notes, changed);
    CHECK_FALSE(verified(log).holds());
}

TEST_CASE("records whose write failed go to a new segment behind a storage.fault, and the log verifies") {
    LogFixture log;
    log.options.fallback_dir = (log.base / "fallback").string();
    const pid_t child = ::fork();
    if (child == 0) {
        // The kernel refuses to let any file grow beyond this, as a full disk would.
        auto journal = Journal::open(log.options);
        if (!journal) ::_exit(3);
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{20000, 20000};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        std::uint64_t last = 0;
        for (int i = 0; i < 30; ++i) {
            last = (*journal)->append(LogFixture::statement(i, std::string(1500, 'q'))).sequence;
            if (!(*journal)->wait(last)) ::_exit(4);
        }
        const bool told = !(*journal)->status().last_fault.empty();
        journal->reset();
        ::_exit(told ? 0 : 5);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    const std::vector<std::string> dirs{log.options.dir, log.options.fallback_dir};
    const VerifyReport report = verified(log, dirs);
    INFO(summary(report));
    CHECK(report.holds());
    std::size_t statements = 0, faults = 0;
    const auto scan = scan_log(dirs, [&](const LeafView& leaf) {
        statements += leaf.stored.record.kind == Kind::StmtIntent ? 1 : 0;
        faults += leaf.stored.record.kind == Kind::StorageFault ? 1 : 0;
        return true;
    });
    CHECK_FALSE(scan.trouble);
    CHECK(statements == 30);
    CHECK(faults >= 2);
    log.run(1);
    CHECK(verified(log, dirs).holds());
}

TEST_CASE("when nothing can be written any more, the journal has failed for good and says so") {
    const LogFixture log;
    const pid_t child = ::fork();
    if (child == 0) {
        auto journal = Journal::open(log.options);
        if (!journal) ::_exit(3);
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{0, 0};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        const auto accepted = (*journal)->append(LogFixture::statement(1));
        const bool durable = (*journal)->wait(accepted.sequence);
        const auto after = (*journal)->append(LogFixture::statement(2));
        const bool right = !durable && (*journal)->failed() && after.outcome == Append::Failed &&
                           !(*journal)->status().last_fault.empty() && (*journal)->durable() == 0;
        journal->reset();
        ::_exit(right ? 0 : 5);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    CHECK(verified(log).holds());
    log.run(1);
    CHECK(verified(log).holds());
}

namespace {

/// In a child with a disk of three megabytes of its own. The number of the check that failed, 0 for none, 77 where
/// the system does not let us have such a disk.
int fill_the_disk(const LogFixture& log) {
    std::filesystem::create_directory(log.options.dir);
    const std::string self = std::to_string(::geteuid());
    const bool root = ::geteuid() == 0;
    if (::unshare(root ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) != 0) return 77;
    if (!root) LogFixture::write("/proc/self/uid_map", self + " " + self + " 1");
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return 77;
    if (::mount("tmpfs", log.options.dir.c_str(), "tmpfs", 0, "size=3m") != 0) return 77;
    auto journal = Journal::open(log.options);
    if (!journal) return 1;
    std::uint64_t accepted = 0;
    for (int i = 0; i < 100000; ++i) {
        const auto answer = (*journal)->append(LogFixture::statement(i, std::string(1000, 'q')));
        if (answer.outcome == Append::Failed) break;
        if (answer.outcome == Append::Accepted && !(*journal)->wait(accepted = answer.sequence)) return 2;
    }
    if (accepted < 1000 || accepted > 3000) return 3;  // statements stop, and not because of an error
    if ((*journal)->failed()) return 4;
    Record refused = LogFixture::statement(1);
    refused.decision = "deny";
    for (int i = 0; i < 100; ++i) {
        if (!(*journal)->wait((*journal)->append(Record(refused)).sequence)) return 5;  // refusals are still recorded
    }
    if ((*journal)->status().last_fault.find("space") == std::string::npos) return 6;
    journal->reset();
    const VerifyReport report = verified(log);
    if (!report.holds()) return 7;
    return report.records >= accepted + 100 + 2 ? 0 : 8;  // and so is the end
}

}  // namespace

TEST_CASE("a full disk stops statements while refusals and the end are still recorded") {
    LogFixture log;
    log.options.reserve_bytes = 512 << 10;
    const pid_t child = ::fork();
    if (child == 0) ::_exit(fill_the_disk(log));
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) {
        MESSAGE("not run: no user namespace here");
        return;
    }
    CHECK(WEXITSTATUS(status) == 0);
}
