// Local shapes: rows the proxy makes itself (SHOW pgveil.*, pgveil.request and its kin), with types and
// both formats, since drivers describe before they bind. Pure; shapes are fixed by the contract.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "protocol/encoder.h"
#include "sql/analysis.h"
#include "pgveil/core/request.h"

namespace pgveil::relay {

struct LocalColumn {
    std::string_view name;
    Oid type;                // text, bool, int8, jsonb or timestamptz
};
/// Text of a cell: bool "t"/"f", int8 decimal, timestamptz as microseconds since 1970; nullopt is NULL.
using LocalRow = std::vector<std::optional<std::string>>;

/// Columns of a local statement's result; empty: it has none (SET).
[[nodiscard]] std::span<const LocalColumn> shape_of(const sql::Analysis& analysis);
void put_local_description(Bytes& out, std::span<const LocalColumn> shape, std::span<const std::int16_t> formats);
void put_local_row(Bytes& out, std::span<const LocalColumn> shape, const LocalRow& row, std::span<const std::int16_t> formats);

[[nodiscard]] LocalRow row_of_request(const RequestView& request);
[[nodiscard]] std::string micros(WallTime time);

}  // namespace pgveil::relay
