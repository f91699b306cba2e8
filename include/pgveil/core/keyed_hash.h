// KeyedHash: how rooms that may not see libcrypto hash with a key. crypto/ implements it
// (HMAC-SHA-256); masking and the SQL lexer take it as an argument. Immutable, any thread.
#pragma once

#include <array>
#include <memory>

#include "pgveil/core/block_cipher.h"
#include "pgveil/core/bytes.h"

namespace pgveil {

using Digest = std::array<Byte, 32>;

class KeyedHash {
  public:
    KeyedHash() = default;
    KeyedHash(const KeyedHash&) = delete;
    KeyedHash& operator=(const KeyedHash&) = delete;
    virtual ~KeyedHash() = default;
    /// HMAC-SHA-256(key, len(domain) as u32 || domain || message). `domain` separates uses of one key.
    [[nodiscard]] virtual Digest hash(std::string_view domain, ByteView message) const = 0;
    /// A cipher under a key that is derived from this one and `domain`; no cipher's key can meet another's, nor a hash.
    /// nullptr: this key has none, and what would need it is redacted.
    [[nodiscard]] virtual std::unique_ptr<BlockCipher> cipher(std::string_view domain) const {
        (void)domain;
        return nullptr;
    }
};

}  // namespace pgveil
