#include "relay/generations.h"

#include <doctest/doctest.h>

using pgveil::relay::Generations;

TEST_CASE("what was asked for lately survives a flood, what was not is forgotten, and the bytes stay within bounds") {
    Generations<int> kept(1000);
    kept.put("used", 1, 10);
    kept.put("unused", 2, 10);
    for (int i = 0; i < 1000; ++i) {
        kept.put("flood " + std::to_string(i), i, 10);
        if (i % 10 == 0) {
            REQUIRE(kept.find("used") != nullptr);
            CHECK(*kept.find("used") == 1);
        }
        CHECK(kept.size() <= 100);
    }
    CHECK(kept.find("unused") == nullptr);
    CHECK(*kept.find("flood 999") == 999);
}

TEST_CASE("a value that is put again replaces the old one") {
    Generations<int> kept(1000);
    kept.put("a", 1, 10);
    kept.put("a", 2, 10);
    CHECK(*kept.find("a") == 2);
    CHECK(kept.size() == 1);
}
