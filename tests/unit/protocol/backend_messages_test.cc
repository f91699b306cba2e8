#include "protocol/backend_messages.h"

#include <doctest/doctest.h>

#include <string>

#include "protocol/encoder.h"

using namespace pgveil;
using namespace pgveil::protocol;
using namespace std::string_literals;

namespace {

ByteView body_of(const Bytes& message) { return ByteView(message).subspan(5); }
bool row_ok(const std::string& body) {
    std::vector<RawCell> cells;
    return parse_data_row(bytes_of(body), cells);
}

}  // namespace

TEST_CASE("a row description gives every field, and must fit exactly") {
    Bytes out;
    const FieldOut fields[] = {
        {.name = "id", .column = {Oid{16400}, AttrNumber{1}}, .type = type_oid::Int4, .size = 4},
        {.name = "", .column = {}, .type = type_oid::Text, .modifier = 7, .format = Format::Binary}};
    put_row_description(out, fields);
    const auto got = parse_row_description(body_of(out));
    REQUIRE(got);
    REQUIRE(got->size() == 2);
    CHECK((*got)[0].name == "id");
    CHECK((*got)[0].table == Oid{16400});
    CHECK((*got)[0].attribute == AttrNumber{1});
    CHECK((*got)[0].size == 4);
    CHECK((*got)[1].modifier == 7);
    CHECK((*got)[1].format == 1);
    for (std::size_t size = 0; size < out.size() - 5; ++size) {
        CHECK_FALSE(parse_row_description(body_of(out).first(size)));
    }
    out.push_back(0);
    CHECK_FALSE(parse_row_description(body_of(out)));
    CHECK_FALSE(parse_row_description(bytes_of("\xff\xff"s)));
}

TEST_CASE("a data row tells NULL from empty and keeps cells in place") {
    Bytes out;
    const Byte data[] = {'a', 'b'};
    const RawCell cells[] = {{data, 2}, {}, {data, 0}};
    put_data_row(out, cells);
    std::vector<RawCell> got(9);
    REQUIRE(parse_data_row(body_of(out), got));
    REQUIRE(got.size() == 3);
    CHECK(text_of({got[0].data, 2}) == "ab");
    CHECK(got[1].size == -1);
    CHECK(got[2].size == 0);
    CHECK(got[0].data == out.data() + 5 + 6);
}

TEST_CASE("a second row through the same vector forgets the first") {
    std::vector<RawCell> cells;
    REQUIRE(parse_data_row(bytes_of("\0\2\0\0\0\1x\0\0\0\1y"s), cells));
    REQUIRE(parse_data_row(bytes_of("\0\2\xff\xff\xff\xff\xff\xff\xff\xff"s), cells));
    CHECK(cells[0].size == -1);
    CHECK(cells[1].size == -1);
}

TEST_CASE("a row that contradicts itself is malformed") {
    CHECK(row_ok("\0\0"s));
    CHECK_FALSE(row_ok(""s));
    CHECK_FALSE(row_ok("\0"s));
    CHECK_FALSE(row_ok("\0\1\xff\xff\xff\xfe"s));
    CHECK_FALSE(row_ok("\0\1\x7f\xff\xff\xff""a"s));
    CHECK_FALSE(row_ok("\0\1\0\0\0\2a"s));
    CHECK_FALSE(row_ok("\0\1\0\0\0\1ab"s));
    CHECK_FALSE(row_ok("\xff\xff\0\0\0\0"s));
    CHECK_FALSE(row_ok("\0\2\0\0\0\2ab\0\0"s));
}

TEST_CASE("a tag's row count is its last word, if that is a number") {
    CHECK(rows_of_tag("UPDATE 3") == 3);
    CHECK(rows_of_tag("INSERT 0 5") == 5);
    CHECK(rows_of_tag("SELECT 0") == 0);
    CHECK(rows_of_tag("CREATE TABLE") == -1);
    CHECK(rows_of_tag("BEGIN") == -1);
    CHECK(rows_of_tag("UPDATE -3") == -1);
    CHECK(rows_of_tag("UPDATE 99999999999999999999") == -1);
    CHECK(rows_of_tag("") == -1);
}

