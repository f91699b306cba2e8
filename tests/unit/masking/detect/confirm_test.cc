#include "detect/confirm.h"

#include <doctest/doctest.h>

#include <string>

using namespace pgveil::masking;

namespace {

/// The text a confirmer claims for some candidate end, or "-".
std::string claim(Confirmer confirm, std::string_view text, bool hinted = false) {
    for (std::size_t end = 1; end <= text.size(); ++end) {
        if (const auto found = confirm({text, end, hinted})) return std::string(text.substr(found->start, found->end - found->start));
    }
    return "-";
}

}  // namespace

TEST_CASE("an e-mail address is cut out of its sentence") {
    CHECK(claim(confirm_email, "write to <john.doe@example.com>, now") == "john.doe@example.com");
    CHECK(claim(confirm_email, "to=a+b@x-y.example.org;") == "a+b@x-y.example.org");
    CHECK(claim(confirm_email, "john@example.com.") == "john@example.com");
    CHECK(claim(confirm_email, "john@example.com- and") == "john@example.com");
    CHECK(claim(confirm_email, "john@@example.com") == "-");
    CHECK(claim(confirm_email, "a@b") == "-");
}

TEST_CASE("a card needs issuer, length and Luhn, and stands free") {
    CHECK(claim(confirm_card, "no 4111 1111 1111 1111.") == "4111 1111 1111 1111");
    CHECK(claim(confirm_card, "2 4111 1111 1111 1111") == "4111 1111 1111 1111");
    CHECK(claim(confirm_card, "378282246310005") == "378282246310005");
    CHECK(claim(confirm_card, "4111-11111111-1111") == "-");
    CHECK(claim(confirm_card, "1.4111111111111111") == "-");
    CHECK(claim(confirm_card, "4111111111111112") == "-");
    CHECK(claim(confirm_card, "9111111111111111") == "-");
}

TEST_CASE("a US SSN stands alone only with dashes") {
    CHECK(claim(confirm_us_ssn, "536-22-1234") == "536-22-1234");
    CHECK(claim(confirm_us_ssn, "536 22 1234") == "-");
    CHECK(claim(confirm_us_ssn, "536 22 1234", true) == "536 22 1234");
    CHECK(claim(confirm_us_ssn, "536221234", true) == "536221234");
    CHECK(claim(confirm_us_ssn, "53622-1234", true) == "-");
}

TEST_CASE("a password in a URL is found whatever it holds") {
    CHECK(claim(confirm_url_password, "postgres://app:s3cret@db/shop") == "s3cret");
    CHECK(claim(confirm_url_password, "postgres://app:p@ss@db/shop") == "p@ss");
    CHECK(claim(confirm_url_password, "https://example.com:8080/x@y") == "-");
}

TEST_CASE("phone numbers are judged by their country's plan") {
    CHECK(claim(confirm_phone_e164, "call +1 (415) 555-2671!") == "+1 (415) 555-2671");
    CHECK(claim(confirm_phone_e164, "+49 30 901820") == "+49 30 901820");
    CHECK(claim(confirm_phone_e164, "+999 123 456 789") == "-");
}
