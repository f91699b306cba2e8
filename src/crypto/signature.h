// Ed25519 (RFC 8032): the log's and nobody else's signatures.
//
// SigningKey is a resource: it owns libcrypto's key, moves, is not copied; sign() may be called from one
// thread at a time. verify() reads hostile bytes; it answers false for anything that is not a signature.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "pgveil/core/bytes.h"
#include "pgveil/core/secret.h"

namespace pgveil::crypto {

using PublicKey = std::array<Byte, 32>;
using Signature = std::array<Byte, 64>;

class SigningKey {
  public:
    [[nodiscard]] static SigningKey generate();
    /// nullopt unless `seed` has 32 bytes.
    [[nodiscard]] static std::optional<SigningKey> from_seed(ByteView seed);
    SigningKey(SigningKey&&) noexcept;
    SigningKey& operator=(SigningKey&&) noexcept;
    ~SigningKey();

    [[nodiscard]] Signature sign(ByteView message) const;
    [[nodiscard]] PublicKey public_key() const;
    [[nodiscard]] Secret seed() const;

  private:
    struct Handle;
    explicit SigningKey(std::unique_ptr<Handle> handle);
    std::unique_ptr<Handle> handle_;
};

[[nodiscard]] bool verify(const PublicKey& key, ByteView message, ByteView signature);

}  // namespace pgveil::crypto
