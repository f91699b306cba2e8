// The name PostgreSQL gives an output column that has no AS (FigureColname). Borrows from the tree. Internal.
#pragma once

#include <string_view>

#include "sql/tree.h"

namespace pgveil::sql {

/// Of a SELECT or RETURNING item.
[[nodiscard]] std::string_view output_name(const ResTarget& target);

}  // namespace pgveil::sql
