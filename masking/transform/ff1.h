// FF1: format-preserving encryption of numeral strings (NIST SP 800-38G, algorithms 7 and 8) over a block cipher.
//
// A permutation of all strings of one length over one radix, keyed, and different for each tweak. Domains below
// kLeastDomain are refused: they can be searched. Pure; no allocation.
#pragma once

#include <cstdint>
#include <span>

#include "pgveil/core/block_cipher.h"

namespace pgveil::masking {

enum class Direction : std::uint8_t { Encrypt, Decrypt };

inline constexpr std::size_t kMostNumerals = 128, kMostTweak = 64;
inline constexpr std::uint32_t kLeastDomain = 1'000'000;

/// Transforms `numerals` (each below `radix`, the most significant first) in place. False, and nothing is changed: a
/// domain below kLeastDomain, half a string beyond 120 bits, a tweak or a string too long.
[[nodiscard]] bool ff1(const BlockCipher& cipher, Direction direction, std::uint32_t radix, ByteView tweak, std::span<std::uint16_t> numerals);

}  // namespace pgveil::masking
