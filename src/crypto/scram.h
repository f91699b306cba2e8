// SCRAM-SHA-256 arithmetic (RFC 5802, 7677) and the verifier text PostgreSQL keeps in pg_authid.
//
// The exchange itself, messages and nonces, is auth/scram_server. A verifier is not a password, but a
// thief of it can try passwords and can pose as the server: do not log it. Values, any thread.
// Hostile: parse_verifier reads config text, check_proof what clients send.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "pgveil/core/bytes.h"
#include "pgveil/core/keyed_hash.h"
#include "pgveil/core/secret.h"

namespace pgveil::crypto {

/// Iterations PostgreSQL 15 uses, and the salt length it draws.
inline constexpr std::uint32_t ScramDefaultIterations = 4096;
inline constexpr std::size_t ScramSaltBytes = 16;

struct ScramVerifier {
    std::uint32_t iterations = 0;
    Bytes salt;
    Digest stored_key{}, server_key{};
};

/// `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`; nullopt for anything else.
[[nodiscard]] std::optional<ScramVerifier> parse_verifier(std::string_view text);
[[nodiscard]] std::string print(const ScramVerifier& verifier);

/// SASLprep as PostgreSQL applies it: the prepared password, or the very bytes when they are not UTF-8 or
/// hold a character the profile prohibits.
[[nodiscard]] Secret saslprep(const Secret& password);

/// PBKDF2-HMAC-SHA-256 of the prepared password. `iterations` >= 1.
[[nodiscard]] Secret salted_password(const Secret& password, ByteView salt, std::uint32_t iterations);
[[nodiscard]] ScramVerifier make_verifier(const Secret& password, ByteView salt, std::uint32_t iterations);

[[nodiscard]] Digest client_key(const Secret& salted);
[[nodiscard]] Digest server_key(const Secret& salted);
[[nodiscard]] Digest stored_key(const Digest& client_key);

/// What a client sends: ClientKey XOR HMAC(StoredKey, AuthMessage).
[[nodiscard]] Digest client_proof(const Digest& client_key, std::string_view auth_message);
/// Does the proof show the password behind `verifier`? Constant time.
[[nodiscard]] bool check_proof(const ScramVerifier& verifier, std::string_view auth_message, const Digest& proof);
[[nodiscard]] Digest server_signature(const ScramVerifier& verifier, std::string_view auth_message);

}  // namespace pgveil::crypto
