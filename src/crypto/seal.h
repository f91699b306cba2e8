// Sealing: AES-256-GCM with a fresh random nonce. What is sealed can be read only with the key and only
// beside the same `context` (the row it belongs to), so a sealed body cannot be moved to another row.
//
// One key seals at most 2^32 bodies (random 96-bit nonces). Any thread. Hostile: open_sealed reads what a
// store returned.
#pragma once

#include <optional>

#include "pgveil/core/bytes.h"
#include "pgveil/core/secret.h"

namespace pgveil::crypto {

/// nonce (12) || ciphertext || tag (16). The key has 32 bytes; any other length gives an empty answer.
[[nodiscard]] Bytes seal(const Secret& key, ByteView context, ByteView plain);

/// nullopt when the key, the context or any bit differs.
[[nodiscard]] std::optional<Secret> open_sealed(const Secret& key, ByteView context, ByteView sealed);

}  // namespace pgveil::crypto
