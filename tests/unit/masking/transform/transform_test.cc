#include "transform/transform.h"

#include <doctest/doctest.h>

#include "detect/checksum.h"
#include "support/test_hash.h"

using namespace pgveil::masking;

namespace {

std::string partial(std::string_view class_name, std::string_view value) {
    std::string text;
    append_partial(class_name, value, text);
    return text;
}

std::string pseudonym(std::string_view class_name, std::string_view value, std::string_view domain = "d") {
    const pgveil::test::TestHash keys;
    std::string text;
    append_pseudonym(domain, class_name, value, keys, text);
    return text;
}

}  // namespace

TEST_CASE("partial shows a shape and less than a third") {
    CHECK(partial("EMAIL_ADDRESS", "john@example.com") == "j***@e***.com");
    CHECK(partial("EMAIL_ADDRESS", "a@b.com") == "***@***.com");
    CHECK(partial("CREDIT_CARD", "4111111111111111") == "**** **** **** 1111");
    CHECK(partial("CREDIT_CARD", "4111-1111-1111-1111") == "**** **** **** 1111");
    CHECK(partial("US_SSN", "536-22-1234") == "***-**-**34");
    CHECK(partial("PERSON", "Žofie Nováková") == "Ž***");
    CHECK(partial("PERSON", "Wu") == "***");
    CHECK(partial("", "") == "***");
}

TEST_CASE("keyed transforms need leave") {
    CHECK(effective({Transform::Pseudonym, "X", "d", true}) == Transform::Pseudonym);
    CHECK(effective({Transform::Pseudonym, "X", "d", false}) == Transform::Redact);
    CHECK(effective({Transform::Hash, "X", "d", false}) == Transform::Redact);
    CHECK(effective({Transform::Fpe, "X", "d", false}) == Transform::Redact);
    CHECK(effective({Transform::DateShift, "X", "d", false}) == Transform::Redact);
    CHECK(effective({Transform::Generalize, "X", "d", false}) == Transform::Generalize);
    CHECK(effective({Transform::Null, "X", "d", true}) == Transform::Null);
    CHECK(effective(MaskOrder{}) == Transform::Redact);
}

TEST_CASE("a pseudonym joins: equal for equal values of any spelling, different under another domain") {
    CHECK(pseudonym("EMAIL_ADDRESS", "John@Example.com ") == pseudonym("EMAIL_ADDRESS", "john@example.com"));
    CHECK(pseudonym("EMAIL_ADDRESS", "john@example.com") != pseudonym("EMAIL_ADDRESS", "jane@example.com"));
    CHECK(pseudonym("EMAIL_ADDRESS", "john@example.com") != pseudonym("EMAIL_ADDRESS", "john@example.com", "other"));
    CHECK(pseudonym("CREDIT_CARD", "4111 1111 1111 1111") == pseudonym("CREDIT_CARD", "4111111111111111"));
    CHECK(pseudonym("EMAIL_ADDRESS", "x@y.zz").ends_with("@masked.invalid"));
    CHECK(pseudonym("CREDIT_CARD", "4111111111111111").size() == 16);
    CHECK(luhn_holds(pseudonym("CREDIT_CARD", "4111111111111111")));
    CHECK(pseudonym("US_SSN", "536-22-1234").substr(3, 4) == "-00-");
}

TEST_CASE("the proxy knows its own masks and no stranger's") {
    const pgveil::test::TestHash keys, other(7);
    for (const char* class_name : {"EMAIL_ADDRESS", "CREDIT_CARD", "PERSON", "PHONE_NUMBER", "US_SSN", "SECRET"}) {
        CAPTURE(class_name);
        CHECK(contains_mask("it is " + pseudonym(class_name, "some value") + ".", keys));
    }
    std::string hash;
    append_hash("d", "X", "value", keys, hash);
    CHECK(hash.size() == 32);
    CHECK(contains_mask(hash, keys));
    CHECK_FALSE(contains_mask(hash, other));
    CHECK_FALSE(contains_mask(pseudonym("EMAIL_ADDRESS", "some value"), other));
    CHECK(contains_mask("mail [EMAIL_ADDRESS]", keys));
    for (const char* text : {"", "john@example.com", "4111111111111111", "[1,2]", "5f4dcc3b5aa765d61d8327deb882cf99", "a*b", "tok_"}) {
        CAPTURE(text);
        CHECK_FALSE(contains_mask(text, keys));
    }
}

TEST_CASE("texts that are of a type get a stand-in of that type") {
    const pgveil::test::TestHash hash;
    Keyring keys(hash);
    const auto masked = [&](Transform transform, std::string_view class_name, std::string_view value) {
        std::string text;
        return append_masked({transform, class_name, "d", true}, value, keys, text) ? text : "NULL";
    };
    CHECK(masked(Transform::Pseudonym, "ID", "550e8400-e29b-41d4-a716-446655440000").size() == 36);
    CHECK(contains_mask(masked(Transform::Pseudonym, "ID", "550e8400-e29b-41d4-a716-446655440000"), hash));
    CHECK(masked(Transform::Pseudonym, "IP_ADDRESS", "203.0.113.7").starts_with("2"));
    CHECK(masked(Transform::Pseudonym, "DATE_OF_BIRTH", "1980-02-03").starts_with("18"));
    CHECK(masked(Transform::Generalize, "DATE_OF_BIRTH", "1980-02-03") == "1980");
    CHECK(masked(Transform::Generalize, "AGE", "37") == "30-39");
    CHECK(masked(Transform::Generalize, "AGE", "101") == "90+");
    CHECK(masked(Transform::Generalize, "SALARY", "48211.50") == "40000");
    CHECK(masked(Transform::Generalize, "IP_ADDRESS", "203.0.113.7") == "203.0.113.0/24");
    CHECK(masked(Transform::Generalize, "LOCATION", "94107") == "941**");
    CHECK(masked(Transform::Generalize, "PERSON", "Ann Lee") == "[PERSON]");
    CHECK(masked(Transform::DateShift, "DATE_OF_BIRTH", "1980-02-03").size() == 10);
    CHECK(masked(Transform::DateShift, "DATE_OF_BIRTH", "1980-02-03") != "1980-02-03");
    CHECK(masked(Transform::DateShift, "DATE_OF_BIRTH", "about 1980") == "[DATE_OF_BIRTH]");
    CHECK(masked(Transform::Fpe, "X", "123456") == "[X]");   // this key has no cipher
}
