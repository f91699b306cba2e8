#include "detect/normal_form.h"

#include <doctest/doctest.h>

using namespace pgveil::masking;

TEST_CASE("what detectors see is folded, and offsets lead back") {
    NormalForm form;
    REQUIRE(form.fold("x\u200B４１\u20111"));     // zero width space, full-width digits, non-breaking hyphen
    CHECK(form.text() == "x41-1");
    CHECK(form.origin(0) == 0);
    CHECK(form.origin(1) == 4);
    CHECK(form.origin(2) == 7);
    CHECK(form.origin(3) == 10);
    CHECK(form.origin(4) == 13);
    CHECK(form.origin(5) == 14);
}

TEST_CASE("digits of other scripts become ASCII, other letters stay") {
    NormalForm form;
    REQUIRE(form.fold("٤١١"));
    CHECK(form.text() == "411");
    REQUIRE(form.fold("jöhn＠example．com"));
    CHECK(form.text() == "jöhn@example.com");
    CHECK_FALSE(form.fold("Grüße aus Köln"));
    CHECK_FALSE(form.fold("plain"));
}

TEST_CASE("malformed UTF-8 is kept as it is") {
    NormalForm form;
    CHECK_FALSE(form.fold("a\xFF\xC3"));
    REQUIRE(form.fold("\xFF\u200Bz"));
    CHECK(form.text() == "\xFFz");
}
