// What a built-in that is not immutable says: nothing but its arguments and the server's own facts, or stored data.
//
// A name in neither list is one that nobody has looked at (a newer server's) or that no read may call: its result is
// opaque. builtin_pure_test names every PostgreSQL 15 built-in that is missing here. Pure, any thread.
#pragma once

#include <string_view>

namespace pgveil::sql {

/// A pg_catalog function (all overloads alike) whose result tells nothing of stored rows but what its arguments tell.
[[nodiscard]] bool listed_pure(std::string_view name);
/// One that was looked at and tells more: opaque, as an unlisted one is.
[[nodiscard]] bool listed_telling(std::string_view name);

}  // namespace pgveil::sql
