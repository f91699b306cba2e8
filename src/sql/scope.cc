#include "sql/scope.h"

#include <algorithm>
#include <array>

namespace pgveil::sql {

bool is_system_column(std::string_view name) {
    constexpr std::array<std::string_view, 6> kNames{"ctid", "xmin", "cmin", "xmax", "cmax", "tableoid"};
    return std::ranges::find(kNames, name) != kNames.end();
}

Found find_in_range(Range& range, std::string_view name) {
    Found found;
    for (std::size_t i = 0; i < range.columns.size(); ++i) {
        if (range.columns[i].name != name) continue;
        if (found.what != Found::What::Nothing) return {Found::What::Unsure, &range, i};
        found = {Found::What::Column, &range, i};
    }
    if (found.what != Found::What::Nothing) return found;
    if (range.relation && is_system_column(name)) return {Found::What::SystemColumn, &range, 0};
    if (!range.complete) return {Found::What::Unsure, &range, 0};
    return found;
}

Found find_column(const Scope& scope, std::string_view name) {
    for (const Scope* level = &scope; level; level = level->outer) {
        if (level->hidden) continue;
        Found found;
        for (Range* range : level->ranges) {
            if (!range->columns_visible) continue;
            const Found here = find_in_range(*range, name);
            if (here.what == Found::What::Nothing) continue;
            if (found.what != Found::What::Nothing) return {Found::What::Unsure, range, 0};
            found = here;
        }
        if (found.what != Found::What::Nothing) return found;
    }
    return {};
}

Range* find_range(const Scope& scope, std::string_view schema, std::string_view name) {
    for (const Scope* level = &scope; level; level = level->outer) {
        if (level->hidden) continue;
        for (Range* range : level->ranges) {
            if (!range->name_visible || range->name.empty() || range->name != name) continue;
            if (!schema.empty() && range->schema != schema) continue;
            return range;
        }
    }
    return nullptr;
}

const Cte* find_cte(const Scope& scope, std::string_view name) {
    for (const Scope* level = &scope; level; level = level->outer) {
        for (const Cte& cte : level->ctes) {
            if (cte.name == name) return &cte;
        }
    }
    return nullptr;
}

const Arguments* find_arguments(const Scope& scope) {
    for (const Scope* level = &scope; level; level = level->outer) {
        if (level->arguments) return level->arguments;
    }
    return nullptr;
}

}  // namespace pgveil::sql
