// Plans: from policy's directives and the server's description to the masking engine's row plan.
// Pure. The strictest of lineage and RowDescription wins; what neither knows is withheld or redacted.
#pragma once

#include "relay/judge.h"

namespace pgveil::relay {

/// `result` is the index of the statement of the text whose rows these are.
[[nodiscard]] masking::RowPlan make_plan(const Judged* judged, std::size_t result, const Description& description,
                                         std::span<const std::int16_t> formats, const DatabaseView& view);

/// A column of RowDescription with its type taken apart by the catalog.
[[nodiscard]] masking::Column column_of(std::string_view name, ColumnId id, Oid type, const catalog::Snapshot& catalog);

}  // namespace pgveil::relay
