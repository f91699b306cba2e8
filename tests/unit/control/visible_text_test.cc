#include "control/visible_text.h"

#include <doctest/doctest.h>

using namespace pgveil::control;

TEST_CASE("what hides, reorders or moves the cursor becomes readable") {
    CHECK(visible("a\x1b[2Jb", Lines::Many) == "a<U+001B>[2Jb");
    CHECK(visible("x\xE2\x80\xAEy", Lines::Many) == "x<U+202E>y");            // right-to-left override
    CHECK(visible("a\xE2\x80\x8B" "b", Lines::Many) == "a<U+200B>b");         // zero width space
    CHECK(visible("\xEF\xBB\xBF", Lines::Many) == "<U+FEFF>");
    CHECK(visible("\xC2\xA0", Lines::Many) == "<U+00A0>");
    CHECK(visible("\xE2\x81\xA6", Lines::Many) == "<U+2066>");
    CHECK(visible("\xF3\xA0\x81\x81", Lines::Many) == "<U+E0041>");           // tag character
    CHECK(visible("\r\n\t", Lines::Many) == "<U+000D>\n\t");
    CHECK(visible("\n\t", Lines::One) == "<U+000A><U+0009>");
}

TEST_CASE("ordinary text of any script stays as it is") {
    for (const char* text : {"SELECT 1", "Gr\xC3\xBC\xC3\x9F" "e", "\xE6\x97\xA5\xE6\x9C\xAC", "\xF0\x9F\x98\x80", ""}) {
        CHECK(visible(text, Lines::One) == text);
    }
}

TEST_CASE("broken UTF-8 is shown byte by byte") {
    CHECK(visible("\xff", Lines::Many) == "<0xFF>");
    CHECK(visible("\xC0\x80", Lines::Many) == "<0xC0><0x80>");                // overlong
    CHECK(visible("\xE2\x80", Lines::Many) == "<0xE2><0x80>");                // cut off
    CHECK(visible("\xF4\x90\x80\x80", Lines::Many) == "<0xF4><0x90><0x80><0x80>");
    CHECK(visible("\xED\xA0\x80", Lines::Many) == "<U+D800>");
}

TEST_CASE("an excerpt is one line of bounded length") {
    CHECK(excerpt("SELECT\n1", 20) == "SELECT 1");
    CHECK(excerpt("abcdef", 6) == "abcdef");
    CHECK(excerpt("abcdefg", 6) == "abcdef...");
}
