// Lineage: from which stored columns every output column comes, and which stored columns a statement tells
// something about without returning them.
//
// Not here: kinds, effects, relations and functions used (judge). Follows views and SQL function bodies
// through the catalog; what it derives of them is kept in the snapshot's memo. What it does not know is
// Flow::Opaque or leaves columns_known false. Pure; one thread a call; reads hostile trees, which
// within_bounds has measured.
#pragma once

#include "sql/analyze.h"

struct Node;

namespace pgveil::sql {

/// Of one statement (RawStmt::stmt): sets columns, columns_known and has_result of `statement`, adds to
/// predicates and assignments of `analysis`, which is of this statement alone, and sets its
/// may_raise_from_data: whether an expression of it could raise on what columns hold.
void trace(const Node* node, const Context& context, Statement& statement, Analysis& analysis);

}  // namespace pgveil::sql
