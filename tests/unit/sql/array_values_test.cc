#include "sql/array_values.h"

#include <doctest/doctest.h>

#include <string>

using namespace pgveil;
using namespace pgveil::sql;

TEST_CASE("an array's text holds what is between its delimiters, whatever is quoted") {
    CHECK(values_in_array("{}") == 1);
    CHECK(values_in_array("{a}") == 1);
    CHECK(values_in_array("{a,b,c}") == 3);
    CHECK(values_in_array("{\"a,b\",c}") == 2);
    CHECK(values_in_array("{\"a\\\",b\",c}") == 2);
    CHECK(values_in_array("{a\\,b,c}") == 2);
    CHECK(values_in_array("  [2:3]={a,b}") == 2);
    CHECK(values_in_array("{{a,b},{c,d}}") == 4);
    CHECK(values_in_array("{(1,1),(0,0);(2,2),(1,1)}") >= 2);
    CHECK(values_in_array("1 2  3 ") == 3);
    CHECK(values_in_array("x{1,2}") == 1);
    CHECK(values_in_array("") == 1);
    CHECK(values_in_array("{" + std::string(3'000'000, ',')) == kUnknownCount);
}

TEST_CASE("an array in binary form holds the product of its dimensions, if its bytes could") {
    const auto array = [](std::initializer_list<Byte> dimensions, std::size_t elements) {
        Bytes bytes{0, 0, 0, static_cast<Byte>(dimensions.size()), 0, 0, 0, 0, 0, 0, 0, 25};
        for (const Byte d : dimensions) bytes.insert(bytes.end(), {0, 0, 0, d, 0, 0, 0, 1});
        bytes.insert(bytes.end(), elements * 4, Byte{0xff});
        return bytes;
    };
    CHECK(values_in_binary_array(array({}, 0)) == 1);
    CHECK(values_in_binary_array(array({3}, 3)) == 3);
    CHECK(values_in_binary_array(array({3, 2}, 6)) == 6);
    CHECK(values_in_binary_array(array({200}, 3)) == kUnknownCount);
    CHECK(values_in_binary_array(array({255, 255, 255, 255, 255, 255}, 3)) == kUnknownCount);
    CHECK(values_in_binary_array(array({1, 1, 1, 1, 1, 1, 1}, 1)) == kUnknownCount);
    CHECK(values_in_binary_array(bytes_of("{a,b}")) == kUnknownCount);
    CHECK(values_in_binary_array(bytes_of("{a,b,c,d,e,f,g,h}")) == kUnknownCount);
    CHECK(values_in_binary_array({}) == kUnknownCount);
}
