// SCRAM messages from a client: never accepted, since no input knows the password; after a refusal nothing is
// answered any more; what is sent holds no NUL and stays short.
#include "auth/scram_server.h"
#include "crypto/digest.h"
#include "fuzz.h"

using namespace pgveil;
using pgveil::fuzz::require;
using namespace pgveil::auth;

namespace {

void check(const ScramReply& reply) {
    require(reply.outcome != ScramOutcome::Accepted, "no input knows the password");
    require(reply.message.size() <= 2 * MaxSaslMessage, "answers are bounded");
    require(reply.message.find('\0') == std::string::npos, "answers hold no NUL");
}

/// The input is split at LF: mechanism, then messages.
void exchange(std::string_view text, bool known, bool plus) {
    static const auto Mock = crypto::make_keyed_hash(Secret("mock"));
    static const auto Verifier = crypto::make_verifier(Secret("a password no input holds"), Bytes(16, 7), 1);
    ScramSettings settings;
    settings.name = "agent";
    if (known) settings.verifier = Verifier;
    if (plus) settings.endpoint_hash.assign(32, 0x55);
    ScramServer server(settings, *Mock);
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view mechanism = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    bool first = true, over = false;
    while (!text.empty()) {
        const std::size_t stop = std::min(text.find('\n'), text.size());
        const std::string_view message = text.substr(0, stop);
        text.remove_prefix(std::min(stop + 1, text.size()));
        const ScramReply reply = first ? server.initial(mechanism, message) : server.response(message);
        first = false;
        check(reply);
        require(!over || reply.outcome == ScramOutcome::Malformed, "an exchange that is over stays over");
        over = reply.outcome != ScramOutcome::Continue;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const bool known : {false, true}) {
        for (const bool plus : {false, true}) exchange(text, known, plus);
    }
    // Verifier text: what is read is printed back as it stood, leading zeros of the count apart.
    if (const auto verifier = crypto::parse_verifier(text)) {
        require(crypto::parse_verifier(crypto::print(*verifier)).has_value(), "a verifier read is a verifier printed");
    }
    return 0;
}
