// Which calls and operators give NULL, and a structure, only for what their arguments are: Value::steady. Of any other a
// NULL may answer a question about values. An allow-list: what is not named here is not steady.
#include <algorithm>
#include <array>

#include "sql/lineage_tracer.h"

namespace pgveil::sql {

namespace {

using catalog::Function;

// Functions of the server's own that give NULL, and structure, for what their arguments are alone. Sorted.
constexpr auto kSteady = std::to_array<std::string_view>({"abs", "age", "array_agg", "ascii", "avg", "btrim", "ceil", "ceiling", "char_length",
    "character_length", "coalesce", "concat", "concat_ws", "count", "date_trunc", "first_value", "floor", "format",
    "initcap", "json_agg", "json_build_array", "json_build_object", "json_object_agg", "jsonb_agg", "jsonb_build_array", "jsonb_build_object",
    "jsonb_object_agg", "last_value", "left", "length", "lower", "lpad", "ltrim", "max", "md5", "min", "octet_length",
    "overlay", "percentile_cont", "percentile_disc", "position", "quote_ident", "quote_literal", "repeat", "replace", "reverse", "right", "round",
    "row_to_json", "rpad", "rtrim", "split_part", "string_agg", "strpos", "substr", "substring", "sum", "timezone", "to_char", "to_json", "to_jsonb",
    "translate", "trunc", "upper", "xmlagg"});
static_assert(std::ranges::is_sorted(kSteady));

}  // namespace

/// substring(text, text) looks for a pattern, and gives NULL where there is none.
bool Tracer::is_steady(std::string_view name, std::span<const Value> arguments, std::span<const Function* const> functions) {
    const bool pattern = name == "substring" && (arguments.size() < 2 || arguments[1].type != type_oid::Int4);
    return !pattern && std::ranges::binary_search(kSteady, name) && std::ranges::all_of(functions, &Function::builtin);
}

/// Operators of the server's own that give NULL for NULL alone. Not `->` (no such key), nor any of arrays and rows with NULL in them.
bool Tracer::is_steady(const A_Expr& node) const {
    constexpr std::array<std::string_view, 17> steady{"=", "<>", "<", ">", "<=", ">=", "+", "-", "*", "/", "%", "||", "~", "!~", "~*", "~~", "~~*"};
    const NodesView parts = nodes(node.name);
    const std::string_view name = parts.size() == 1 ? text_of(parts.back()) : std::string_view{};
    const auto is_row = [](const Node* side) { return side && (tag_of(side) == T_RowExpr || tag_of(side) == T_A_ArrayExpr); };
    const bool one_by_one = node.kind == AEXPR_OP || node.kind == AEXPR_LIKE || node.kind == AEXPR_ILIKE;
    return one_by_one && std::ranges::find(steady, name) != steady.end() && !operator_names().users.contains(name) && !is_row(node.lexpr) && !is_row(node.rexpr);
}

/// A text becomes an array of as many elements, NULLs among them, as it says; a path added to a path may be NULL.
bool Tracer::gives_structure(const TypeCast& node, const catalog::Type* type) const {
    constexpr Oid path{602};
    return !nodes(node.typeName->arrayBounds).empty() || type == nullptr || type->element != kInvalidOid || type->oid == path;
}

}  // namespace pgveil::sql
