#include "protocol/frontend_messages.h"

#include <doctest/doctest.h>

#include <string>

#include "protocol/encoder.h"

using namespace pgveil;
using namespace pgveil::protocol;
using namespace std::string_literals;

namespace {

ByteView body_of(const Bytes& message) { return ByteView(message).subspan(5); }
bool bind_ok(const std::string& body) { return parse_bind(bytes_of(body)).has_value(); }

// Whatever a prefix of a valid body is, it is not a valid body; nor is the body with something behind it.
template <class Parser>
void check_exact(ByteView body, Parser parser) {
    CHECK(parser(body).has_value());
    for (std::size_t size = 0; size < body.size(); ++size) {
        const Bytes cut = copy_of(body.first(size));
        CHECK_FALSE(parser(ByteView(cut)).has_value());
    }
    Bytes longer = copy_of(body);
    longer.push_back(0);
    CHECK_FALSE(parser(ByteView(longer)).has_value());
}

}  // namespace

TEST_CASE("a query is one string, and nothing hides behind its NUL") {
    CHECK(parse_query(bytes_of("select 1\0"s)) == "select 1");
    CHECK(parse_query(bytes_of("\0"s)) == "");
    CHECK_FALSE(parse_query(bytes_of("select 1\0; drop table t\0"s)));
    CHECK_FALSE(parse_query(bytes_of("select 1"s)));
    CHECK_FALSE(parse_query({}));
}

TEST_CASE("Parse gives name, text and types, and must fit exactly") {
    Bytes out;
    const Oid types[] = {type_oid::Int4, kInvalidOid};
    put_parse(out, "s1", "select $1, $2", types);
    const auto parse = parse_parse(body_of(out));
    REQUIRE(parse);
    CHECK(parse->name == "s1");
    CHECK(parse->query == "select $1, $2");
    CHECK(parse->types == std::vector<Oid>{type_oid::Int4, kInvalidOid});
    check_exact(body_of(out), parse_parse);
}

TEST_CASE("Parse that claims 65535 types and has none is refused without room being made") {
    CHECK_FALSE(parse_parse(bytes_of("s\0select\0\xff\xff"s)));
}

TEST_CASE("Bind gives parameters with their formats and the result formats as sent") {
    Bytes out;
    const Bytes value{1, 2, 3};
    const ParameterOut parameters[] = {{.value = value, .format = Format::Binary}, {.is_null = true}, {}};
    const std::int16_t results[] = {1, 0};
    put_bind(out, "p", "s", parameters, results);
    const auto bind = parse_bind(body_of(out));
    REQUIRE(bind);
    CHECK(bind->portal == "p");
    CHECK(bind->statement == "s");
    REQUIRE(bind->parameters.size() == 3);
    CHECK(copy_of(bind->parameters[0].value) == value);
    CHECK(bind->parameters[0].format == Format::Binary);
    CHECK(bind->parameters[1].is_null);
    CHECK((!bind->parameters[2].is_null && bind->parameters[2].value.empty()));
    CHECK(bind->result_formats == std::vector<std::int16_t>{1, 0});
    CHECK_FALSE(bind->bad_format_code);
    check_exact(body_of(out), parse_bind);
}

TEST_CASE("one parameter format stands for all parameters") {
    const auto bind = parse_bind(bytes_of("\0\0\0\1\0\1\0\2\xff\xff\xff\xff\0\0\0\1x\0\0"s));
    REQUIRE(bind);
    CHECK(bind->parameters[0].format == Format::Binary);
    CHECK(bind->parameters[1].format == Format::Binary);
}

TEST_CASE("Bind is refused where the server says 08P01") {
    CHECK(bind_ok("\0\0\0\0\0\0\0\0"s));
    CHECK_FALSE(bind_ok("\0\0\0\2\0\0\0\0\0\1\0\0\0\0\0\0"s));   // two formats, one parameter
    CHECK_FALSE(bind_ok("\0\0\0\0\0\1\xff\xff\xff\xfe\0\0"s));   // length -2
    CHECK_FALSE(bind_ok("\0\0\0\0\0\1\x7f\xff\xff\xff\0\0"s));   // length beyond the body
    CHECK_FALSE(bind_ok("\0\0\0\0\xff\xff\0\0"s));                // 65535 parameters claimed
    CHECK_FALSE(bind_ok("\0\0\0\0\0\0\0\0x"s));                   // trailing byte
    CHECK_FALSE(bind_ok("portal without end"s));
}

TEST_CASE("a format code that is neither text nor binary is told, not guessed") {
    CHECK(parse_bind(bytes_of("\0\0\0\1\0\2\0\1\xff\xff\xff\xff\0\0"s))->bad_format_code);
    CHECK(parse_bind(bytes_of("\0\0\0\0\0\0\0\1\xff\xff"s))->bad_format_code);
    // Without a parameter the server never looks at the code.
    CHECK_FALSE(parse_bind(bytes_of("\0\0\0\1\0\2\0\0\0\0"s))->bad_format_code);
}

TEST_CASE("Describe and Close know statements and portals only") {
    const std::string body = "Ps1\0"s;
    const auto target = parse_describe(bytes_of(body));
    REQUIRE(target);
    CHECK(target->target == Target::Portal);
    CHECK(target->name == "s1");
    CHECK(parse_describe(bytes_of("S\0"s))->target == Target::Statement);
    CHECK_FALSE(parse_describe(bytes_of("X\0"s)));
    CHECK_FALSE(parse_describe(bytes_of("S"s)));
    CHECK_FALSE(parse_describe(bytes_of("Sa\0b\0"s)));
    CHECK_FALSE(parse_describe({}));
}

TEST_CASE("Execute gives portal and limit") {
    Bytes out;
    put_execute(out, "c1", -5);
    CHECK(parse_execute(body_of(out))->portal == "c1");
    CHECK(parse_execute(body_of(out))->max_rows == -5);
    check_exact(body_of(out), parse_execute);
}

TEST_CASE("SASL initial data is absent at -1 and may not run past the body") {
    CHECK_FALSE(parse_sasl_initial(bytes_of("M\0\xff\xff\xff\xff"s))->data.has_value());
    CHECK(parse_sasl_initial(bytes_of("M\0\0\0\0\2ab"s))->mechanism == "M");
    CHECK(text_of(*parse_sasl_initial(bytes_of("M\0\0\0\0\2ab"s))->data) == "ab");
    CHECK(parse_sasl_initial(bytes_of("M\0\0\0\0\0"s))->data->empty());
    CHECK_FALSE(parse_sasl_initial(bytes_of("M\0\xff\xff\xff\xfe"s)));
    CHECK_FALSE(parse_sasl_initial(bytes_of("M\0\0\0\0\3ab"s)));
    CHECK_FALSE(parse_sasl_initial(bytes_of("M\0\0\0\0\1ab"s)));
    CHECK_FALSE(parse_sasl_initial(bytes_of("M\0\0\0"s)));
    CHECK_FALSE(parse_sasl_initial(bytes_of("M"s)));
}

TEST_CASE("a password is exactly one string") {
    CHECK(parse_password(bytes_of("secret\0"s)) == "secret");
    CHECK_FALSE(parse_password(bytes_of("secret"s)));
    CHECK_FALSE(parse_password(bytes_of("sec\0ret\0"s)));
}
