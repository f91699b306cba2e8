// Scope: which names a query level sees, by PostgreSQL's rules (parse_relation.c, parse_clause.c).
//
// Ranges are what FROM brings (tables, subqueries, functions, joins); a Scope is one query level with its
// ranges and CTEs. Inner levels shadow outer ones. Values of a range's columns are made when first asked
// for. Internal to src/sql; borrows names from tree and catalog; one thread.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"
#include "sql/lineage_values.h"

struct List;

namespace pgveil::sql {

struct KnownColumns;
struct Range;

struct RangeColumn {
    std::string_view name;
    Value value = {};
    const catalog::Column* stored = nullptr;  // of the range's relation; then `value` is made of `atom` when asked for
    AtomId atom = 0;
    Range* from = nullptr;                    // joins: the side it comes from, when `value` is not its own
    std::uint32_t from_at = 0;
};

struct Range {
    std::string_view name;           // alias or relation name; empty: none to refer to
    std::string_view schema;         // of a relation without alias: it may be called schema.name
    const catalog::Relation* relation = nullptr;
    std::shared_ptr<const KnownColumns> view;   // lineage of `relation`, if it is a followed view
    std::vector<RangeColumn> columns;
    bool complete = false;           // false: it may have columns that are not in `columns`
    bool name_visible = true, columns_visible = true;
};

struct CteColumn {
    std::string_view name;
    Value value;
};

struct Cte {
    std::string_view name;
    std::vector<CteColumn> columns;
    bool complete = false;
};

/// Arguments of the SQL function whose body is traced.
struct Arguments {
    std::string_view function;
    std::vector<std::string_view> names;
    std::vector<Value> values;
};

struct Scope {
    const Scope* outer = nullptr;
    std::vector<Range*> ranges = {};
    bool hidden = false;             // while a FROM item that is not LATERAL is traced: its siblings are not seen
    std::vector<Cte> ctes = {};
    const Arguments* arguments = nullptr;
    const List* windows = nullptr;   // of this level's WINDOW clause
};

/// Where a name led.
struct Found {
    enum class What { Nothing, Column, SystemColumn, Unsure } what = What::Nothing;
    Range* range = nullptr;
    std::size_t at = 0;
};

/// An unqualified column. Unsure: ambiguous, or a range that is not complete may have it.
[[nodiscard]] Found find_column(const Scope& scope, std::string_view name);
[[nodiscard]] Found find_in_range(Range& range, std::string_view name);
/// The range that `name` or `schema.name` refers to; null: none.
[[nodiscard]] Range* find_range(const Scope& scope, std::string_view schema, std::string_view name);
[[nodiscard]] const Cte* find_cte(const Scope& scope, std::string_view name);
[[nodiscard]] const Arguments* find_arguments(const Scope& scope);
[[nodiscard]] bool is_system_column(std::string_view name);

}  // namespace pgveil::sql
