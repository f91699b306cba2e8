#include "audit/note.h"

#include <doctest/doctest.h>

#include <fstream>

#include "audit/note_reader.h"
#include "crypto/digest.h"
#include "crypto/encode.h"
#include "log_fixture.h"

using namespace pgveil;
using namespace pgveil::audit;

namespace {

const SignerKey Key = generate_signer("example.com/log");

SignedCheckpoint parsed(const std::string& text) {
    std::size_t length = 0;
    auto note = parse_note(text, length);
    REQUIRE(note);
    CHECK(length == text.size());
    return *note;
}

}  // namespace

TEST_CASE("the verifier key of the C2SP signed-note page is read, printed and checks its note") {
    // The example key and note of golang.org/x/mod/sumdb/note.
    const std::string text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const auto key = parse_verifier_key(text);
    REQUIRE(key);
    CHECK(key->name == "PeterNeumann");
    CHECK(print(*key) == text);
    std::string changed = text;
    changed[14] = '8';
    CHECK_FALSE(parse_verifier_key(changed));
    CHECK_FALSE(parse_verifier_key("PeterNeumann+c74f20a3"));
    CHECK_FALSE(parse_verifier_key(""));
}

TEST_CASE("a signer key returns from its text with the same verifier") {
    const auto again = parse_signer_key(print(Key));
    REQUIRE(again);
    CHECK(again->verifier() == Key.verifier());
    CHECK_FALSE(parse_signer_key(Secret("PRIVATE+KEY+x")));
    CHECK_FALSE(parse_signer_key(Secret(print(Key.verifier()))));
}

TEST_CASE("a checkpoint is a signed note of five lines that verifies under its key alone") {
    const std::string text = sign_note(Key, {7, crypto::sha256("root")});
    CHECK(text.starts_with("example.com/log\n7\n" + crypto::base64(crypto::sha256("root")) + "\n\n\xe2\x80\x94 example.com/log "));
    const SignedCheckpoint note = parsed(text);
    CHECK(verify(Key.verifier(), note));
    CHECK(print(note) == text);
    CHECK_FALSE(verify(generate_signer("example.com/log").verifier(), note));
    CHECK_FALSE(verify(VerifierKey{"example.com/other", Key.verifier().key}, note));
}

TEST_CASE("no changed bit of a note leaves it valid and unchanged") {
    const std::string text = sign_note(Key, {123456, crypto::sha256("root")});
    const SignedCheckpoint good = parsed(text);
    std::string bad = text;
    for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ 1 << bit % 8);
        std::size_t length = 0;
        const auto note = parse_note(bad, length);
        CHECK_FALSE((note && verify(Key.verifier(), *note)));
        bad[bit / 8] = text[bit / 8];
    }
}

TEST_CASE("checkpoints are found in anchor files and in syslog lines") {
    const SignedCheckpoint first = parsed(sign_note(Key, {1, crypto::sha256("a")}));
    const SignedCheckpoint second = parsed(sign_note(Key, {2, crypto::sha256("b")}));
    const std::string text = "junk\n" + print(first) + "\nNov 22 10:00:00 host pgveil[1]: " + one_line(second) + "\nend";
    const auto found = find_checkpoints(text);
    REQUIRE(found.size() == 2);
    CHECK(found[0] == first);
    CHECK(found[1] == second);
    CHECK(verify(Key.verifier(), found[1]));
}

TEST_CASE("a notes file is read in order across buffers, and bytes torn by a crash are one region") {
    const LogFixture fixture;
    const std::string path = (fixture.base / "x.notes").string();
    std::string text;
    for (std::uint64_t size = 0; size < 1000; ++size) text += sign_note(Key, {size, Digest{}}) + "\n";
    const std::string torn = sign_note(Key, {1000, Digest{}}).substr(0, 90);
    const std::size_t torn_at = text.size();
    text += torn + "\n\n" + sign_note(Key, {1001, Digest{}}) + "\n";
    LogFixture::write(path, text);
    NoteReader reader(std::move(*open_read(path)));
    std::size_t notes = 0, strange = 0;
    while (const auto region = reader.next()) {
        if (region->note) {
            CHECK(region->note->checkpoint.size == (notes < 1000 ? notes : 1001));
            ++notes;
        } else {
            ++strange;
            CHECK(region->offset == torn_at);
            CHECK(region->length == torn.size());
        }
    }
    CHECK(notes == 1001);
    CHECK(strange == 1);
}

TEST_CASE("key names that would not fit into lines are refused") {
    CHECK(is_key_name("pgveil"));
    for (const std::string_view name : {"", "a b", "a+b", "a\nb", "a\u202Eb", "\xff"}) CHECK_FALSE(is_key_name(name));
}
