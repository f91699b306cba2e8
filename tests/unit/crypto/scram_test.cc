#include "crypto/scram.h"

#include <doctest/doctest.h>

#include "crypto/encode.h"

using namespace pgveil;
using namespace pgveil::crypto;

namespace {
// RFC 7677 section 3: user "user", password "pencil".
const std::string AuthMessage =
    "n=user,r=rOprNGfwEbeRWgbNEkqO,"
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
ScramVerifier rfc_verifier() {
    return make_verifier(Secret("pencil"), *from_base64("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096);
}
std::string prepared(std::string_view password) { return std::string(text_of(saslprep(Secret(password)).reveal())); }
}  // namespace

TEST_CASE("proof and server signature agree with RFC 7677") {
    const Secret salted = salted_password(Secret("pencil"), *from_base64("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096);
    const Digest proof = client_proof(client_key(salted), AuthMessage);
    CHECK(base64(proof) == "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    CHECK(check_proof(rfc_verifier(), AuthMessage, proof));
    CHECK(base64(server_signature(rfc_verifier(), AuthMessage)) == "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

TEST_CASE("a proof with one bit changed, or for another message, is refused") {
    const Secret salted = salted_password(Secret("pencil"), *from_base64("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096);
    Digest proof = client_proof(client_key(salted), AuthMessage);
    CHECK_FALSE(check_proof(rfc_verifier(), AuthMessage + "x", proof));
    proof[31] ^= 1;
    CHECK_FALSE(check_proof(rfc_verifier(), AuthMessage, proof));
}

TEST_CASE("a verifier is printed as PostgreSQL keeps it and read back") {
    const std::string text = print(rfc_verifier());
    CHECK(text.starts_with("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"));
    const auto back = parse_verifier(text);
    REQUIRE(back);
    CHECK(print(*back) == text);
}

TEST_CASE("text that is no verifier is refused") {
    const std::string good = print(rfc_verifier());
    CHECK_FALSE(parse_verifier(""));
    CHECK_FALSE(parse_verifier("md5c20c4f7a7a1a6f1ff1c4ebc1d0a4f2f8"));
    CHECK_FALSE(parse_verifier("SCRAM-SHA-256$0" + good.substr(18)));
    CHECK_FALSE(parse_verifier("SCRAM-SHA-256$-4096" + good.substr(18)));
    CHECK_FALSE(parse_verifier("SCRAM-SHA-256$99999999999" + good.substr(18)));
    CHECK(parse_verifier("SCRAM-SHA-256$4096" + good.substr(18)));
    for (std::size_t length = 0; length < good.size(); ++length) CHECK_FALSE(parse_verifier(good.substr(0, length)));
    CHECK_FALSE(parse_verifier(good + "A"));
    CHECK_FALSE(parse_verifier(good + " "));
}

TEST_CASE("SASLprep gives RFC 4013's examples and leaves what it prohibits alone") {
    CHECK(prepared("plain") == "plain");
    CHECK(prepared("I\xC2\xADX") == "IX");                  // soft hyphen mapped to nothing
    CHECK(prepared("\xC2\xAA") == "a");                     // NFKC
    CHECK(prepared("\xE2\x85\xA8") == "IX");                // roman numeral nine
    CHECK(prepared("a\xC2\xA0z") == "a z");                 // no-break space becomes space
    CHECK(prepared("\x07") == "\x07");                      // prohibited: as it came
    CHECK(prepared("\xD8\xA7\x31") == "\xD8\xA7\x31");      // fails the bidi rule: as it came
    CHECK(prepared("e\xCC\x81") == "\xC3\xA9");             // composed
    CHECK(prepared("\xFF\xFE") == "\xFF\xFE");              // not UTF-8
    CHECK(prepared("\xC2\xAD") == "\xC2\xAD");              // nothing left: as it came
}
