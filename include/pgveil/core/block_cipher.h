// BlockCipher: how rooms that may not see libcrypto encrypt one block with a key. crypto/ implements it (AES-256);
// masking builds format-preserving encryption on it. Immutable, any thread.
#pragma once

#include <array>

#include "pgveil/core/bytes.h"

namespace pgveil {

class BlockCipher {
  public:
    using Block = std::array<Byte, 16>;
    BlockCipher() = default;
    BlockCipher(const BlockCipher&) = delete;
    BlockCipher& operator=(const BlockCipher&) = delete;
    virtual ~BlockCipher() = default;
    [[nodiscard]] virtual Block encrypt(const Block& block) const = 0;
};

}  // namespace pgveil
