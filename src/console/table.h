// Table: rows the console makes itself, and how they go on the wire in text or binary form.
//
// Columns are known per command before anything runs, since drivers describe first. Values; any thread. Texts
// are already inert when they get here (control/visible_text.h).
#pragma once

#include <span>
#include <string>
#include <variant>
#include <vector>

#include "console/command.h"
#include "pgveil/core/bytes.h"
#include "pgveil/core/clock.h"
#include "pgveil/core/pg_types.h"

namespace pgveil::console {

struct Column {
    std::string_view name;
    Oid type = type_oid::Text;
};

/// Monostate is NULL.
using Cell = std::variant<std::monostate, std::string, std::int64_t, bool, WallTime>;
using Row = std::vector<Cell>;

/// The columns of a command's answer; empty: it answers without rows.
[[nodiscard]] std::span<const Column> columns_of(const Command& command);

/// Result format codes as Bind gives them: none, one for all, or one each.
using Formats = std::span<const std::int16_t>;
[[nodiscard]] bool formats_fit(Formats formats, std::size_t columns);
void put_columns(Bytes& out, std::span<const Column> columns, Formats formats);
void put_row(Bytes& out, const Row& row, Formats formats);

/// "2026-11-22 10:32:08.5+00", as DateStyle ISO in UTC.
[[nodiscard]] std::string timestamp_text(WallTime time);
/// The epoch stands for "never": NULL.
[[nodiscard]] Cell time_cell(WallTime time);
[[nodiscard]] inline Cell number(std::uint64_t n) { return static_cast<std::int64_t>(n); }

}  // namespace pgveil::console
