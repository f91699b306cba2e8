// SHA-256, for checking the check sums that wallets' addresses carry. Not for secrets: crypto/ hashes those. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace pgveil::masking {

/// Of at most 55 bytes (one block); longer input gives zeros.
[[nodiscard]] std::array<std::uint8_t, 32> short_sha256(std::span<const std::uint8_t> bytes);

}  // namespace pgveil::masking
