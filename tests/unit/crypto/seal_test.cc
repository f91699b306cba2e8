#include "crypto/seal.h"

#include <doctest/doctest.h>

#include "crypto/random.h"

using namespace pgveil;
using namespace pgveil::crypto;

TEST_CASE("what is sealed opens with the same key and context only") {
    const Secret key(random_bytes(32)), other(random_bytes(32));
    const Bytes sealed = seal(key, bytes_of("r_1"), bytes_of("delete from t"));
    REQUIRE(sealed.size() == 12 + 13 + 16);
    const auto opened = open_sealed(key, bytes_of("r_1"), sealed);
    REQUIRE(opened);
    CHECK(text_of(opened->reveal()) == "delete from t");
    CHECK_FALSE(open_sealed(other, bytes_of("r_1"), sealed));
    CHECK_FALSE(open_sealed(key, bytes_of("r_2"), sealed));
}

TEST_CASE("a changed or shortened sealed body does not open") {
    const Secret key(random_bytes(32));
    Bytes sealed = seal(key, {}, bytes_of("body"));
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        sealed[i] ^= 1;
        CHECK_FALSE(open_sealed(key, {}, sealed));
        sealed[i] ^= 1;
        CHECK_FALSE(open_sealed(key, {}, ByteView(sealed).first(i)));
    }
    CHECK(open_sealed(key, {}, sealed));
}

TEST_CASE("sealing twice gives different bytes, an empty body is allowed and a short key seals nothing") {
    const Secret key(random_bytes(32));
    CHECK(seal(key, {}, bytes_of("x")) != seal(key, {}, bytes_of("x")));
    const auto opened = open_sealed(key, bytes_of("c"), seal(key, bytes_of("c"), {}));
    REQUIRE(opened);
    CHECK(opened->empty());
    CHECK(seal(Secret(random_bytes(16)), {}, bytes_of("x")).empty());
}
