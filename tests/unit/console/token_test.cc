#include "console/token.h"

#include <doctest/doctest.h>

using namespace pgveil::console;

namespace {
std::string shown(std::string_view text) {
    std::string all;
    const auto tokens = tokenize(text);
    for (const auto& s : tokens.statements) {
        for (const auto& t : s) all += t.text + '|';
        all += ';';
    }
    return tokens.error ? all + "!" + tokens.error->what : all;
}
}  // namespace

TEST_CASE("statements, literals, names and comments are told apart as in SQL") {
    CHECK(shown("") == "");
    CHECK(shown(" ;; -- only this\n /* and /* this */ */ ") == "");
    CHECK(shown("show requests;") == "show|requests|;");
    CHECK(shown("A; B ;C") == "A|;B|;C|;");
    CHECK(shown("DENY 'it''s; -- not a comment' x") == "DENY|it's; -- not a comment|x|;");
    CHECK(shown("\"a \"\"b\"\"\" c") == "a \"b\"|c|;");
    CHECK(shown("KILL 12--x\n,$3") == "KILL|12|,|3|;");
    CHECK(shown("ci-bot pg_catalog.version()") == "ci-bot|pg_catalog.version|(|)|;");
    CHECK(shown("a--b") == "a|;");
    CHECK(shown(std::string_view("a\0b", 3)) == std::string("a|\0|b|;", 7));
}

TEST_CASE("what does not end is an error, after the statements before it") {
    CHECK(shown("A; 'x") == "A|;!unterminated quoted string");
    CHECK(shown("\"x") == "!unterminated quoted identifier");
    CHECK(shown("A /* /* */") == "!unterminated /* comment");
    CHECK(tokenize("ab '").error->at == 3);
}
