// Views and SQL function bodies: their columns, traced once per snapshot and kept in its memo.
#include <algorithm>
#include <array>

#include "sql/lineage_tracer.h"

namespace pgveil::sql {

namespace {

using catalog::RelationKind;

/// Views in views in functions: deeper nests are opaque.
constexpr std::size_t kMostNested = 32;

bool is_system(std::string_view schema) { return schema == "pg_catalog" || schema == "information_schema"; }

std::shared_ptr<const KnownColumns> unknown() {
    static const auto none = std::make_shared<const KnownColumns>();
    return none;
}

}  // namespace

/// Columns of the system's own relations that hold pieces of data or of statements.
Value Tracer::system_column(const catalog::Relation& relation, const catalog::Column& column) {
    if (!is_system(relation.schema)) return Value{.flow = Flow::AsIs};
    constexpr std::array<std::string_view, 18> kOpaque{
        "attmissingval", "conninfo", "subconninfo", "data",        "histogram_bounds", "most_common_base_freqs", "most_common_elems",
        "most_common_freqs", "most_common_vals", "most_common_val_nulls", "parameter_types", "query", "setting_value",
        "srvoptions", "statement", "stxdmcv", "stxdexpr", "umoptions"};
    const bool opaque = std::ranges::find(kOpaque, column.name) != kOpaque.end() || column.name.starts_with("stavalues") ||
                        column.name.find("password") != std::string::npos || column.name.find("passwd") != std::string::npos;
    return opaque ? Value{.flow = Flow::Opaque} : Value{.flow = Flow::AsIs};
}

/// Null: not a view to follow. The system's own views stand for themselves.
std::shared_ptr<const KnownColumns> Tracer::view(const catalog::Relation& relation) {
    if (relation.kind != RelationKind::View && relation.kind != RelationKind::Materialized) return nullptr;
    if (is_system(relation.schema)) return nullptr;
    const std::string key = "lineage " + std::to_string(relation.oid.value);
    auto known = std::static_pointer_cast<const KnownColumns>(catalog_.memo().find(key));
    if (!known) {
        // pg_get_viewdef's text is qualified but for pg_catalog
        const catalog::SearchPath bare = catalog::make_search_path(catalog_, "", "");
        known = follow(relation.definition, bare, relation.oid, nullptr);
        if (known->columns.size() != relation.columns.size()) known = unknown();
        if (!nesting_.cut) catalog_.memo().put(key, known);
    }
    raises_ = raises_ || known->raises;
    kept_.push_back(known);
    return known;
}

std::shared_ptr<const KnownColumns> Tracer::body(const catalog::Function& function) {
    const catalog::SearchPath own = function.search_path.empty()
                                        ? path_
                                        : catalog::make_search_path(catalog_, function.search_path, catalog_.contents().role);
    const std::string key = "lineage " + std::to_string(function.oid.value) + " " + own.text;
    auto known = own.has_temp ? nullptr : std::static_pointer_cast<const KnownColumns>(catalog_.memo().find(key));
    if (!known) {
        known = follow(function.body, own, function.oid, &function);
        if (!nesting_.cut && !own.has_temp) catalog_.memo().put(key, known);
    }
    kept_.push_back(known);
    return known;
}

std::shared_ptr<const KnownColumns> Tracer::follow(const std::string& sql, const catalog::SearchPath& path, Oid object,
                                                   const catalog::Function* function) {
    if (nesting_.objects.size() >= kMostNested || std::ranges::find(nesting_.objects, object) != nesting_.objects.end()) {
        nesting_.cut = true;
        return unknown();
    }
    const auto tree = sql.empty() ? std::unexpected(ParseError{}) : Tree::parse(sql);
    const NodesView statements = tree ? nodes(tree->statements()) : NodesView(nullptr);
    if (statements.empty()) return unknown();
    nesting_.objects.push_back(object);
    Tracer inside(context_, path, nesting_);
    inside.depth_ = depth_;
    const auto known = inside.known_columns(*PGVEIL_AS(RawStmt, statements.back()), function);
    nesting_.objects.pop_back();
    return known;
}

Arguments Tracer::arguments_of(const catalog::Function& function) {
    Arguments arguments;
    arguments.function = function.name;
    for (std::size_t i = 0; i < function.arguments.size(); ++i) {
        arguments.names.push_back(function.argument_names[i]);
        Value value{.flow = Flow::AsIs, .type = function.arguments[i]};
        value.atoms = {atoms_.add(Flow::Constant)};
        arguments.values.push_back(std::move(value));
    }
    return arguments;
}

void Tracer::learn(const Node* statement, const catalog::Function* within, CallTypes& types) {
    types_ = &types;
    Arguments arguments;
    Scope scope;
    if (within) {
        arguments = arguments_of(*within);
        scope.arguments = &arguments;
    }
    if (const auto* create = PGVEIL_AS(CreateTableAsStmt, statement)) statement = create->query;
    if (const auto* copied = PGVEIL_AS(CopyStmt, statement)) statement = copied->query;
    if (const auto* cursor = PGVEIL_AS(DeclareCursorStmt, statement)) statement = cursor->query;
    if (statement) query(statement, scope);
}

std::shared_ptr<const KnownColumns> Tracer::known_columns(const RawStmt& statement, const catalog::Function* function) {
    Arguments arguments;
    Scope scope;
    if (function) {
        arguments = arguments_of(*function);
        scope.arguments = &arguments;
    }
    // Like a subquery: comparing rows with an argument makes the result tell of them.
    open_frame();
    const Rows rows = query(statement.stmt, scope);
    const Frame frame = close_frame();
    KnownColumns known{{}, rows.complete, raises_};
    for (const Output& column : rows.columns) {
        Value value = column.value;
        if (!frame.crossing.empty()) absorb(value, Value{.flow = Flow::Derived, .steady = false, .atoms = frame.crossing});
        known.columns.push_back(output(column.name, value));
    }
    return std::make_shared<const KnownColumns>(std::move(known));
}

}  // namespace pgveil::sql
