// AES-256, one block at a time: what masking's format-preserving encryption is built on. Not a mode of operation;
// nobody else may encrypt data with it. Immutable, any thread.
#pragma once

#include <memory>

#include "pgveil/core/block_cipher.h"

namespace pgveil::crypto {

/// `key` has 32 bytes (AES-256), or 16 or 24 for the published examples; any other size gives nullptr.
[[nodiscard]] std::unique_ptr<BlockCipher> make_aes(ByteView key);
[[nodiscard]] inline std::unique_ptr<BlockCipher> make_aes256(ByteView key) { return key.size() == 32 ? make_aes(key) : nullptr; }

}  // namespace pgveil::crypto
