#include "pgveil/masking/json_cursor.h"

#include <doctest/doctest.h>

using namespace pgveil::masking;

namespace {

JsonToken last_of(std::string_view text) {
    JsonCursor cursor;
    cursor.reset(text);
    for (;;) {
        const JsonToken token = cursor.next();
        if (token == JsonToken::Error || token == JsonToken::End) return token;
    }
}

}  // namespace

TEST_CASE("well-formed JSON is read to its end") {
    for (const char* text : {"{}", "[]", "0", "-1.5e+10", "\"\"", " { \"a\" : [1, true, null, {\"b\":\"\\u0040\\n\"}] } ", "[[[[]]],{}]"}) {
        CAPTURE(text);
        CHECK(last_of(text) == JsonToken::End);
    }
}

TEST_CASE("malformed JSON is an error and stays one") {
    for (const char* text : {"", "{", "}", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "01", "1.", "+1", ".5", "1e", "\"\\x\"",
                             "\"\\u12g4\"", "\"a", "\"\n\"", "nul", "[1 2]", "{} {}", "[}", "{]", "\"\\"}) {
        CAPTURE(text);
        CHECK(last_of(text) == JsonToken::Error);
    }
}

TEST_CASE("a deep nest is read without recursion") {
    CHECK(last_of(std::string(200000, '[') + std::string(200000, ']')) == JsonToken::End);
    CHECK(last_of(std::string(200000, '[')) == JsonToken::Error);
}

TEST_CASE("escapes are decoded with the offsets they came from") {
    DecodedString decoded;
    decode_json_string("a\\u0040b\\ud83d\\ude00\\n\\ud800", decoded);
    CHECK(decoded.text == "a@b\xF0\x9F\x98\x80\n\xEF\xBF\xBD");
    REQUIRE(decoded.origin.size() == decoded.text.size() + 1);
    CHECK(decoded.origin[1] == 1);
    CHECK(decoded.origin[2] == 7);
    CHECK(decoded.origin[3] == 8);
    CHECK(decoded.origin[6] == 8);
    CHECK(decoded.origin[7] == 20);
    CHECK(decoded.origin.back() == 28);
}
