// Dates and timestamps: days and microseconds since 2000-01-01, as the server counts them, and their ISO text. The
// years 1 to 9999 only, which is what clients' own types hold. Part of Scalar's codec. Pure; hostile bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pgveil::masking {

struct CivilDate {
    int year = 0, month = 0, day = 0;
};
inline constexpr std::int64_t kMicrosecondsADay = 86'400'000'000;

[[nodiscard]] std::int64_t days_of(const CivilDate& date);
[[nodiscard]] CivilDate date_of(std::int64_t days);
/// False beyond the years 1 to 9999.
[[nodiscard]] bool is_held_day(std::int64_t days);

/// "1980-02-03".
[[nodiscard]] std::optional<std::int64_t> read_iso_date(std::string_view text);
/// "1980-02-03 04:05:06.789+01", blank or T between, zone optional; the answer is in UTC.
[[nodiscard]] std::optional<std::int64_t> read_iso_timestamp(std::string_view text);
void append_iso_date(std::int64_t days, std::string& to);
/// With "+00" behind it if `zoned`.
void append_iso_timestamp(std::int64_t microseconds, bool zoned, std::string& to);

}  // namespace pgveil::masking
