#include "crypto/scram.h"

#include <openssl/evp.h>

#include <charconv>
#include <climits>
#include <cstdlib>

#include "crypto/digest.h"
#include "crypto/encode.h"

namespace pgveil::crypto {
namespace {

constexpr std::string_view Scheme = "SCRAM-SHA-256$";
constexpr std::size_t MaxSaltBytes = 1024;

/// Cuts `text` at the first `mark`: the part before it, and `text` becomes the part after.
std::optional<std::string_view> take_until(std::string_view& text, char mark) {
    const std::size_t at = text.find(mark);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view head = text.substr(0, at);
    text.remove_prefix(at + 1);
    return head;
}

std::optional<Digest> digest_from_base64(std::string_view text) {
    const auto bytes = from_base64(text);
    Digest digest{};
    if (!bytes || bytes->size() != digest.size()) return std::nullopt;
    std::copy(bytes->begin(), bytes->end(), digest.begin());
    return digest;
}

std::optional<std::uint32_t> iterations_from(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    if (value == 0 || value > INT_MAX) return std::nullopt;
    return value;
}

}  // namespace

std::optional<ScramVerifier> parse_verifier(std::string_view text) {
    if (!text.starts_with(Scheme)) return std::nullopt;
    text.remove_prefix(Scheme.size());
    const auto iterations = take_until(text, ':');
    const auto salt = take_until(text, '$');
    const auto stored = take_until(text, ':');
    if (!iterations || !salt || !stored) return std::nullopt;
    const auto count = iterations_from(*iterations);
    auto salt_bytes = from_base64(*salt);
    const auto stored_digest = digest_from_base64(*stored);
    const auto server_digest = digest_from_base64(text);
    if (!count || !salt_bytes || salt_bytes->empty() || salt_bytes->size() > MaxSaltBytes) return std::nullopt;
    if (!stored_digest || !server_digest) return std::nullopt;
    return ScramVerifier{*count, std::move(*salt_bytes), *stored_digest, *server_digest};
}

std::string print(const ScramVerifier& verifier) {
    return std::string(Scheme) + std::to_string(verifier.iterations) + ':' + base64(verifier.salt) + '$' +
           base64(verifier.stored_key) + ':' + base64(verifier.server_key);
}

Secret salted_password(const Secret& password, ByteView salt, std::uint32_t iterations) {
    const Secret prepared = saslprep(password);
    const ByteView bytes = prepared.reveal();
    Bytes out(32);
    const bool done = bytes.size() <= INT_MAX && salt.size() <= INT_MAX && iterations >= 1 && iterations <= INT_MAX &&
                      PKCS5_PBKDF2_HMAC(reinterpret_cast<const char*>(bytes.data()), static_cast<int>(bytes.size()),
                                        salt.data(), static_cast<int>(salt.size()), static_cast<int>(iterations),
                                        EVP_sha256(), static_cast<int>(out.size()), out.data()) == 1;
    // A password that derives nothing would let anybody in who also derives nothing.
    if (!done) std::abort();
    return Secret(std::move(out));
}

ScramVerifier make_verifier(const Secret& password, ByteView salt, std::uint32_t iterations) {
    const Secret salted = salted_password(password, salt, iterations);
    return {iterations, copy_of(salt), stored_key(client_key(salted)), server_key(salted)};
}

Digest client_key(const Secret& salted) { return hmac_sha256(salted.reveal(), bytes_of("Client Key")); }
Digest server_key(const Secret& salted) { return hmac_sha256(salted.reveal(), bytes_of("Server Key")); }
Digest stored_key(const Digest& key) { return sha256(ByteView(key)); }

Digest client_proof(const Digest& key, std::string_view auth_message) {
    Digest proof = hmac_sha256(stored_key(key), bytes_of(auth_message));
    for (std::size_t i = 0; i < proof.size(); ++i) proof[i] ^= key[i];
    return proof;
}

bool check_proof(const ScramVerifier& verifier, std::string_view auth_message, const Digest& proof) {
    Digest key = hmac_sha256(verifier.stored_key, bytes_of(auth_message));
    for (std::size_t i = 0; i < key.size(); ++i) key[i] ^= proof[i];
    const bool good = constant_time_equal(stored_key(key), verifier.stored_key);
    erase(key.data(), key.size());
    return good;
}

Digest server_signature(const ScramVerifier& verifier, std::string_view auth_message) {
    return hmac_sha256(verifier.server_key, bytes_of(auth_message));
}

}  // namespace pgveil::crypto
