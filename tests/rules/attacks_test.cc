// Hostile cells against the shipped packs: no crash, no quadratic time, nothing shown that was found elsewhere.
#include <doctest/doctest.h>

#include <ctime>
#include <random>

#include "shipped.h"

using namespace pgveil;
using test::classes_in;

namespace {

double seconds_for(const std::string& text) {
    const std::clock_t start = std::clock();
    (void)test::shipped_masker().detect(text, "phone password card number ssn");
    (void)test::shipped_masker().detect(text, "phone");
    return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

std::string repeated(std::string_view part, std::size_t bytes) {
    std::string text;
    while (text.size() < bytes) text += part;
    return text;
}

}  // namespace

TEST_CASE("thirty-two kilobytes made to be slow take no quadratic time") {
    (void)seconds_for("the rules are compiled");
    for (const char* part : {"@", "a@", "a@b.c@", "a.b@c.d-", "+", "+1 ", "+1234567 ", "1", "1 ", "1-", "12-", "123-45-6789", "4111 ", "4111-1111-1111-1111", "0",
                             "DE89 ", "DE89", "AB12CD34", "eyJ", "eyJabcdefgh.", "eyJhbGciOiJub25lIn0.eyJhIjoxfQ.", "e.", "://", "://a:", "://a:b@", ":@", "-----BEGIN ",
                             "-----BEGIN RSA PRIVATE KEY", "-----BEGIN A PRIVATE KEY-----END", "password=", "password='", "pwd:\"", "$2b$12$", "$argon2id$v=19$m=6", "$scrypt$", "$", "ghp_",
                             "sk_live_aaaaaaaaaaaaaaaab", "xoxb-1234567890", "é", "\u200B", "４", "\xFF", "[", "{", "\"", "AKIAIOSFODNN7EXAMPLE", "a"}) {
        CAPTURE(std::string(part));
        const double seconds = seconds_for(repeated(part, 1U << 15U));
        CHECK(seconds < 0.25);
        
    }
}

TEST_CASE("random bytes, lengths and cuts do no harm and keep what is not found") {
    std::mt19937 random(11);
    const std::string_view alphabet = "a1@.:-_$+={}[]\"\\ \n/4é\xE2\x80\x8B\xFF,";
    for (int i = 0; i < 20000; ++i) {
        std::string text;
        const std::size_t size = random() % 120;
        while (text.size() < size) text += i % 4 == 0 ? static_cast<char>(random()) : alphabet[random() % alphabet.size()];
        std::size_t last = 0;
        for (const auto& finding : test::shipped_masker().detect(text, i % 2 == 0 ? "" : "phone")) {
            REQUIRE(finding.start >= last);
            REQUIRE(finding.start < finding.end);
            REQUIRE(finding.end <= text.size());
            last = finding.end;
        }
    }
}

TEST_CASE("what hides behind invisible characters, other digits or escapes is found") {
    CHECK(classes_in("jo\u200Bhn@exa\u00ADmple.com") == "EMAIL_ADDRESS");
    CHECK(classes_in("john＠example．com") == "EMAIL_ADDRESS");
    CHECK(classes_in("4111\u00A01111\u00A01111\u00A01111") == "CREDIT_CARD");
    CHECK(classes_in("４１１１１１１１１１１１１１１１") == "CREDIT_CARD");
    CHECK(classes_in("536–22–1234") == "US_SSN");
    CHECK(classes_in("DE89\u20093704\u20090044\u20090532\u20090130\u200900") == "IBAN_CODE");
    CHECK(classes_in("ＧＢ29NWBK60161331926819") == "IBAN_CODE");
}

TEST_CASE("findings glued to other text are found") {
    CHECK(classes_in("email:john@example.com,phone:+14155552671,card:4111111111111111") == "EMAIL_ADDRESS,PHONE_NUMBER,CREDIT_CARD");
    CHECK(classes_in("<a href=\"mailto:john@example.com\">") == "EMAIL_ADDRESS");
    CHECK(classes_in("john@example.com/jane@example.com|joe@example.com") == "EMAIL_ADDRESS,EMAIL_ADDRESS,EMAIL_ADDRESS");
    CHECK(classes_in("https://example.com?to=john@example.com") == "EMAIL_ADDRESS");
    CHECK(classes_in("(536-22-1234)") == "US_SSN");
    CHECK(classes_in("ssn=536-22-1234;") == "US_SSN");
    CHECK(classes_in("4111-1111-1111-1111 / 5555 5555 5555 4444") == "CREDIT_CARD,CREDIT_CARD");
    CHECK(classes_in("4111111111111111,5555555555554444") == "CREDIT_CARD,CREDIT_CARD");
    CHECK(classes_in("4111111111111111 5555555555554444") == "CREDIT_CARD,CREDIT_CARD");
    CHECK(classes_in("card:4111111111111111.") == "CREDIT_CARD");
    CHECK(classes_in("IBAN:DE89370400440532013000.") == "IBAN_CODE");
    CHECK(classes_in("12/26 4111 1111 1111 1111 123") == "CREDIT_CARD");
    CHECK(classes_in("tel.+4930901820") == "PHONE_NUMBER");
    CHECK(classes_in("\"john@example.com\"") == "EMAIL_ADDRESS");
    CHECK(classes_in("'john@example.com'") == "EMAIL_ADDRESS");
    CHECK(classes_in("john@example.com, 42") == "EMAIL_ADDRESS");
    CHECK(classes_in("JOHN@EXAMPLE.COM") == "EMAIL_ADDRESS");
}

TEST_CASE("a word of the text itself speaks for a weak rule, from nearby and from before only") {
    CHECK(classes_in("Phone: 415-555-2671") == "PHONE_NUMBER");
    CHECK(classes_in("his phone number is (415) 555-2671.") == "PHONE_NUMBER");
    CHECK(classes_in("NHS number 943 476 5919") == "UK_NHS");
    CHECK(classes_in("login from IP 203.0.113.7") == "IP_ADDRESS");
    CHECK(classes_in("Aadhaar 2994 3710 4873") == "IN_AADHAAR");
    CHECK(classes_in("415-555-2671 is his phone") == "");
    CHECK(classes_in("The phone was broken when the parcel with the number 415-555-2671 came") == "");
    CHECK(classes_in("microphone 415-555-2671") == "");
    CHECK(classes_in("iPhone 14 Pro 2023") == "");
    CHECK(classes_in("version 203.0.113.7") == "");
}

TEST_CASE("escapes hide nothing: percent, entities, \\u, in any mixture with what is there as it is") {
    for (const char* text : {"q=john%40example.com&x=1", "mailto:john&#64;example.com", "john&#x40;example&#46;com", "{\"m\": \"john\\u0040example.com\"}",
                             "john&commat;example&period;com", "%6aohn%40example%2Ecom", "a@b.example john%40example.com"}) {
        CAPTURE(text);
        const std::string masked = test::shipped_masker().mask_text(text, "");
        CHECK(masked.find("example.com") == std::string::npos);
        CHECK(masked.find("john") == std::string::npos);
        CHECK(masked.find("[EMAIL_ADDRESS]") != std::string::npos);
    }
    CHECK(classes_in("card=4111%201111%201111%201111") == "CREDIT_CARD");
    CHECK(classes_in("ssn 536&#45;22&#45;1234") == "US_SSN");
    CHECK(classes_in("100%25 of 50% &amp; 3 &lt; 4, C:\\users\\u0041") == "");
}
