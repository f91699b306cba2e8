#include "net/address.h"

#include <doctest/doctest.h>

using namespace pgveil;
using namespace pgveil::net;

namespace {

bool inside(const char* range, Bytes ip) {
    const auto parsed = parse_ip_range(range);
    REQUIRE(parsed);
    return parsed->contains(ip);
}

}  // namespace

TEST_CASE("listen addresses are host and port, bracketed IPv6, or a Unix socket's directory") {
    CHECK(parse_listen_address("127.0.0.1:6432", 1)->host == "127.0.0.1");
    CHECK(parse_listen_address("127.0.0.1:6432", 1)->port == 6432);
    CHECK(parse_listen_address("[::1]:0", 1)->host == "::1");
    CHECK(parse_listen_address("*:6432", 1)->host == "*");
    const auto unix_address = parse_listen_address("unix:/run/pgveil", 6432);
    CHECK(unix_address->is_unix());
    CHECK(unix_address->socket_path() == "/run/pgveil/.s.PGSQL.6432");
    for (const char* bad : {"", "6432", ":6432", "host:", "host:x", "host:65536", "host:-1", "::1:6432", "unix:", "unix:run"}) {
        CHECK_FALSE(parse_listen_address(bad, 1).has_value());
    }
}

TEST_CASE("ranges hold what their mask says, families never mix") {
    CHECK(inside("10.0.0.0/8", {10, 255, 1, 2}));
    CHECK_FALSE(inside("10.0.0.0/8", {11, 0, 0, 0}));
    CHECK(inside("10.1.2.3", {10, 1, 2, 3}));
    CHECK_FALSE(inside("10.1.2.3", {10, 1, 2, 2}));
    CHECK(inside("10.1.2.128/25", {10, 1, 2, 200}));
    CHECK_FALSE(inside("10.1.2.128/25", {10, 1, 2, 127}));
    CHECK(inside("0.0.0.0/0", {1, 2, 3, 4}));
    CHECK_FALSE(inside("0.0.0.0/0", Bytes(16)));
    CHECK_FALSE(inside("::/0", {1, 2, 3, 4}));
    CHECK(inside("::ffff:10.0.0.0/104", {10, 1, 1, 1}));
    CHECK_FALSE(inside("10.0.0.0/8", {}));
    for (const char* bad : {"", "10.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::/129", "host"}) {
        CHECK_FALSE(parse_ip_range(bad).has_value());
    }
}

TEST_CASE("loopback is 127/8 and ::1") {
    Bytes v6(16);
    CHECK_FALSE(is_loopback(v6));
    v6[15] = 1;
    CHECK(is_loopback(v6));
    CHECK(is_loopback(Bytes{127, 3, 2, 1}));
    CHECK_FALSE(is_loopback(Bytes{128, 0, 0, 1}));
    CHECK_FALSE(is_loopback({}));
}

TEST_CASE("a peer's host is its address without the port") {
    CHECK(PeerAddress{.text = "10.0.0.1:55"}.host() == "10.0.0.1");
    CHECK(PeerAddress{.text = "[::1]:55"}.host() == "[::1]");
    CHECK(PeerAddress{.text = "local", .local_socket = true}.host() == "local");
}
