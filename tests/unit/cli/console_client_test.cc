#include "cli/console_client.h"

#include <doctest/doctest.h>

#include "cli/grants.h"
#include "cli/requests.h"

using namespace pgveil::cli;

namespace {
int requests(std::vector<std::string_view> words) { return run_requests(words); }
int grants(std::vector<std::string_view> words) { return run_grants(words); }
}  // namespace

TEST_CASE("psql's short forms are taken, and -h alone is a call for help") {
    const std::vector<std::string_view> words{"list", "-h", "db", "-p", "1", "-U", "dana", "-d", "x", "-h"};
    const auto spelled = long_forms(words);
    CHECK(spelled == std::vector<std::string_view>{"list", "--host", "db", "--port", "1", "--username", "dana", "--dbname", "x", "-h"});
}

TEST_CASE("tables line up by characters, and no cell breaks a line") {
    CHECK(aligned({{"id", "why"}, {{"r_1", "l\xC3\xB6schen"}, {"r", "a\nb"}}}) == "id   why\nr_1  l\xC3\xB6schen\nr    a b\n");
    CHECK(aligned({{"id"}, {}}) == "id\n");
    CHECK(as_sheet({{"field", "value"}, {{"statement", "a\nb"}, {"id", "r"}}}) == "statement: a\n    b\nid: r\n");
}

TEST_CASE("a wrong command line is usage, an unreachable proxy is cannot") {
    CHECK(requests({"nonsense"}) == Usage);
    CHECK(requests({"show"}) == Usage);
    CHECK(requests({"list", "r_1"}) == Usage);
    CHECK(requests({"deny", "r_1"}) == Usage);
    CHECK(requests({"approve", "r_1", "--max-rows", "x"}) == Usage);
    CHECK(grants({"add", "--agent", "a"}) == Usage);
    CHECK(grants({"add", "--agent", "a", "--database", "d", "--for", "1h", "--access", "all"}) == Usage);
    CHECK(grants({"revoke"}) == Usage);
    CHECK(requests({"list", "-h", "/nonexistent", "-p", "1", "-U", "x"}) == Cannot);
}
