// Argument fit: whether PostgreSQL could pass a value of one type where a function declares another, without a word in
// the text (func_match_argtypes in parse_func.c, can_coerce_type in parse_coerce.c).
//
// Only ever says no where the server would. Pure; any thread.
#pragma once

#include "catalog/catalog.h"

namespace pgveil::sql {

/// `given` {0}: the type is not known, and everything fits.
[[nodiscard]] bool could_pass(Oid given, Oid declared, const catalog::Snapshot& catalog);

}  // namespace pgveil::sql
