#include "policy/allowance.h"

#include <doctest/doctest.h>

using namespace pgveil;
using namespace std::chrono_literals;
using policy::Allowance;

namespace {

MonotonicTime at(std::chrono::seconds since) { return MonotonicTime{} + 1000h + since; }

}  // namespace

TEST_CASE("allowance: a day's bytes come back slot by slot, not at midnight") {
    Allowance agent({.egress = 1000, .log = 0});
    CHECK(agent.take_egress(400, at(0s)));
    CHECK(agent.take_egress(599, at(3h)));
    CHECK(agent.spent(at(3h)) == Allowance::Spent::Nothing);
    CHECK_FALSE(agent.take_egress(1, at(3h)));
    CHECK(agent.spent(at(23h)) == Allowance::Spent::Egress);
    CHECK(agent.spent(at(24h)) == Allowance::Spent::Nothing);      // the first 400 are a day old
    CHECK_FALSE(agent.take_egress(400, at(24h)));
    CHECK(agent.spent(at(27h)) == Allowance::Spent::Nothing);
    CHECK(agent.spent(at(1000h)) == Allowance::Spent::Nothing);
}

TEST_CASE("allowance: no limit is no limit, and a limit counts what was taken before it was set") {
    Allowance agent({});
    CHECK(agent.take_egress(1ULL << 60, at(0s)));
    agent.take_log(5000, at(0s));
    CHECK(agent.spent(at(0s)) == Allowance::Spent::Nothing);
    agent.set({.egress = 0, .log = 5000});
    CHECK(agent.spent(at(1s)) == Allowance::Spent::Log);
    agent.set({.egress = 10, .log = 6000});
    CHECK(agent.spent(at(1s)) == Allowance::Spent::Egress);
}

TEST_CASE("allowance: an earlier time of another worker changes nothing") {
    Allowance agent({.egress = 100, .log = 0});
    CHECK_FALSE(agent.take_egress(100, at(10h)));
    CHECK(agent.spent(at(9h)) == Allowance::Spent::Egress);
    CHECK(agent.spent(at(10h)) == Allowance::Spent::Egress);
}

TEST_CASE("allowance: distinct comparisons are counted over the last hour; the same again is free") {
    Allowance agent({});
    for (std::uint64_t i = 0; i < 10; ++i) CHECK(agent.compare(i, 1, 10, at(std::chrono::minutes(i))));
    CHECK_FALSE(agent.compare(100, 1, 10, at(10min)));
    CHECK(agent.compare(3, 1, 10, at(10min)));
    CHECK_FALSE(agent.compare(100, 1, 10, at(59min)));
    CHECK(agent.compare(100, 1, 10, at(60min)));                   // number 0 is an hour old
    CHECK_FALSE(agent.compare(0, 1, 10, at(60min)));               // and no longer known
    CHECK_FALSE(agent.compare(101, 12, 10, at(10h)));
    CHECK(agent.compare(102, 10, 10, at(10h)));
}

TEST_CASE("allowance: a spent log is worth a record once a minute") {
    Allowance agent({});
    CHECK(agent.worth_a_record(at(0s)));
    CHECK_FALSE(agent.worth_a_record(at(59s)));
    CHECK(agent.worth_a_record(at(60s)));
}

TEST_CASE("allowances: an agent has one, whatever its session") {
    policy::Allowances all;
    const auto first = all.of("a", {.egress = 10, .log = 0});
    CHECK_FALSE(first->take_egress(10, at(0s)));
    CHECK(all.of("a", {.egress = 20, .log = 0}) == first);
    CHECK(first->spent(at(0s)) == Allowance::Spent::Nothing);
    CHECK(all.of("b", {}) != first);
}
