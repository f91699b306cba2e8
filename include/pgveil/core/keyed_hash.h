// KeyedHash: how rooms that may not see libcrypto hash with a key. crypto/ implements it
// (HMAC-SHA-256); masking and the SQL lexer take it as an argument. Immutable, any thread.
#pragma once

#include <array>

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
};

}  // namespace pgveil
