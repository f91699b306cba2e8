#include "upstream/conninfo.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace pgveil;
using namespace pgveil::upstream;
using namespace std::string_literals;

namespace {

struct PasswordFile {
    explicit PasswordFile(const std::string& text) {
        char name[] = "/tmp/pgveil-upstream-XXXXXX";
        const int fd = ::mkstemp(name);
        path = name;
        std::ofstream(path) << text;
        static_cast<void>(fd);
    }
    ~PasswordFile() { std::filesystem::remove(path); }
    PasswordFile(const PasswordFile&) = delete;
    PasswordFile& operator=(const PasswordFile&) = delete;
    std::string path;
};

std::string password_from(const std::string& content) {
    const PasswordFile file(content);
    const auto made = assemble({.conninfo = "host=h", .password_file = file.path});
    return made ? std::string(made->get("password")) : "refused: " + made.error();
}

}  // namespace

TEST_CASE("the session's wishes stand over the configured conninfo, the rest is left to libpq") {
    const auto made = assemble({.conninfo = "host=h port=5 dbname=old user=u sslmode=verify-full", .database = "shop",
                                .application_name = "copilot/psql"});
    REQUIRE(made);
    CHECK(made->get("host") == "h");
    CHECK(made->get("port") == "5");
    CHECK(made->get("dbname") == "shop");
    CHECK(made->get("user") == "u");
    CHECK(made->get("sslmode") == "verify-full");
    CHECK(made->get("application_name") == "copilot/psql");
    CHECK(made->get("connect_timeout") == "15");
    CHECK(made->get("options").empty());
}

TEST_CASE("URIs are conninfo strings too, and what is configured stays when nothing is wished") {
    const auto made = assemble({.conninfo = "postgresql://u:p%40ss@h:7/d?connect_timeout=3&application_name=x"});
    REQUIRE(made);
    CHECK(made->get("password") == "p@ss");
    CHECK(made->get("dbname") == "d");
    CHECK(made->get("connect_timeout") == "3");
    CHECK(made->get("application_name") == "x");
}

TEST_CASE("GSS encryption, replication and another client encoding are never asked for") {
    const auto made = assemble({.conninfo = "host=h gssencmode=require replication=database client_encoding=SJIS"});
    REQUIRE(made);
    CHECK(made->get("gssencmode") == "disable");
    CHECK(made->get("replication").empty());
    CHECK(made->get("client_encoding") == "UTF8");
}

TEST_CASE("a database name is a name, never a conninfo string") {
    const auto made = assemble({.conninfo = "host=h", .database = "host=evil user=postgres"});
    REQUIRE(made);
    CHECK(made->get("host") == "h");
    CHECK(made->get("dbname") == "host=evil user=postgres");
}

TEST_CASE("options: configured ones first, then the session's in their order, escaped") {
    const auto made = assemble({.conninfo = "host=h options='-c geqo=off'",
                                .settings = {{"search_path", "a, b"}, {"standard_conforming_strings", "on"}}});
    REQUIRE(made);
    CHECK(made->get("options") == "-c geqo=off -c search_path=a,\\ b -c standard_conforming_strings=on");
}

TEST_CASE("values keep spaces, backslashes and tabs through the server's splitting") {
    CHECK(*options_of({{"a", "x y\\z\t"}}) == "-c a=x\\ y\\\\z\\\t");
    CHECK(*options_of({{"a", ""}, {"pgveil.task", "t"}}) == "-c a= -c pgveil.task=t");
    CHECK(options_of({})->empty());
}

TEST_CASE("a setting cannot smuggle another one in") {
    CHECK(*options_of({{"a", "1 -c role=postgres"}}) == "-c a=1\\ -c\\ role=postgres");
    for (const char* bad : {"", "a=b", "a b", "-c", "1a", "a\\", "a\n"}) CHECK_FALSE(options_of({{bad, "x"}}));
    CHECK_FALSE(options_of({{"a", "x\0-c role=x"s}}));
    CHECK_FALSE(assemble({.conninfo = "host=h", .database = "a\0b"s}));
    CHECK_FALSE(assemble({.conninfo = "host=h", .application_name = "a\0b"s}));
}

TEST_CASE("a conninfo string libpq refuses is refused without being quoted") {
    const auto made = assemble({.conninfo = "host=h passwort=geheim"});
    REQUIRE_FALSE(made);
    CHECK(made.error().find("geheim") == std::string::npos);
}

TEST_CASE("a password comes from the request, else from its file, read as one line") {
    CHECK(assemble({.conninfo = "password=old", .password = Secret("new")})->get("password") == "new");
    CHECK(password_from("secret\n") == "secret");
    CHECK(password_from("secret\r\n") == "secret");
    CHECK(password_from("with space ") == "with space ");
    CHECK(password_from("").starts_with("refused"));
    CHECK(password_from("a\0b"s).starts_with("refused"));
    CHECK(password_from(std::string(70'000, 'x')).starts_with("refused"));
    const auto missing = assemble({.conninfo = "host=h", .password_file = "/nonexistent/pw"});
    REQUIRE_FALSE(missing);
    CHECK(missing.error() == "password file /nonexistent/pw: No such file or directory");
}

TEST_CASE("libpq's verbose errors give up the server's SQLSTATE and words") {
    const auto refused = failure_of(
        "connection to server at \"127.0.0.1\", port 5432 failed: FATAL:  28P01: password authentication failed for "
        "user \"x\"\nLOCATION:  auth_failed, auth.c:335\n");
    CHECK(refused.sqlstate == "28P01");
    CHECK(refused.message == "password authentication failed for user \"x\"");
    CHECK(refused.detail.find("LOCATION") == std::string::npos);
    CHECK(refused.detail.find("127.0.0.1") != std::string::npos);
}

TEST_CASE("without a server's word there is no SQLSTATE; of several hosts the last one counts") {
    const auto none = failure_of("connection to server at \"h\", port 1 failed: Connection refused\n\tIs the server running?\n");
    CHECK(none.sqlstate.empty());
    CHECK(none.message.find("Connection refused") != std::string::npos);
    CHECK(none.message.find('\n') == std::string::npos);
    const auto two = failure_of("a failed: FATAL:  3D000: no\nLOCATION: x\nb failed: FATAL:  53300: too many\nLOCATION: y\n");
    CHECK(two.sqlstate == "53300");
    CHECK(two.message == "too many");
    CHECK(failure_of("").message.empty());
}

TEST_CASE("what a stranger wrote before TLS cannot draw on a terminal or fill a log") {
    const auto failure = failure_of("failed: \x1b[2J" + std::string(5000, 'x'));
    CHECK(failure.message.find('\x1b') == std::string::npos);
    CHECK(failure.message.size() <= 1000);
}
