// Text forms of bytes: hex, base64 (RFC 4648 section 4, padded), base32 in Crockford's alphabet.
//
// Decoders are strict: canonical padding, zero spare bits, no white space, nothing left over, and an answer
// bounded by the length of the input. Not constant in time: encode no secret whose timing matters.
// Values only, any thread. Hostile: yes, the decoders read what clients and files say.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "pgveil/core/bytes.h"

namespace pgveil::crypto {

/// Lower case, two characters a byte.
[[nodiscard]] std::string hex(ByteView bytes);
/// Both cases are read; nullopt for an odd length or a foreign character.
[[nodiscard]] std::optional<Bytes> from_hex(std::string_view text);

[[nodiscard]] std::string base64(ByteView bytes);
[[nodiscard]] std::optional<Bytes> from_base64(std::string_view text);

/// Crockford's alphabet in lower case, most significant bits first, the last character filled with zero bits.
[[nodiscard]] std::string base32(ByteView bytes);

}  // namespace pgveil::crypto
