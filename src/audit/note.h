// Checkpoints as C2SP signed notes: the tree's size and root, signed with Ed25519.
//
//   <origin> LF <size> LF <base64 root> LF LF "— <key name> <base64 of key id || signature>" LF
//
// Key texts are those of C2SP signed-note: `<name>+<8 hex>+<base64>` for the verifier, the same after
// `PRIVATE+KEY+` for the signer. Values. Any thread. Hostile: the parsers read files and command lines.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/signature.h"
#include "pgveil/core/keyed_hash.h"

namespace pgveil::audit {

struct VerifierKey {
    std::string name;
    crypto::PublicKey key{};
    bool operator==(const VerifierKey&) const = default;
};
[[nodiscard]] std::optional<VerifierKey> parse_verifier_key(std::string_view text);
[[nodiscard]] std::string print(const VerifierKey& key);

/// Names go into lines and notes: no white space, no '+', nothing active, 1 to 200 bytes.
[[nodiscard]] bool is_key_name(std::string_view name);

struct SignerKey {
    std::string name;
    crypto::SigningKey key;
    [[nodiscard]] VerifierKey verifier() const { return {name, key.public_key()}; }
};
[[nodiscard]] SignerKey generate_signer(std::string_view name);
[[nodiscard]] std::optional<SignerKey> parse_signer_key(const Secret& text);
[[nodiscard]] Secret print(const SignerKey& key);

struct Checkpoint {
    std::uint64_t size = 0;
    Digest root{};
    bool operator==(const Checkpoint&) const = default;
};

/// A checkpoint as it was read: nothing in it is believed before verify().
struct SignedCheckpoint {
    std::string origin, signer;
    Checkpoint checkpoint;
    Bytes signature;  // key id and signature of the last signature line
    bool operator==(const SignedCheckpoint&) const = default;
};

/// The whole note, as it is appended to a notes file.
[[nodiscard]] std::string sign_note(const SignerKey& key, const Checkpoint& checkpoint);
/// The same on one line, for syslog: `pgveil-checkpoint <origin> <size> <root> <signature>`.
[[nodiscard]] std::string one_line(const SignedCheckpoint& note);
[[nodiscard]] std::string print(const SignedCheckpoint& note);

/// Is it signed by `key`, under its name, for its origin?
[[nodiscard]] bool verify(const VerifierKey& key, const SignedCheckpoint& note);

/// A note at the beginning of `text`; `length` becomes its length. A note cut short is none.
[[nodiscard]] std::optional<SignedCheckpoint> parse_note(std::string_view text, std::size_t& length);

/// Every note and every one-line checkpoint in any text: an anchor file, a syslog extract.
[[nodiscard]] std::vector<SignedCheckpoint> find_checkpoints(std::string_view text);

}  // namespace pgveil::audit
