#include "config/values.h"

#include <doctest/doctest.h>

using namespace pgveil::config;
using namespace std::chrono_literals;

TEST_CASE("durations carry a unit") {
    CHECK(duration_from("30s") == 30s);
    CHECK(duration_from("8h") == 8h);
    CHECK(duration_from("1h30m") == 90min);
    CHECK(duration_from("400d") == 400 * 24h);
    CHECK(duration_from("250ms") == 250ms);
    for (const char* wrong : {"", "30", "s", "3 s", "-1s", "1.5h", "30sec", "99999999999999999999d", "9223372036854775807w"}) {
        CHECK_MESSAGE(!duration_from(wrong), wrong);
    }
    CHECK(text_of(std::chrono::milliseconds{90min}) == "90m");
    CHECK(text_of(std::chrono::milliseconds{48h}) == "2d");
}

TEST_CASE("sizes are powers of 1024 and never overflow") {
    CHECK(size_from("64MiB") == 64ULL << 20);
    CHECK(size_from("0") == 0);
    CHECK(size_from("512B") == 512);
    for (const char* wrong : {"", "64", "64MB", "64 MiB", "-1B", "99999999999TiB", "1MiB2"}) CHECK_MESSAGE(!size_from(wrong), wrong);
    CHECK(size_text(3ULL << 30) == "3GiB");
    CHECK(size_text(1000) == "1000B");
}

TEST_CASE("endpoints are host:port, [v6]:port or unix:/directory") {
    CHECK(endpoint_from("127.0.0.1:6432") == Endpoint{"127.0.0.1", "", 6432});
    CHECK(endpoint_from("[::1]:6432") == Endpoint{"::1", "", 6432});
    CHECK(endpoint_from("unix:/run/pgveil")->directory == "/run/pgveil");
    CHECK(endpoint_from("[::1]:6432")->text() == "[::1]:6432");
    for (const char* wrong : {"", "6432", ":6432", "host", "host:0", "host:65536", "host:port", "::1:6432", "unix:", "[::1:1"}) {
        CHECK_MESSAGE(!endpoint_from(wrong), wrong);
    }
}

TEST_CASE("loopback is loopback and nothing that looks like it") {
    CHECK(endpoint_from("127.0.0.1:1")->is_loopback());
    CHECK(endpoint_from("127.9.9.9:1")->is_loopback());
    CHECK(endpoint_from("[::1]:1")->is_loopback());
    CHECK(endpoint_from("unix:/tmp")->is_loopback());
    CHECK_FALSE(endpoint_from("127.evil.example:1")->is_loopback());
    CHECK_FALSE(endpoint_from("0.0.0.0:1")->is_loopback());
    CHECK_FALSE(endpoint_from("[::]:1")->is_loopback());
}

TEST_CASE("address blocks") {
    for (const char* right : {"10.0.0.0/8", "192.168.1.7", "::1/128", "2001:db8::/32"}) CHECK_MESSAGE(is_address_block(right), right);
    for (const char* wrong : {"", "10.0.0/8", "10.0.0.0/33", "10.0.0.256", "host", "::1/129", "10.0.0.0/"}) CHECK_MESSAGE(!is_address_block(wrong), wrong);
}

TEST_CASE("a verifier is told from a password") {
    const std::string keys = "$" + std::string(43, 'A') + "=:" + std::string(43, 'B') + "=";
    CHECK(scram_iterations("SCRAM-SHA-256$4096:c2FsdHNhbHQ=" + keys) == 4096);
    CHECK(scram_iterations("SCRAM-SHA-256$100000:c2FsdHNhbHQ=" + keys) == 100000);
    for (const std::string& wrong : {std::string("hunter2"), std::string("SCRAM-SHA-256$4096:c2FsdHNhbHQ="), "SCRAM-SHA-256$0:c2FsdHNhbHQ=" + keys,
                                     "md5" + std::string(32, '0'), "SCRAM-SHA-256$4096:c2FsdHNhbHQ=" + keys + "A"}) {
        CHECK_MESSAGE(!scram_iterations(wrong), wrong);
    }
}

TEST_CASE("conninfo strings are looked into as libpq reads them") {
    CHECK(conninfo_value("host=a port=5432", "port") == "5432");
    CHECK(conninfo_value("host = 'a b' dbname='x\\'y'", "host") == "a b");
    CHECK(conninfo_value("host = 'a b' dbname='x\\'y'", "dbname") == "x'y");
    CHECK(conninfo_value("postgresql://u@db.example:5433/shop?sslmode=require", "host") == "db.example");
    CHECK(conninfo_value("postgresql://u@db.example:5433/shop?sslmode=require", "sslmode") == "require");
    CHECK(conninfo_value("postgresql://[2001:db8::1]:5433/shop", "host") == "[2001:db8::1]");
    CHECK_FALSE(conninfo_value("host=a", "sslmode"));
    CHECK(without_password("host=a password=secret user=b") == "host=a password=(set) user=b");
    CHECK(without_password("host=a password='se cret' user=b") == "host=a password=(set) user=b");
    CHECK(without_password("postgresql://u:secret@h/d") == "postgresql://u:(set)@h/d");
}

TEST_CASE("a mistyped word finds what was meant, a strange one nothing") {
    CHECK(nearest("wrokers", {"listen", "workers"}) == "workers");
    CHECK(nearest("mod", {"mode", "cert"}) == "mode");
    CHECK_FALSE(nearest("zzzz", {"mode", "cert"}));
}
