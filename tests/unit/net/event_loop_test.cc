#include "net/event_loop.h"

#include <doctest/doctest.h>

#include <optional>
#include <thread>

using namespace pgveil;
using namespace pgveil::net;
using namespace std::chrono_literals;

namespace {

struct Work : TurnWork {
    explicit Work(std::function<void()> f) : run(std::move(f)) {}
    std::function<void()> run;
    void turn() override { run(); }
};

}  // namespace

TEST_CASE("posted tasks run on the loop's thread in order, from any thread") {
    EventLoop loop;
    std::vector<int> seen;
    const auto self = std::this_thread::get_id();
    std::thread other([&] {
        for (int i = 0; i < 100; ++i) {
            loop.post([&seen, i, self] {
                CHECK(std::this_thread::get_id() == self);
                seen.push_back(i);
            });
        }
        loop.post([&loop] { loop.stop(); });
    });
    loop.run();
    other.join();
    REQUIRE(seen.size() == 100);
    for (int i = 0; i < 100; ++i) CHECK(seen[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("a posted task that never runs is destroyed with the loop") {
    auto held = std::make_shared<int>(1);
    {
        EventLoop loop;
        loop.post([held] {});
        CHECK(held.use_count() == 2);
    }
    CHECK(held.use_count() == 1);
}

TEST_CASE("work for the end of the turn runs once though asked twice, and may ask again without waiting") {
    EventLoop loop;
    int runs = 0;
    Work work([&] {
        if (++runs < 3) loop.at_turn_end(work);
        else loop.stop();
    });
    loop.at_turn_end(work);
    loop.at_turn_end(work);
    loop.run();
    CHECK(runs == 3);
}

TEST_CASE("work that dies before its turn does not run, and work may destroy itself and others") {
    EventLoop loop;
    int runs = 0;
    auto second = std::make_unique<Work>([&] { ++runs; });
    std::unique_ptr<Work> first = std::make_unique<Work>([&] {
        second.reset();
        first.reset();
    });
    loop.at_turn_end(*first);
    loop.at_turn_end(*second);
    loop.post([&] { loop.stop(); });
    loop.run();
    CHECK(runs == 0);
    CHECK_FALSE(first);
}

TEST_CASE("timers fire in order of their times, again and again if asked, and not once stopped") {
    EventLoop loop;
    std::string fired;
    int ticks = 0;
    Timer late(loop, [&] { fired += 'b'; loop.stop(); });
    Timer early(loop, [&] { fired += 'a'; });
    Timer never(loop, [&] { fired += 'x'; });
    Timer often(loop, [&] { if (++ticks == 3) late.start(1ms); });
    early.start(0ms);
    never.start(1ms);
    never.stop();
    CHECK_FALSE(never.running());
    often.start_every(1ms);
    CHECK(often.running());
    loop.run();
    CHECK(fired == "ab");
    CHECK(ticks >= 3);
}

TEST_CASE("a timer may be destroyed by its own callback") {
    EventLoop loop;
    auto alive = std::make_shared<int>(0);
    std::optional<Timer> timer;
    timer.emplace(loop, [&, alive] {
        timer.reset();
        ++*alive;   // what the callback holds is still there
        loop.stop();
    });
    timer->start(0ms);
    loop.run();
    CHECK(*alive == 1);
}

TEST_CASE("a poke wakes a loop that waits") {
    EventLoop loop;
    int woken = 0;
    Wakeup wakeup(loop, [&] { ++woken; loop.stop(); });
    std::thread other([&] { wakeup.poke(); });
    loop.run();
    other.join();
    CHECK(woken == 1);
}

TEST_CASE("stop before run ends the next run, and a loop stopped but never run again can die") {
    EventLoop loop;
    loop.stop();
    loop.run();
    loop.stop();
}
