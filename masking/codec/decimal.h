// Decimal numbers: integers, numeric, floats and money as digits, in text and binary (int*send, numeric_send,
// float*send, cash_send of the server's sources). Part of Scalar's codec. Pure; hostile bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "pgveil/core/pg_types.h"

namespace pgveil::masking {

[[nodiscard]] bool is_number_type(Oid type);
/// Digits in the canonical form of Scalar; nullopt: malformed, NaN, infinite, absurdly large.
[[nodiscard]] std::optional<std::string> read_decimal(Oid type, Format format, std::string_view value);
/// Appends an integer as a value of the type; false if it does not fit. Money has hundredths: `value` counts them.
[[nodiscard]] bool append_integer(std::int64_t value, Oid type, Format format, std::string& to);
/// "-007.50" -> "-7.5"; nullopt if it is no plain decimal.
[[nodiscard]] std::optional<std::string> canonical_decimal(std::string_view text);

}  // namespace pgveil::masking
