#include "crypto/signature.h"

#include <doctest/doctest.h>

#include "crypto/encode.h"

using namespace pgveil;
using namespace pgveil::crypto;

TEST_CASE("Ed25519 agrees with RFC 8032 test 2") {
    const auto seed = from_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
    const auto key = SigningKey::from_seed(*seed);
    REQUIRE(key);
    CHECK(hex(key->public_key()) == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    const Signature signature = key->sign(Bytes{0x72});
    CHECK(hex(signature) ==
          "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
          "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
    CHECK(verify(key->public_key(), Bytes{0x72}, signature));
}

TEST_CASE("a signature fits one message, one key and every one of its bits") {
    const SigningKey key = SigningKey::generate();
    const SigningKey other = SigningKey::generate();
    Signature signature = key.sign(bytes_of("message"));
    CHECK(verify(key.public_key(), bytes_of("message"), signature));
    CHECK_FALSE(verify(key.public_key(), bytes_of("massage"), signature));
    CHECK_FALSE(verify(other.public_key(), bytes_of("message"), signature));
    CHECK_FALSE(verify(key.public_key(), bytes_of("message"), ByteView(signature).first(63)));
    for (std::size_t bit = 0; bit < signature.size() * 8; bit += 7) {
        signature[bit / 8] ^= static_cast<Byte>(1 << bit % 8);
        CHECK_FALSE(verify(key.public_key(), bytes_of("message"), signature));
        signature[bit / 8] ^= static_cast<Byte>(1 << bit % 8);
    }
}

TEST_CASE("a key returns from its seed, and a seed of another length makes none") {
    const SigningKey key = SigningKey::generate();
    const Secret seed = key.seed();
    const auto again = SigningKey::from_seed(seed.reveal());
    REQUIRE(again);
    CHECK(again->public_key() == key.public_key());
    CHECK_FALSE(SigningKey::from_seed(seed.reveal().first(31)));
}
