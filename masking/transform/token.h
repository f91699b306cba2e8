// Token: what keyed transforms make of a value: HMAC over the class's canonical form, and the marker by which the
// key's holder knows a token as its own. Pure but for a thread's buffer, which is wiped.
#pragma once

#include <string_view>

#include "pgveil/core/keyed_hash.h"

namespace pgveil::masking {

/// Equal for values whose canonical form (append_canonical) is equal.
[[nodiscard]] Digest token_of(std::string_view key_domain, std::string_view class_name, std::string_view value, const KeyedHash& keys);
/// What only the key's holder can put behind `token`.
[[nodiscard]] Digest marker_of(std::string_view token, const KeyedHash& keys);
/// Eight bytes of the digest as a number.
[[nodiscard]] std::uint64_t number_in(const Digest& digest, std::size_t at);

}  // namespace pgveil::masking
