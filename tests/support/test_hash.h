// TestHash: a KeyedHash for tests of rooms that may not see libcrypto. It mixes well and is not secure.
#pragma once

#include "pgveil/core/keyed_hash.h"

namespace pgveil::test {

class TestHash final : public KeyedHash {
  public:
    explicit TestHash(std::uint64_t key = 1) : key_(key) {}
    [[nodiscard]] Digest hash(std::string_view domain, ByteView message) const override {
        Digest digest{};
        for (std::uint64_t lane = 0; lane < 4; ++lane) {
            std::uint64_t state = 0x9E3779B97F4A7C15ULL * (key_ + lane + 1);
            const auto mix = [&](std::uint64_t value) {
                state = (state ^ value) * 0xBF58476D1CE4E5B9ULL;
                state ^= state >> 29U;
            };
            mix(domain.size());
            for (const char c : domain) mix(static_cast<unsigned char>(c));
            for (const Byte b : message) mix(b);
            mix(lane);
            for (std::size_t i = 0; i < 8; ++i) digest[lane * 8 + i] = static_cast<Byte>(state >> (8 * i));
        }
        return digest;
    }

  private:
    std::uint64_t key_;
};

}  // namespace pgveil::test
