#include "detect/features.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

using namespace pgveil::masking;
using feature::LongWord;

TEST_CASE("what a pattern needs is read from it") {
    CHECK(requirement_of("[0-9]{3}-[0-9]{2}-[0-9]{4}", false) == Requirement{feature::Digit | feature::Dash, 9, 11});
    CHECK(requirement_of("a+@b", false) == Requirement{feature::At | feature::Letter, 0, 3});
    CHECK(requirement_of("(?:AKIA|ASIA)[A-Z2-7]{16}", false) == Requirement{feature::Upper | feature::Letter | LongWord, 0, 20});
    CHECK(requirement_of("(?i)PWD=x", false) == Requirement{feature::Equals | feature::Letter, 0, 5});
    CHECK(requirement_of("\\d{2,}\\.?x*", false) == Requirement{feature::Digit, 2, 2});
    CHECK(requirement_of("A|BC@", false) == Requirement{feature::Upper | feature::Letter, 0, 1});
    CHECK(requirement_of("[\\x80-\\xff@-]", false) == Requirement{0, 0, 1});
}

TEST_CASE("a long word is asked for only where the pattern cannot hold a blank") {
    CHECK(requirement_of("[a-z]{15}", false).present == (LongWord | feature::Letter));
    CHECK(requirement_of("[a-z]{14}", false).present == feature::Letter);
    CHECK(requirement_of("[a-z ]{40}", false).present == 0);
    CHECK(requirement_of("[a-z]{8} ?[a-z]{8}", false).present == feature::Letter);
    CHECK(requirement_of("[a-z]{8}x?[a-z]{8}", false).present == (LongWord | feature::Letter));
    CHECK(requirement_of("[a-z]{8}(?:x| y)[a-z]{8}", false).present == feature::Letter);
    CHECK(requirement_of("[a-z]{8}(?:x|y)*[a-z]{7}\\b", false).present == (LongWord | feature::Letter));
    CHECK(requirement_of(" [a-z]{7}(?:[a-z]{8} )+", false).present == (LongWord | feature::Letter));
    CHECK(requirement_of("(?:[a-z]{7} [a-z]{8}){2}", false).present == (LongWord | feature::Letter));
    CHECK(requirement_of("(?:[a-z]{7} [a-z]{7})", false).present == feature::Letter);
    CHECK(requirement_of("(?:[a-z]{20} )?x", false).present == feature::Letter);
}

TEST_CASE("a long name is asked for only where the pattern holds letters and digits alone") {
    using feature::LongName;
    CHECK((requirement_of("\\bdapi[0-9a-f]{32}\\b", false).present & LongName) != 0);
    CHECK((requirement_of("[0-9A-Za-z]{33}", false).present & LongName) != 0);
    CHECK((requirement_of("[0-9A-Za-z]{32}", false).present & LongName) == 0);
    CHECK((requirement_of("[0-9A-Za-z_]{40}", false).present & LongName) == 0);
    CHECK((requirement_of("gh_[0-9A-Za-z]{30}", false).present & LongName) == 0);
    CHECK((requirement_of("[0-9a-f]{20}-?[0-9a-f]{20}", false).present & LongName) == 0);
    CHECK((requirement_of("(?:[0-9a-f]{33}|x)", false).present & LongName) == 0);
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
    CHECK(f.present == (feature::Letter | feature::At | feature::Upper | feature::Colon | feature::Digit | feature::Underscore));
    CHECK(Requirement{feature::At, 3, 8}.met_by(f));
    CHECK_FALSE(Requirement{feature::At, 4, 8}.met_by(f));
    CHECK_FALSE(Requirement{feature::Dollar, 0, 0}.met_by(f));
    CHECK(Requirement{}.weaker_than({feature::At, 1, 1}));
    CHECK_FALSE(Requirement{feature::At, 1, 1}.weaker_than({}));
}

TEST_CASE("long words and country shapes are seen wherever they stand") {
    for (std::size_t before = 0; before < 70; ++before) {
        for (std::size_t size = 13; size < 18; ++size) {
            const std::string text = std::string(before, ' ') + std::string(size, 'a') + " b";
            CHECK(((features_of(text).present & LongWord) != 0) == (size >= kLongWord));
        }
        CHECK((features_of(std::string(before, ' ') + "DE89").present & feature::CountryShape) != 0);
        CHECK((features_of(std::string(before, ' ') + "D89E").present & feature::CountryShape) == 0);
        CHECK((features_of(std::string(before, ' ') + "xDE89").present & feature::CountryShape) == 0);
        CHECK((features_of(std::string(before, ' ') + "1DE89").present & feature::CountryShape) == 0);
    }
}

TEST_CASE("long names and runs of numbers are seen wherever they stand") {
    for (std::size_t before = 0; before < 70; ++before) {
        for (std::size_t size = 31; size < 36; ++size) {
            const std::string text = std::string(before, '_') + std::string(size, 'a') + "_b";
            CHECK(((features_of(text).present & feature::LongName) != 0) == (size >= kLongName));
        }
        for (std::size_t size = 7; size < 11; ++size) {
            const std::string text = std::string(before, 'x') + std::string(size - 3, '7') + " -." + "y8";
            CHECK(((features_of(text).present & feature::NumberRun) != 0) == (size >= kNumberRun));
        }
    }
}

TEST_CASE("the fast way equals the plain way on random bytes of every length") {
    std::mt19937 random(5);
    const std::string_view alphabet = "aZ09@:-_$+.={^ \n\xC3\xFF\0/*[`~";
    for (int i = 0; i < 20000; ++i) {
        std::string text;
        const std::size_t size = random() % 150;
        const bool any_byte = i % 3 == 0;
        while (text.size() < size) text += any_byte ? static_cast<char>(random()) : alphabet[random() % (i % 2 == 0 ? alphabet.size() : 6)];
        for (const FeaturesWay way : ways_of_features()) REQUIRE(way(text) == features_byte_by_byte(text));
    }
}
