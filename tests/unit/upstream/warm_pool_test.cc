#include "upstream/warm_pool.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

using namespace pgveil;
using namespace pgveil::upstream;
using namespace std::chrono_literals;

namespace {

struct Pair {
    Pair() {
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0);
        server = ends[1];
        auto owner = std::shared_ptr<void>(nullptr, [fd = ends[0]](void*) { ::close(fd); });
        handover.connection = {.fd = ends[0], .ssl = nullptr, .owner = std::move(owner)};
        handover.opened = MonotonicTime{} + 1h;
    }
    ~Pair() { ::close(server); }
    [[nodiscard]] std::string heard() const {
        std::array<char, 16> bytes{};
        const auto got = ::recv(server, bytes.data(), bytes.size(), MSG_DONTWAIT);
        return got > 0 ? std::string(bytes.data(), static_cast<std::size_t>(got)) : got == 0 ? "end" : "";
    }
    int server = -1;
    Handover handover;
};

const MonotonicTime kNow = MonotonicTime{} + 1h;

}  // namespace

TEST_CASE("a kept connection is given once, to who asks with the same key, the latest first") {
    WarmPool pool;
    Pair a, b;
    a.handover.backend_pid = 1;
    b.handover.backend_pid = 2;
    pool.keep("k", "shop", 8, std::move(a.handover), kNow, kNow + 60s);
    pool.keep("k", "shop", 8, std::move(b.handover), kNow, kNow + 60s);
    CHECK_FALSE(pool.take("other", kNow));
    CHECK(pool.take("k", kNow)->backend_pid == 2);
    CHECK(pool.take("k", kNow)->backend_pid == 1);
    CHECK_FALSE(pool.take("k", kNow));
    CHECK(pool.size() == 0);
}

TEST_CASE("one on which something came in, or which ended, is dropped and not given") {
    WarmPool pool;
    Pair spoke, ended;
    REQUIRE(::send(spoke.server, "N", 1, 0) == 1);
    ::shutdown(ended.server, SHUT_RDWR);
    pool.keep("k", "shop", 8, std::move(spoke.handover), kNow, kNow + 60s);
    pool.keep("k", "shop", 8, std::move(ended.handover), kNow, kNow + 60s);
    CHECK_FALSE(pool.take("k", kNow));
    CHECK(pool.size() == 0);
}

TEST_CASE("no more than allowed of one database, none beyond its time or its longest life; each is told good-bye") {
    WarmPool pool;
    Pair first, second, other, old;
    const std::string bye("X\0\0\0\4", 5);
    pool.keep("k", "shop", 1, std::move(first.handover), kNow, kNow + 60s);
    pool.keep("k", "shop", 1, std::move(second.handover), kNow, kNow + 60s);
    pool.keep("k", "hr", 1, std::move(other.handover), kNow, kNow + 10s);
    CHECK(pool.size() == 2);
    CHECK(second.heard() == bye);
    old.handover.opened = kNow - WarmPool::kLongestLife;
    pool.keep("k", "old", 1, std::move(old.handover), kNow, kNow + 60s);
    CHECK(old.heard() == bye);
    pool.drop_old(kNow + 10s);
    CHECK(pool.size() == 1);
    CHECK(other.heard() == bye);
    CHECK(first.heard().empty());
    CHECK_FALSE(pool.take("k", kNow + 60s));
    pool.clear();
    CHECK(pool.size() == 0);
}

TEST_CASE("the key tells apart agents, settings and where one word ends and the next begins") {
    ConnectRequest request;
    request.conninfo = "host=h";
    request.settings = {{"a", "bc"}};
    const std::string key = WarmPool::key_of(request, "copilot");
    CHECK(key == WarmPool::key_of(request, "copilot"));
    CHECK(key != WarmPool::key_of(request, "denied"));
    request.settings = {{"ab", "c"}};
    CHECK(key != WarmPool::key_of(request, "copilot"));
    request.settings = {{"a", "bc"}};
    request.application_name = "psql";
    CHECK(key != WarmPool::key_of(request, "copilot"));
}
