// What a statement's columns and predicates are, in words. Over tests/support/shop.catalog.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>

#include <doctest/doctest.h>

#include "catalog/snapshot_file.h"
#include "sql/lineage.h"
#include "sql/tree.h"

namespace pgveil::sql {

inline const catalog::Snapshot& shop() {
    static const catalog::Snapshot snapshot = [] {
        auto contents = catalog::read("tests/support/shop.catalog");
        REQUIRE(contents.has_value());
        return catalog::Snapshot(std::move(*contents), 1);
    }();
    return snapshot;
}

struct TracedStatement {
    Statement statement;
    Analysis analysis;
};

inline TracedStatement traced(const std::string& sql, const NamedStatements* named = nullptr) {
    static const catalog::SearchPath path = catalog::make_search_path(shop(), "public", "pgveil");
    auto tree = Tree::parse(sql);
    REQUIRE_MESSAGE(tree.has_value(), sql);
    TracedStatement out;
    const Context context{.catalog = shop(), .search_path = path, .named = named};
    const auto* raw = PGVEIL_AS(RawStmt, nodes(tree->statements())[0]);
    trace(raw->stmt, context, out.statement, out.analysis);
    return out;
}

inline std::string short_name(ColumnId id) {
    std::string name = shop().column_name(id);
    if (name.starts_with("public.")) name = name.substr(7);
    return name.empty() ? "?" : name;
}

/// "name=flow(origins)" for every column, "unknown" when their number is not known.
inline std::string columns(const std::string& sql) {
    const TracedStatement result = traced(sql);
    if (!result.statement.columns_known) return "unknown";
    std::string out;
    for (const OutputColumn& column : result.statement.columns) {
        if (!out.empty()) out += " ";
        out += column.name + "=";
        switch (column.flow) {
            case Flow::Opaque: out += "opaque"; break;
            case Flow::Derived: out += "derived"; break;
            case Flow::AsIs: out += "as-is"; break;
            case Flow::CountLike: out += "count"; break;
            case Flow::Constant: out += "constant"; break;
        }
        std::vector<std::string> names;
        for (const ColumnId origin : column.origins) names.push_back(short_name(origin));
        std::ranges::sort(names);
        std::string list;
        for (const std::string& name : names) list += (list.empty() ? "" : ",") + name;
        if (!list.empty()) out += "(" + list + ")";
    }
    return out;
}

/// "column:use:values" for every predicate, and the arrays that bring more.
inline std::string predicates(const std::string& sql) {
    constexpr const char* kUses[] = {"other", "range", "pattern", "equality", "group", "order"};
    std::vector<std::string> all;
    for (const Predicate& predicate : traced(sql).analysis.predicates) {
        all.push_back(short_name(predicate.column) + ":" + kUses[static_cast<int>(predicate.use)] + ":" +
                      std::to_string(predicate.values));
        for (const std::uint32_t n : predicate.arrays) all.back() += "+$" + std::to_string(n);
    }
    std::ranges::sort(all);
    std::string out;
    for (const std::string& one : all) out += (out.empty() ? "" : " ") + one;
    return out;
}

struct Case {
    const char* sql;
    const char* expected;
};

inline void check_columns(std::initializer_list<Case> cases) {
    for (const Case& one : cases) {
        CAPTURE(std::string(one.sql));
        CHECK(columns(one.sql) == std::string(one.expected));
    }
}

inline void check_predicates(std::initializer_list<Case> cases) {
    for (const Case& one : cases) {
        CAPTURE(std::string(one.sql));
        CHECK(predicates(one.sql) == std::string(one.expected));
    }
}

}  // namespace pgveil::sql
