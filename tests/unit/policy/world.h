// The small database that policy's tests judge statements against.
#pragma once

#include <string>
#include <string_view>

#include "policy/decide.h"

namespace pgveil::policy::test {

/// public: orders, staging, secrets, customers(id,email,ssn,birth_date,active,note), events (partitioned:
/// events_1), v_customers; odd."dotted.table"; pg_catalog: pg_stats.
[[nodiscard]] catalog::Snapshot make_world();

[[nodiscard]] ColumnId column_of(const catalog::Snapshot& world, std::string_view table, std::string_view column);

/// email pseudonym, ssn null, birth_date redact, active redact, note clear; customers only.
[[nodiscard]] TagTable make_world_tags(const catalog::Snapshot& world);

}  // namespace pgveil::policy::test
