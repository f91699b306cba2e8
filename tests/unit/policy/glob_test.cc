#include "policy/glob.h"

#include <doctest/doctest.h>

#include <array>

using namespace pgveil::policy;

TEST_CASE("a star stands for any run of characters within a part") {
    CHECK(part_matches("*", ""));
    CHECK(part_matches("cust*", "customers"));
    CHECK(part_matches("*_at", "created_at"));
    CHECK(part_matches("a*b*c", "aXXbYYbZc"));
    CHECK_FALSE(part_matches("a*b*c", "aXXbYYbZ"));
    CHECK_FALSE(part_matches("cust*", "Customers"));
}

TEST_CASE("a question mark stands for exactly one character") {
    CHECK(part_matches("events_?", "events_1"));
    CHECK_FALSE(part_matches("events_?", "events_"));
    CHECK_FALSE(part_matches("events_?", "events_10"));
}

TEST_CASE("a name that contains a star is matched as a name") {
    CHECK(part_matches("*", "a*b"));
    CHECK(part_matches("a*c", "a*bc"));
    CHECK_FALSE(part_matches("ab", "a*"));
}

TEST_CASE("a quoted part may hold a dot") {
    CHECK(parts_of("odd.\"dotted.table\".id") == std::vector<std::string>{"odd", "dotted.table", "id"});
}

TEST_CASE("a star does not reach over a dot") {
    const std::array<std::string_view, 4> name{"shop", "public", "customers", "email"};
    CHECK(parts_match(parts_of("shop.*.*.email"), name));
    CHECK_FALSE(parts_match(parts_of("shop.*.email"), name));
    CHECK_FALSE(parts_match(parts_of("*"), name));
}

TEST_CASE("many stars against a long name that does not match end quickly") {
    const std::string name(2000, 'a');
    CHECK_FALSE(part_matches("*a*a*a*a*a*a*a*a*a*a*b", name));
}
