// lineage_raises: which calls and operators never raise on what columns hold. Everything else may, so that its errors
// are made neutral beside sensitive data. Pure, any thread.
#pragma once

#include "sql/lineage_values.h"
#include "sql/tree.h"

namespace pgveil::sql {

/// A function of PostgreSQL's own, all overloads that take so many arguments alike.
[[nodiscard]] bool never_raises(std::string_view function, std::size_t arguments);
/// Between two values of these types and origins.
[[nodiscard]] bool never_raises(const A_Expr& operation, const Value& left, const Value& right);

}  // namespace pgveil::sql
