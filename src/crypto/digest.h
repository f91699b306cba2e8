// SHA-256, HMAC-SHA-256 and CRC-32C.
//
// Sha256 is a value: copying one keeps a common beginning, which is how HMAC and Merkle hashing avoid
// work. No allocation, no shared state, any thread (one thread per object). Hostile: any bytes will do.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "pgveil/core/bytes.h"
#include "pgveil/core/keyed_hash.h"
#include "pgveil/core/secret.h"

namespace pgveil::crypto {

class Sha256 {
  public:
    Sha256();
    Sha256& update(ByteView bytes);
    Sha256& update(std::string_view text) { return update(bytes_of(text)); }
    /// The digest of everything so far; afterwards only assignment and destruction make sense.
    [[nodiscard]] Digest finish();

  private:
    std::array<std::uint64_t, 14> state_;  // libcrypto's own context, kept opaque to other rooms
};

[[nodiscard]] Digest sha256(ByteView bytes);
[[nodiscard]] inline Digest sha256(std::string_view text) { return sha256(bytes_of(text)); }

/// HMAC-SHA-256 with the two key blocks hashed once. Erases its state. Immutable, any thread.
class HmacSha256 {
  public:
    explicit HmacSha256(ByteView key);
    HmacSha256(const HmacSha256&) = delete;
    HmacSha256& operator=(const HmacSha256&) = delete;
    ~HmacSha256();
    [[nodiscard]] Digest hash(ByteView message) const { return hash({}, message); }
    /// Of the two parts joined.
    [[nodiscard]] Digest hash(ByteView first, ByteView second) const;

  private:
    Sha256 inner_, outer_;
};

[[nodiscard]] Digest hmac_sha256(ByteView key, ByteView message);

/// core's KeyedHash over `key`; the domain is framed by its length, so no two uses of one key can meet.
[[nodiscard]] std::unique_ptr<KeyedHash> make_keyed_hash(const Secret& key);

/// CRC-32C (Castagnoli), as iSCSI and PostgreSQL use it. Finds torn writes, not intruders.
[[nodiscard]] std::uint32_t crc32c(ByteView bytes);

/// Equal length and bytes, in time that depends on the lengths alone.
[[nodiscard]] bool constant_time_equal(ByteView a, ByteView b);

/// Overwrites in a way the compiler may not drop.
void erase(void* at, std::size_t size);

}  // namespace pgveil::crypto
