#include "protocol/encoder.h"

#include <doctest/doctest.h>

#include <string>

using namespace pgveil;
using namespace pgveil::protocol;
using namespace std::string_literals;

namespace {

template <class Put>
std::string made(Put put) {
    Bytes out{'x'};   // messages are appended, never written over what is there
    put(out);
    CHECK(out[0] == 'x');
    return std::string(text_of(out).substr(1));
}

}  // namespace

TEST_CASE("messages have the manual's bytes") {
    CHECK(made([](Bytes& o) { put_query(o, "ab"); }) == "Q\0\0\0\7ab\0"s);
    CHECK(made([](Bytes& o) { put_sync(o); }) == "S\0\0\0\4"s);
    CHECK(made([](Bytes& o) { put_flush(o); }) == "H\0\0\0\4"s);
    CHECK(made([](Bytes& o) { put_terminate(o); }) == "X\0\0\0\4"s);
    CHECK(made([](Bytes& o) { put_close(o, 'P', "c"); }) == "C\0\0\0\7Pc\0"s);
    CHECK(made([](Bytes& o) { put_ready_for_query(o, TransactionStatus::Failed); }) == "Z\0\0\0\5E"s);
    CHECK(made([](Bytes& o) { put_parameter_status(o, "a", "b"); }) == "S\0\0\0\x8""a\0b\0"s);
    CHECK(made([](Bytes& o) { put_header(o, 'd', 10); }) == "d\0\0\0\xe"s);
    CHECK(made([](Bytes& o) { put_message(o, 'd', bytes_of("xy")); }) == "d\0\0\0\6xy"s);
    CHECK(made([](Bytes& o) { put_authentication_ok(o); }) == "R\0\0\0\x8\0\0\0\0"s);
    CHECK(made([](Bytes& o) { put_authentication_sasl_final(o, bytes_of("v=")); }) == "R\0\0\0\xa\0\0\0\xcv="s);
    CHECK(made([](Bytes& o) { put_backend_key(o, 258, Secret("key!")); }) == "K\0\0\0\xc\0\0\1\2key!"s);
}

TEST_CASE("SASL mechanisms are a list with an end") {
    const std::string_view mechanisms[] = {"A-PLUS", "A"};
    CHECK(made([&](Bytes& o) { put_authentication_sasl(o, mechanisms); }) == "R\0\0\0\x12\0\0\0\xa""A-PLUS\0A\0\0"s);
}

TEST_CASE("version negotiation names our version and every option") {
    const std::string options[] = {"_pq_.a"};
    CHECK(made([&](Bytes& o) { put_negotiate_version(o, 2, options); }) == "v\0\0\0\x13\0\3\0\2\0\0\0\1_pq_.a\0"s);
}

TEST_CASE("an error has the server's field order and no empty fields") {
    const ErrorOut error{.code = sqlstate::Held, .message = "m", .detail = "", .hint = "h", .more = {{'n', "c"}}};
    CHECK(made([&](Bytes& o) { put_error(o, error); }) == "E\0\0\0\x23SERROR\0VERROR\0CPV001\0Mm\0Hh\0nc\0\0"s);
    CHECK(made([&](Bytes& o) { put_notice(o, error); })[0] == 'N');
}

TEST_CASE("text rows tell NULL from empty") {
    const std::optional<std::string> cells[] = {"a", std::nullopt, ""};
    CHECK(made([&](Bytes& o) { put_text_row(o, cells); }) ==
          "D\0\0\0\x13\0\3\0\0\0\1a\xff\xff\xff\xff\0\0\0\0"s);
}

TEST_CASE("nothing is written behind a NUL inside a text") {
    CHECK(made([](Bytes& o) { put_query(o, "ab\0; drop"s); }) == "Q\0\0\0\7ab\0"s);
}
