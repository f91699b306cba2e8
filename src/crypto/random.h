// Unpredictable bytes and ids. Ends the process when the system has no randomness to give: a nonce or key
// that can be guessed is worse than no proxy. Any thread.
#pragma once

#include <string>

#include "pgveil/core/bytes.h"

namespace pgveil::crypto {

[[nodiscard]] Bytes random_bytes(std::size_t count);
void fill_random(std::span<Byte> out);

/// `prefix` followed by 128 random bits as 26 base32 characters: r_..., g_...
[[nodiscard]] std::string random_id(std::string_view prefix);

}  // namespace pgveil::crypto
