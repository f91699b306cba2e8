#include "crypto/aes.h"

#include <doctest/doctest.h>

#include "crypto/digest.h"

using namespace pgveil;

TEST_CASE("AES encrypts the examples of FIPS 197, appendix C") {
    BlockCipher::Block plain;
    Bytes key;
    for (unsigned i = 0; i < 16; ++i) plain[i] = static_cast<Byte>(i * 0x11);
    for (unsigned i = 0; i < 32; ++i) key.push_back(static_cast<Byte>(i));
    const BlockCipher::Block want128{0x69, 0xc4, 0xe0, 0xd8, 0x6a, 0x7b, 0x04, 0x30, 0xd8, 0xcd, 0xb7, 0x80, 0x70, 0xb4, 0xc5, 0x5a};
    const BlockCipher::Block want256{0x8e, 0xa2, 0xb7, 0xca, 0x51, 0x67, 0x45, 0xbf, 0xea, 0xfc, 0x49, 0x90, 0x4b, 0x49, 0x60, 0x89};
    CHECK(crypto::make_aes(ByteView(key).first(16))->encrypt(plain) == want128);
    CHECK(crypto::make_aes(key)->encrypt(plain) == want256);
    CHECK(crypto::make_aes(ByteView(key).first(20)) == nullptr);
}

TEST_CASE("a key's ciphers differ by domain and from another key's") {
    const auto one = crypto::make_keyed_hash(Secret(copy_of(bytes_of("one key of some length")))), other = crypto::make_keyed_hash(Secret(copy_of(bytes_of("another"))));
    const BlockCipher::Block block{};
    const auto first = one->cipher("a")->encrypt(block);
    CHECK(first == one->cipher("a")->encrypt(block));
    CHECK(first != one->cipher("b")->encrypt(block));
    CHECK(first != other->cipher("a")->encrypt(block));
}
