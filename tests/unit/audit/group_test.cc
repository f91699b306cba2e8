// durability = "group": what is handed to the kernel outlives the process, what is waited for is on disk.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "audit/key_file.h"
#include "audit/timestamp.h"
#include "audit/verify.h"
#include "log_fixture.h"

using namespace pgveil;
using namespace pgveil::audit;

namespace {

VerifyReport verified(const LogFixture& log) {
    return verify_log({{log.options.dir}, load_signer_key(log.options.sign_key_file, false)->verifier(), {}, wall_now(), std::chrono::hours(24)});
}

std::vector<std::uint64_t> statements(const LogFixture& log) {
    std::vector<std::uint64_t> numbers;
    const auto scan = scan_log({log.options.dir}, [&](const LeafView& leaf) {
        if (leaf.stored.record.kind == Kind::StmtIntent) numbers.push_back(leaf.stored.record.statement);
        return true;
    });
    CHECK_FALSE(scan.trouble);
    return numbers;
}

}  // namespace

TEST_CASE("group: what was written through is there after kill -9, though nobody waited for the disk") {
    LogFixture log;
    log.options.group = true;
    const pid_t child = ::fork();
    if (child == 0) {
        auto journal = Journal::open(log.options);
        if (!journal) ::_exit(3);
        for (int i = 0; i < 500; ++i) {
            if ((*journal)->append(LogFixture::statement(i)).outcome != Append::Accepted) ::_exit(4);
            if (i % 7 == 0 && !(*journal)->write_through()) ::_exit(5);
        }
        if (!(*journal)->write_through()) ::_exit(6);
        ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));
    CHECK(statements(log).size() == 500);
    log.run(1);
    CHECK(verified(log).holds());
}

TEST_CASE("group: waiting makes durable, with and without writing through") {
    LogFixture log;
    log.options.group = true;
    auto journal = log.open();
    const auto first = journal->append(LogFixture::statement(0)).sequence;
    CHECK(journal->wait(first));
    CHECK(journal->durable() >= first);
    const auto second = journal->append(LogFixture::statement(1)).sequence;
    CHECK(journal->write_through());
    CHECK(journal->wait(second));
    CHECK(journal->status().durable_index == 3);
}

TEST_CASE("group: many threads, small segments: nothing is lost, doubled or out of order") {
    LogFixture log;
    log.options.group = true;
    log.options.segment_bytes = 16 << 10;
    {
        auto journal = log.open();
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&, t] {
                for (int i = 0; i < 300; ++i) {
                    const auto accepted = journal->append(LogFixture::statement(t * 1000 + i));
                    if (i % 3 == 0) (void)journal->write_through();
                    if (i % 50 == 0) (void)journal->wait(accepted.sequence);
                }
            });
        }
    }
    std::vector<std::uint64_t> next{1, 1001, 2001, 3001};
    for (const std::uint64_t number : statements(log)) {
        std::uint64_t& expected = next[(number - 1) / 1000];
        CHECK(number == expected);
        ++expected;
    }
    CHECK(next == std::vector<std::uint64_t>{301, 1301, 2301, 3301});
    CHECK(log.files("seg").size() > 5);
    const VerifyReport report = verified(log);
    CHECK_MESSAGE(report.holds(), report.integrity.ground << "; " << report.completeness.ground);
}

TEST_CASE("group: a text of its own file is left to the journal's thread") {
    LogFixture log;
    log.options.group = true;
    auto journal = log.open();
    const auto accepted = journal->append(LogFixture::statement(0, std::string(40'000, 'q')));
    CHECK_FALSE(journal->write_through());
    CHECK(journal->wait(accepted.sequence));
    CHECK(journal->write_through());
}
