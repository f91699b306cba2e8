// Scalar: a single value of a built-in type, taken out of PostgreSQL's text or binary form and put back.
//
// Only the types whose values a transform can replace by another of the same type: numbers, dates, timestamps, uuids,
// network and device addresses. What has no stand-in (booleans, times, intervals, geometry, bit strings) is not here
// and is masked by NULL. Forms: the server's *_out, *_send sources; output styles other than ISO are not understood.
// Hostile bytes: yes. Pure but for the Scalar's own text.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pgveil/core/bytes.h"
#include "pgveil/core/pg_types.h"

namespace pgveil::masking {

enum class ScalarKind : std::uint8_t { Number, Date, Timestamp, Uuid, Network, Device };

struct Scalar {
    ScalarKind kind = ScalarKind::Number;
    /// Numbers as digits: no exponent, no zeros in front, none behind the point. Equal numbers of all types are equal.
    std::string digits;
    std::int64_t number = 0;             // dates: days, timestamps: microseconds, both since 2000-01-01
    std::array<Byte, 16> bytes{};        // uuid, addresses
    std::uint8_t size = 0, prefix = 0;   // bytes used; network bits
};

/// True if values of the type are scalars.
[[nodiscard]] bool is_scalar(Oid type);
/// nullopt: malformed, infinite, out of what clients can hold, or a style that is not understood.
[[nodiscard]] std::optional<Scalar> read_scalar(Oid type, Format format, std::string_view value);
/// Appends the value. False, and nothing is appended: the type cannot hold it.
[[nodiscard]] bool append_scalar(const Scalar& scalar, Oid type, Format format, std::string& to);

/// The scalar as an integer; nullopt if it is none or too large.
[[nodiscard]] std::optional<std::int64_t> integer_of(const Scalar& scalar);
[[nodiscard]] Scalar number_scalar(std::int64_t value);

/// The value in the form in which equal values of different types are equal: "42", "1980-02-03", 32 hex digits.
void append_canonical_scalar(const Scalar& scalar, std::string& to);

}  // namespace pgveil::masking
