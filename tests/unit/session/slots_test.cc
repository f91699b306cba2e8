#include "session/slots.h"

#include <doctest/doctest.h>

using pgveil::session::Slots;

TEST_CASE("a name means what was sent last, and falls back when that is discarded") {
    Slots<int> slots;
    slots.pend("s", 1, std::make_shared<int>(1));
    CHECK(*slots.expected("s") == 1);
    slots.confirm("s", 1);
    slots.pend("s", 2, std::make_shared<int>(2));
    CHECK(*slots.expected("s") == 2);
    slots.discard("s", 2);
    REQUIRE(slots.expected("s"));
    CHECK(*slots.expected("s") == 1);
}

TEST_CASE("a close takes effect in order and forgets the name once confirmed") {
    Slots<int> slots;
    slots.pend("s", 1, std::make_shared<int>(1));
    slots.pend("s", 2, nullptr);
    CHECK_FALSE(slots.expected("s"));
    slots.confirm("s", 1);
    CHECK(slots.size() == 1);
    slots.confirm("s", 2);
    CHECK(slots.size() == 0);
}

TEST_CASE("names that agree in their first 63 bytes are one name, as at the server") {
    Slots<int> slots;
    slots.set(std::string(63, 'a') + "one", std::make_shared<int>(1));
    CHECK(slots.expected(std::string(63, 'a') + "two"));
    CHECK_FALSE(slots.expected(std::string(62, 'a')));
}

TEST_CASE("what a name means is in doubt while an earlier batch may discard its last change for another value") {
    Slots<int> slots;
    slots.pend("s", 1, std::make_shared<int>(1));
    CHECK(slots.certain("s", 1));
    CHECK(slots.certain("s", 2));          // there is nothing else it could mean
    slots.confirm("s", 1);
    slots.pend("s", 2, std::make_shared<int>(2));
    CHECK(slots.certain("s", 2));          // the same batch: both or neither
    CHECK_FALSE(slots.certain("s", 3));
    slots.discard("s", 2);
    CHECK(slots.certain("s", 3));
    slots.pend("s", 4, nullptr);
    CHECK_FALSE(slots.certain("s", 5));    // the close may yet be discarded
    slots.confirm("s", 4);
    CHECK(slots.certain("s", 5));
}
