// RFC 3339 in UTC with microseconds, the one spelling of time in the log: 2026-01-31T23:59:59.000001Z.
// Values, any thread. Hostile: parse_time reads files and command lines.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "pgveil/core/clock.h"

namespace pgveil::audit {

void append_time(std::string& out, WallTime time);
[[nodiscard]] std::string print_time(WallTime time);
/// The spelling above; with `loose` also a date alone, or fewer fraction digits: what people type.
[[nodiscard]] std::optional<WallTime> parse_time(std::string_view text, bool loose = false);
[[nodiscard]] WallTime wall_now();

}  // namespace pgveil::audit
