#include "relay/canonical.h"

#include <doctest/doctest.h>

using namespace pgveil;

namespace {
std::string as_text(Oid type, Format format, std::string_view bytes) {
    const BoundParameter made = relay::canonical({type, format, false, copy_of(bytes_of(bytes))});
    return (made.format == Format::Text ? "t:" : "b:") + std::string(text_of(made.value));
}
using std::string_view;
}  // namespace

TEST_CASE("a number is the same in text and binary, signs and spaces aside") {
    CHECK(as_text(type_oid::Int4, Format::Binary, string_view("\0\0\0\x4a", 4)) == "t:74");
    CHECK(as_text(type_oid::Int4, Format::Binary, string_view("\xff\xff\xff\xff", 4)) == "t:-1");
    CHECK(as_text(type_oid::Int2, Format::Binary, string_view("\x80\0", 2)) == "t:-32768");
    CHECK(as_text(type_oid::Int4, Format::Text, " +74 ") == "t:74");
    CHECK(as_text(type_oid::Float8, Format::Binary, string_view("\x3f\xf8\0\0\0\0\0\0", 8)) == "t:1.5");
    CHECK(as_text(type_oid::Float8, Format::Text, "1.50") == "t:1.5");
}

TEST_CASE("booleans, uuids, json and bytes have one form") {
    CHECK(as_text(type_oid::Bool, Format::Binary, string_view("\1", 1)) == "t:t");
    CHECK(as_text(type_oid::Bool, Format::Text, "TRUE") == "t:t");
    CHECK(as_text(type_oid::Uuid, Format::Binary, "0123456789abcdef") == "t:30313233-3435-3637-3839-616263646566");
    CHECK(as_text(type_oid::Jsonb, Format::Binary, string_view("\1{}", 3)) == "t:{}");
    CHECK(as_text(type_oid::Bytea, Format::Binary, string_view("\0\xff", 2)) == "t:\\x00ff");
}

TEST_CASE("what cannot be read stays as it came") {
    CHECK(as_text(type_oid::Int4, Format::Binary, "abc") == "b:abc");
    CHECK(as_text(type_oid::Int4, Format::Text, "4x") == "t:4x");
    CHECK(as_text(Oid{99999}, Format::Binary, "abc") == "b:abc");
}
