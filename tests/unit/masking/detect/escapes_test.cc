#include "detect/escapes.h"

#include <doctest/doctest.h>

using namespace pgveil::masking;

TEST_CASE("percent, entities and \\u are resolved, and offsets lead back") {
    Escapes escapes;
    REQUIRE(escapes.resolve("to john%40example.com &amp; more"));
    CHECK(escapes.text() == "to john@example.com & more");
    CHECK(escapes.origin(7) == 7);
    CHECK(escapes.origin(8) == 10);
    CHECK(escapes.origin(escapes.text().size()) == 32);
    REQUIRE(escapes.resolve("a&#64;b&#x40;c\\u0040d\\/e&commat;"));
    CHECK(escapes.text() == "a@b@c@d/e@");
    REQUIRE(escapes.resolve("%C3%A9"));
    CHECK(escapes.text() == "é");
}

TEST_CASE("what is no escape stays, at any end of the text") {
    Escapes escapes;
    for (const char* text : {"", "%", "%4", "100% sure", "%zz", "&", "&#", "&#;", "&#x;", "&unknown;", "\\", "\\u12", "\\n", "%0a", "a & b"}) {
        CAPTURE(text);
        CHECK_FALSE(escapes.resolve(text));
    }
}
