#include "crypto/digest.h"

#include <doctest/doctest.h>

#include "crypto/encode.h"

using namespace pgveil;
using namespace pgveil::crypto;

TEST_CASE("SHA-256 agrees with FIPS 180-4") {
    CHECK(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    const std::string million(1000000, 'a');
    CHECK(hex(sha256(million)) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("a copied hash goes its own way") {
    Sha256 first;
    first.update("a");
    Sha256 second = first;
    first.update("bc");
    second.update("xy");
    CHECK(first.finish() == sha256("abc"));
    CHECK(second.finish() == sha256("axy"));
}

TEST_CASE("HMAC-SHA-256 agrees with RFC 4231") {
    CHECK(hex(hmac_sha256(Bytes(20, 0x0b), bytes_of("Hi There"))) ==
          "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    CHECK(hex(hmac_sha256(bytes_of("Jefe"), bytes_of("what do ya want for nothing?"))) ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    CHECK(hex(hmac_sha256(Bytes(131, 0xaa), bytes_of("Test Using Larger Than Block-Size Key - Hash Key First"))) ==
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("the keyed hash frames its domain, so that shifting a byte between domain and message shows") {
    const auto keyed = make_keyed_hash(Secret("key"));
    CHECK(keyed->hash("ab", bytes_of("c")) != keyed->hash("a", bytes_of("bc")));
    CHECK(keyed->hash("ab", bytes_of("c")) == keyed->hash("ab", bytes_of("c")));
    Bytes framed{0, 0, 0, 2, 'a', 'b', 'c'};
    CHECK(keyed->hash("ab", bytes_of("c")) == hmac_sha256(bytes_of("key"), framed));
    CHECK(make_keyed_hash(Secret("kez"))->hash("ab", bytes_of("c")) != keyed->hash("ab", bytes_of("c")));
}

TEST_CASE("CRC-32C agrees with RFC 3720") {
    CHECK(crc32c(bytes_of("123456789")) == 0xe3069283);
    CHECK(crc32c(Bytes(32, 0)) == 0x8a9136aa);
    CHECK(crc32c(Bytes(32, 0xff)) == 0x62a8ab43);
    CHECK(crc32c({}) == 0);
    Bytes ascending;
    for (Byte i = 0; i < 32; ++i) ascending.push_back(i);
    CHECK(crc32c(ascending) == 0x46dd794e);
}

TEST_CASE("constant time comparison sees length and every byte") {
    CHECK(constant_time_equal(bytes_of("abc"), bytes_of("abc")));
    CHECK(constant_time_equal({}, {}));
    CHECK_FALSE(constant_time_equal(bytes_of("abc"), bytes_of("abd")));
    CHECK_FALSE(constant_time_equal(bytes_of("abc"), bytes_of("ab")));
}
