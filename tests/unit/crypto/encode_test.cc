#include "crypto/encode.h"

#include <doctest/doctest.h>

#include "crypto/random.h"

using namespace pgveil;
using namespace pgveil::crypto;

TEST_CASE("the base64 examples of RFC 4648 go both ways") {
    const std::pair<std::string_view, std::string_view> examples[] = {
        {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, text] : examples) {
        CHECK(base64(bytes_of(plain)) == text);
        const auto back = from_base64(text);
        REQUIRE(back);
        CHECK(text_of(*back) == plain);
    }
}

TEST_CASE("base64 that is not canonical is refused") {
    for (const std::string_view text : {"Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm 8=", "Zm8=\n", "Zm-_", "====", "Z===",
                                        "Zg==Zg==", "=Zg=", "Zm8=a"}) {
        CAPTURE(text);
        CHECK_FALSE(from_base64(text));
    }
}

TEST_CASE("hex reads both cases and refuses what is not hex") {
    CHECK(hex(bytes_of("\x01\xfe")) == "01fe");
    CHECK(from_hex("01Fe") == Bytes{1, 0xfe});
    CHECK_FALSE(from_hex("0"));
    CHECK_FALSE(from_hex("0g"));
}

TEST_CASE("base32 uses Crockford's alphabet, most significant bits first") {
    CHECK(base32({}).empty());
    CHECK(base32(Bytes{0x00}) == "00");
    CHECK(base32(Bytes{0xff}) == "zw");
    CHECK(base32(Bytes{0xff, 0xff, 0xff, 0xff, 0xff}) == "zzzzzzzz");
    CHECK(base32(Bytes{0x08, 0x42, 0x10, 0x84, 0x21}) == "11111111");
    CHECK(base32(Bytes(16, 0x5a)).size() == 26);
}

TEST_CASE("a random id carries 26 characters and is not repeated") {
    const std::string one = random_id("r_"), two = random_id("r_");
    CHECK(one.size() == 28);
    CHECK(one.starts_with("r_"));
    CHECK(one != two);
    CHECK(one.find_first_not_of("0123456789abcdefghjkmnpqrstvwxyz", 2) == std::string::npos);
}