TEST_CASE("ReadyForQuery knows three states") {
    CHECK(parse_ready_for_query(bytes_of("I")) == TransactionStatus::Idle);
    CHECK(parse_ready_for_query(bytes_of("T")) == TransactionStatus::InTransaction);
    CHECK(parse_ready_for_query(bytes_of("E")) == TransactionStatus::Failed);
    CHECK_FALSE(parse_ready_for_query(bytes_of("Q")));
    CHECK_FALSE(parse_ready_for_query(bytes_of("II")));
    CHECK_FALSE(parse_ready_for_query({}));
}

TEST_CASE("small messages with strings must end with them") {
    CHECK(parse_command_complete(bytes_of("SELECT 1\0"s)) == "SELECT 1");
    CHECK_FALSE(parse_command_complete(bytes_of("SELECT 1"s)));
    CHECK_FALSE(parse_command_complete(bytes_of("SELECT 1\0x"s)));
    CHECK(parse_parameter_status(bytes_of("a\0b\0"s))->value == "b");
    CHECK_FALSE(parse_parameter_status(bytes_of("a\0b"s)));
    CHECK(parse_notification(bytes_of("\0\0\0\7ch\0pay\0"s))->payload == "pay");
    CHECK(parse_notification(bytes_of("\0\0\0\7ch\0pay\0"s))->pid == 7);
    CHECK_FALSE(parse_notification(bytes_of("\0\0\0\7ch\0"s)));
    CHECK(parse_parameter_description(bytes_of("\0\1\0\0\0\x17"s)) == std::vector<Oid>{type_oid::Int4});
    CHECK_FALSE(parse_parameter_description(bytes_of("\0\2\0\0\0\x17"s)));
}

TEST_CASE("copy responses give formats, of which there are two") {
    const auto copy = parse_copy_response(bytes_of("\1\0\2\0\1\0\0"s));
    REQUIRE(copy);
    CHECK(copy->overall == Format::Binary);
    CHECK(copy->column_formats == std::vector<Format>{Format::Binary, Format::Text});
    CHECK_FALSE(parse_copy_response(bytes_of("\2\0\0"s)));
    CHECK_FALSE(parse_copy_response(bytes_of("\0\0\1\0\2"s)));
    CHECK_FALSE(parse_copy_response(bytes_of("\0\xff\xff"s)));
}

TEST_CASE("error fields are found by letter; missing ones are empty; layout must be whole") {
    const std::string body = "SERROR\0C42601\0Mno\0\0"s;
    const auto error = parse_error_fields(bytes_of(body));
    REQUIRE(error);
    CHECK(error->sqlstate() == "42601");
    CHECK(error->get('M') == "no");
    CHECK(error->get('D').empty());
    CHECK(parse_error_fields(bytes_of("\0"s))->sqlstate().empty());
    CHECK_FALSE(parse_error_fields(bytes_of("SERROR\0"s)));
    CHECK_FALSE(parse_error_fields(bytes_of("SERROR"s)));
    CHECK_FALSE(parse_error_fields(bytes_of("SERROR\0\0x"s)));
    CHECK_FALSE(parse_error_fields({}));
}

TEST_CASE("more columns than a result can have, more fields than an error has, and a tag that is none are refused") {
    const auto described = [](std::uint16_t count) {
        Bytes body{static_cast<Byte>(count >> 8), static_cast<Byte>(count & 0xff)};
        body.resize(2 + std::size_t{19} * count);
        return parse_row_description(body).has_value();
    };
    CHECK(described(1664));
    CHECK_FALSE(described(1665));
    Bytes fields;
    for (int i = 0; i < 200; ++i) append(fields, std::string_view("Mx\0", 3));
    fields.push_back(0);
    CHECK_FALSE(parse_error_fields(fields));
    CHECK(parse_command_complete(bytes_of(std::string_view("INSERT 0 5\0", 11))));
    CHECK_FALSE(parse_command_complete(bytes_of(std::string_view("ada@example.com\0", 16))));
}
