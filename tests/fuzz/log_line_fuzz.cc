// What a verifier reads from a log it does not trust: lines, notes, keys, proofs. A line that is read is written
// back to the same record; nothing active is ever printed; no proof or checkpoint holds under a fresh key.
#include "audit/json_text.h"
#include "audit/line.h"
#include "audit/log_scan.h"
#include "audit/note.h"
#include "audit/proof.h"
#include "crypto/digest.h"
#include "fuzz.h"

using namespace pgveil;
using pgveil::fuzz::require;
using namespace pgveil::audit;

namespace {

void check_inert(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) require(!is_active(next_character(text, at)), "what is printed is inert");
}

void check_line(std::string_view text) {
    const auto stored = parse_line(text);
    if (!stored || !stored->blobs.empty()) return;
    const RenderedLine again = render_line(stored->index, stored->record, stored->signed_size);
    check_inert(again.text);
    require(again.text.size() <= MaxLine, "lines are bounded");
    if (!again.blobs.empty()) return;
    const auto twice = parse_line(again.text);
    require(twice.has_value(), "what was written can be read");
    require(render_line(twice->index, twice->record, twice->signed_size).text == again.text, "one spelling");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const VerifierKey Key = generate_signer("pgveil").verifier();
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_line(text);
    // The checksum would stop almost everything: the rest is tried with a right one.
    check_line(std::string(text) + ",\"crc\":" + std::to_string(crypto::crc32c(bytes_of(text))) + "}");
    check_inert(shown(text));
    for (const SignedCheckpoint& note : find_checkpoints(text)) {
        require(!verify(Key, note), "no input is signed by a fresh key");
        std::size_t length = 0;
        require(parse_note(print(note), length) == note, "a note read is the note printed");
    }
    require(!check_proof(text, Key), "no input proves anything under a fresh key");
    if (const auto key = parse_verifier_key(text)) require(parse_verifier_key(print(*key)) == key, "a key read is the key printed");
    (void)parse_torn(text);
    return 0;
}
