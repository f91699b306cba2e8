#include "proxy/handover.h"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <thread>

#include "proxy/channel.h"

using namespace pgveil;
using namespace pgveil::proxy;

namespace {

std::pair<net::Fd, net::Fd> pair() {
    int both[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, both) == 0);
    return {net::Fd(both[0]), net::Fd(both[1])};
}

template <class T>
void check(const T& message) {
    const Bytes whole = packed(message);
    const auto got = unpacked<T>(whole);
    REQUIRE(got);
    CHECK(packed(*got) == whole);
    for (std::size_t size = 0; size < whole.size(); ++size) CHECK_FALSE(unpacked<T>(ByteView(whole).first(size)));
}

}  // namespace

TEST_CASE("every message survives, and no part of one is one") {
    check(Hello{.program = "1.2.3", .pid = 77});
    check(Word{"because"});
    check(Number{1ULL << 63});
    check(Yours{{{true, true, "/run/x", 1, 2}, {}}, 99});
    check(Numbered{3, {1, 2, 3}});
    check(CancelCall{4, 5, {6, 7, 8, 9}});
    check(LeftSessions{{{1, "copilot", "shop", "[::1]:5", "psql", true, true, true, 8, WallTime(std::chrono::seconds(9))}, {}}});
}

TEST_CASE("whoever speaks another version is known by it, whatever else it says") {
    CHECK(read_hello(packed(Hello{.program = "x", .pid = 1}))->version == kHandoverVersion);
    Bytes newer = packed(Hello{.version = kHandoverVersion + 1, .program = "x"});
    newer.resize(newer.size() + 100);
    REQUIRE(read_hello(newer));
    CHECK(read_hello(newer)->version == kHandoverVersion + 1);
    CHECK_FALSE(read_hello(packed(Hello{.mark = 1})));
    CHECK_FALSE(read_hello(bytes_of("short")));
    Bytes long_one = packed(Hello{});
    long_one.push_back(0);
    CHECK_FALSE(read_hello(long_one));
}

TEST_CASE("a channel carries frames in order, waits while it is paused, and says what is left before it stops") {
    auto [a, b] = pair();
    Channel left(std::move(a), [](Handover, ByteView) { return true; });
    std::vector<std::string> seen;
    std::unique_ptr<Channel> right;
    right = std::make_unique<Channel>(std::move(b), [&](Handover type, ByteView body) {
        CHECK(type == Handover::Changed);
        seen.emplace_back(text_of(body));
        if (seen.size() == 2) {
            right->pause();
            right->post([&] {
                CHECK(seen.size() == 2);
                right->resume();
            });
        }
        return true;
    });
    for (const char* word : {"one", "two", "three"}) left.send(Handover::Changed, copy_of(bytes_of(word)));
    left.send(Handover::Changed, Bytes(1 << 20, 'x'));
    left.stop();
    std::thread other([&] { left.run(); });
    right->run();                                       // until the other side is gone
    other.join();
    REQUIRE(seen.size() == 4);
    CHECK(seen[2] == "three");
    CHECK(seen[3].size() == 1 << 20);
}

TEST_CASE("a channel ends at a message that is none, at a length beyond all, and when the other side does") {
    for (const int what : {0, 1, 2}) {
        auto [a, b] = pair();
        Channel channel(std::move(b), [](Handover, ByteView) { return false; });
        Bytes bytes = what == 0 ? net::frame_head(200, 0) : what == 1 ? Bytes{0xFF, 0xFF, 0xFF, 0xFF, 1} : Bytes{};
        REQUIRE(::send(a.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
        if (what == 2) a.reset();
        channel.run();
        channel.send(Handover::Changed, {});            // nobody hears it, nothing happens
        channel.stop();
    }
}
