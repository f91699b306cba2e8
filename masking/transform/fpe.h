// Format-preserving encryption of values: the same length, digits for digits, letters for letters, separators kept;
// unique, and reversible with the key. On FF1 (ff1.h); what has fewer than 10^6 forms is refused.
//
// Card numbers come out with a wrong check digit on purpose, so that none is anybody's card. Pure; hostile bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "transform/ff1.h"

namespace pgveil::masking {

/// Appends the encrypted (or decrypted) text. False, and nothing is appended: too few forms, too many, or letters
/// beyond ASCII. `class_name` is the tweak, so that one number is another under another class.
[[nodiscard]] bool append_fpe(const BlockCipher& cipher, Direction direction, std::string_view class_name, std::string_view value, std::string& to);
/// Integers: those below 2^31 stay below it, larger ones stay larger; the sign is kept.
[[nodiscard]] std::optional<std::int64_t> fpe_integer(const BlockCipher& cipher, Direction direction, std::string_view class_name, std::int64_t value);
/// Sixteen bytes (a uuid) as 128 bits.
[[nodiscard]] bool fpe_bytes(const BlockCipher& cipher, Direction direction, std::string_view class_name, std::span<Byte> bytes);

}  // namespace pgveil::masking
