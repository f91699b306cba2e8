// array_values: how many values an array given as text or in binary form may hold; never less than it does.
//
// For counting what `= ANY (...)` compares, before the server has read it. What is no array by its form holds as many as
// there are words (oidvector, int2vector). PostgreSQL: array_in, array_recv (arrayfuncs.c). Hostile: the bytes.
#pragma once

#include <cstdint>
#include <string_view>

#include "pgveil/core/bytes.h"

namespace pgveil::sql {

/// More than anybody may compare.
inline constexpr std::uint32_t kUnknownCount = 1'000'000;

[[nodiscard]] std::uint32_t values_in_array(std::string_view text);
/// kUnknownCount if it is no array's binary form.
[[nodiscard]] std::uint32_t values_in_binary_array(ByteView value);

}  // namespace pgveil::sql
