#include "detect/features.h"

#include <doctest/doctest.h>

using namespace pgveil::masking;

TEST_CASE("what a pattern needs is read from it") {
    CHECK(requirement_of("[0-9]{3}-[0-9]{2}-[0-9]{4}", false) == Requirement{feature::Digit | feature::Dash, 9, 11});
    CHECK(requirement_of("a+@b", false) == Requirement{feature::Lower | feature::At, 0, 3});
    CHECK(requirement_of("(?:AKIA|ASIA)[A-Z2-7]{16}", false) == Requirement{feature::Upper, 0, 20});
    CHECK(requirement_of("(?i)pwd=x", false) == Requirement{feature::Equals, 0, 5});
    CHECK(requirement_of("\\d{2,}\\.?x*", false) == Requirement{feature::Digit, 2, 2});
    CHECK(requirement_of("a|bc@", false) == Requirement{feature::Lower, 0, 1});
    CHECK(requirement_of("[\\x80-\\xff@-]", false) == Requirement{0, 0, 1});
}

TEST_CASE("from what is not understood nothing is concluded") {
    for (const char* pattern : {"(?=x)y", "[^a]b", "a.b", "(a", "a)", "[[:digit:]]x", "\\p{L}@", "a{x}", "*a"}) {
        CAPTURE(pattern);
        CHECK(requirement_of(pattern, false) == Requirement{});
    }
}

TEST_CASE("a value's features are counted") {
    const Features f = features_of("a@B:12_3");
    CHECK(f.digits == 3);
    CHECK(f.length == 8);
    CHECK(f.present == (feature::Lower | feature::At | feature::Upper | feature::Colon | feature::Digit | feature::Underscore));
    CHECK(Requirement{feature::At, 3, 8}.met_by(f));
    CHECK_FALSE(Requirement{feature::At, 4, 8}.met_by(f));
    CHECK_FALSE(Requirement{feature::Dollar, 0, 0}.met_by(f));
    CHECK(Requirement{}.weaker_than({feature::At, 1, 1}));
    CHECK_FALSE(Requirement{feature::At, 1, 1}.weaker_than({}));
}
