#include "detect/checksum.h"

#include <doctest/doctest.h>

#include <string>

using namespace pgveil::masking;

TEST_CASE("Luhn accepts real cards and no neighbour of theirs") {
    CHECK(luhn_holds("4111111111111111"));
    CHECK(luhn_holds("378282246310005"));
    for (char c = '0'; c <= '9'; ++c) CHECK(luhn_holds(std::string("411111111111111") + c) == (c == '1'));
    CHECK_FALSE(luhn_holds(""));
    CHECK_FALSE(luhn_holds("4111 1111"));
}

TEST_CASE("mod 97 accepts IBANs in either case and no transposition") {
    CHECK(iban_mod97_holds("GB29NWBK60161331926819"));
    CHECK(iban_mod97_holds("gb29nwbk60161331926819"));
    CHECK_FALSE(iban_mod97_holds("GB29NWBK60161331926891"));
    CHECK_FALSE(iban_mod97_holds("GB2"));
    CHECK(iban_length("DE") == 22);
    CHECK(iban_length("NO") == 15);
    CHECK(iban_length("US") == 0);
}

TEST_CASE("Verhoeff and mod 11,10 accept their textbook numbers") {
    CHECK(verhoeff_holds("2363"));
    CHECK_FALSE(verhoeff_holds("2364"));
    CHECK(mod11_10_holds("86095742719"));
    CHECK_FALSE(mod11_10_holds("86095742718"));
    CHECK(weighted_sum("123", {3, 2, 1}) == 10);
    CHECK(weighted_sum("12a", {3, 2, 1}) == -1);
    CHECK(weighted_sum("12", {3, 2, 1}) == -1);
}
