#include "upstream/worker_pool.h"

#include <doctest/doctest.h>

#include <atomic>
#include <latch>
#include <thread>

using namespace pgveil::upstream;

TEST_CASE("jobs run on other threads, several at a time") {
    WorkerPool pool(4);   // of which one destination gets half
    std::latch both(2), done(2);
    for (int i = 0; i < 2; ++i) {
        pool.add("there", [&](bool wanted) {
            CHECK(wanted);
            both.arrive_and_wait();   // would hang with one thread
            done.count_down();
        });
    }
    done.wait();
}

TEST_CASE("a closing pool finishes what runs and tells the rest that it is unwanted") {
    std::atomic<int> wanted_jobs = 0, unwanted = 0;
    std::latch started(1), go(1);
    {
        WorkerPool pool(1);
        pool.add("there", [&](bool wanted) {
            started.count_down();
            go.wait();
            if (wanted) ++wanted_jobs;
        });
        started.wait();
        for (int i = 0; i < 3; ++i) pool.add("there", [&](bool wanted) { ++(wanted ? wanted_jobs : unwanted); });
        CHECK(pool.waiting() == 3);
        std::jthread opener([&] { go.count_down(); });
        opener.join();
    }
    CHECK(wanted_jobs + unwanted == 4);
    CHECK(wanted_jobs >= 1);
}

TEST_CASE("a destination that lets its jobs wait leaves a thread for another") {
    WorkerPool pool(4);
    std::latch stuck(2), go(1), others(3);
    std::atomic<int> held = 0;
    for (int i = 0; i < 6; ++i) {
        pool.add("silent", [&](bool) {
            if (++held <= 2) stuck.count_down();
            go.wait();
        });
    }
    stuck.wait();
    for (const char* name : {"a", "b", "c"}) pool.add(name, [&](bool) { others.count_down(); });
    others.wait();
    CHECK(held == 2);
    go.count_down();
}
