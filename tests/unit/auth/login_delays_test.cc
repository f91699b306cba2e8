#include "auth/login_delays.h"

#include <doctest/doctest.h>

using namespace pgveil;
using namespace pgveil::auth;
using namespace std::chrono_literals;

namespace {
const MonotonicTime Start{1000h};
}

TEST_CASE("two failures cost nothing, the third costs a quarter of a second and each further one twice as much") {
    LoginDelays delays;
    for (int i = 0; i < 2; ++i) delays.failed("copilot", "10.0.0.1", Start);
    CHECK(delays.delay("copilot", "10.0.0.1", Start) == 0ms);
    delays.failed("copilot", "10.0.0.1", Start);
    CHECK(delays.delay("copilot", "10.0.0.1", Start) == 250ms);
    delays.failed("copilot", "10.0.0.1", Start);
    CHECK(delays.delay("copilot", "10.0.0.1", Start) == 500ms);
    CHECK(delays.delay("copilot", "10.0.0.1", Start + 200ms) == 300ms);
    CHECK(delays.delay("copilot", "10.0.0.1", Start + 1s) == 0ms);
}

TEST_CASE("a pair waits at most half a minute") {
    LoginDelays delays;
    for (int i = 0; i < 1000; ++i) delays.failed("copilot", "10.0.0.1", Start);
    CHECK(delays.delay("copilot", "10.0.0.1", Start) == 30s);
}

TEST_CASE("strangers can slow a name down by two seconds but not lock it out") {
    LoginDelays delays;
    for (int i = 0; i < 500; ++i) delays.failed("dana", "10.1.0." + std::to_string(i), Start);
    CHECK(delays.delay("dana", "10.0.0.9", Start) == 2s);
}

TEST_CASE("one address trying many names is slowed for every name") {
    LoginDelays delays;
    for (int i = 0; i < 40; ++i) delays.failed("name" + std::to_string(i), "10.0.0.1", Start);
    CHECK(delays.delay("fresh", "10.0.0.1", Start) == 30s);
    CHECK(delays.delay("fresh", "10.0.0.2", Start) == 0ms);
}

TEST_CASE("success forgets the pair, time forgets by halves") {
    LoginDelays delays;
    for (int i = 0; i < 4; ++i) delays.failed("copilot", "10.0.0.1", Start);
    delays.succeeded("copilot", "10.0.0.1");
    CHECK(delays.delay("copilot", "10.0.0.1", Start) == 0ms);
    for (int i = 0; i < 4; ++i) delays.failed("other", "10.0.0.1", Start);
    delays.failed("other", "10.0.0.1", Start + 6min);  // four became two, and one more
    CHECK(delays.delay("other", "10.0.0.1", Start + 6min) == 250ms);
}

TEST_CASE("a flood of names stays within its bound and keeps the address it comes from") {
    LoginDelays delays(100);
    for (int i = 0; i < 5000; ++i) delays.failed("name" + std::to_string(i), "10.0.0.1", Start);
    CHECK(delays.size() == 100);
    CHECK(delays.delay("fresh", "10.0.0.1", Start) == 30s);
}

TEST_CASE("the first failure of an address is recorded at once, the rest of its minute as one count") {
    FailureTally tally;
    CHECK(tally.note("10.0.0.1", Start));
    for (int i = 0; i < 7; ++i) CHECK_FALSE(tally.note("10.0.0.1", Start + 10s));
    CHECK(tally.note("10.0.0.2", Start + 20s));
    CHECK(tally.due(Start + 59s).empty());
    const auto counts = tally.due(Start + 60s);
    REQUIRE(counts.size() == 1);
    CHECK(counts[0].address == "10.0.0.1");
    CHECK(counts[0].failures == 7);
    CHECK(tally.due(Start + 10min).empty());  // the second address had nothing folded
    CHECK(tally.note("10.0.0.1", Start + 10min));
}

TEST_CASE("more addresses than the tally keeps apart are counted together, none is lost") {
    FailureTally tally;
    std::uint64_t recorded = 0;
    for (int i = 0; i < 5000; ++i) recorded += tally.note("a" + std::to_string(i), Start) ? 1 : 0;
    std::uint64_t folded = 0;
    for (const auto& count : tally.due(Start, true)) folded += count.failures;
    CHECK(recorded == 4096);
    CHECK(recorded + folded == 5000);
}
