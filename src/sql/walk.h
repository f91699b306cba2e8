// Walk: which nodes lie under a node, for every node the analysis knows.
//
// The whitelist of syntax: a node that is not listed in walk*.cc has no children here and is reported as unknown,
// so that a statement holding it is Kind::Unknown. Never recursive; the caller keeps its own stack. Pure.
#pragma once

#include <optional>
#include <vector>

#include "sql/analyze.h"
#include "sql/tree.h"

namespace pgveil::sql {

/// Appends the direct children of `node` to `out` (never null). False: a node this analysis does not know.
/// Lists count as nodes. Expressions, queries, and the clauses of both.
[[nodiscard]] bool append_children(const Node* node, std::vector<const Node*>& out);

/// As append_children, for the parts of utility statements and DDL; append_children falls back to it.
[[nodiscard]] bool append_utility_children(const Node* node, std::vector<const Node*>& out);

/// True if the tree keeps within `bounds` in depth and number of nodes. Once true, recursive walks of this
/// tree are safe on the stack that analyze.h asks for.
[[nodiscard]] bool within_bounds(const List* statements, const Bounds& bounds);

}  // namespace pgveil::sql
