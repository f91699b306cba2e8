#include "sql/lineage_raises.h"

#include <algorithm>
#include <array>

namespace pgveil::sql {

namespace {

// Not here, though often used: sums and averages of floating point overflow, documents refuse null keys, array_agg refuses
// arrays of different sizes, date_trunc an unknown field.
constexpr std::array<std::string_view, 10> kOfOne{"char_length", "character_length", "json_agg", "length", "lower", "max", "md5", "min", "row_to_json", "upper"};
constexpr std::array<std::string_view, 5> kOfAny{"concat", "concat_ws", "count", "now", "string_agg"};

bool is_text(Oid type) { return type == type_oid::Text || type == type_oid::Varchar || type == type_oid::Unknown; }

/// Rows are compared field by field, and differ in number and type of fields when it runs.
bool may_be_row(const Value& value) { return value.shape || value.type == type_oid::Record || value.type == kInvalidOid; }

/// An OR of comparisons in which an item may be left out.
bool is_short(const Node* list) {
    return std::ranges::all_of(nodes(PGVEIL_AS(List, list)), [](const Node* item) {
        while (const auto* cast = PGVEIL_AS(TypeCast, item)) item = cast->arg;
        return tag_of(item) == T_A_Const || tag_of(item) == T_ParamRef || tag_of(item) == T_ColumnRef;
    });
}

}  // namespace

bool never_raises(std::string_view function, std::size_t arguments) {
    return std::ranges::find(kOfAny, function) != kOfAny.end() || (arguments <= 1 && std::ranges::find(kOfOne, function) != kOfOne.end());
}

bool never_raises(const A_Expr& operation, const Value& left, const Value& right) {
    const std::string_view name = operation.name ? text_of(nodes(operation.name).back()) : std::string_view{};
    switch (operation.kind) {
        case AEXPR_LIKE:
        case AEXPR_ILIKE:
        case AEXPR_SIMILAR: return right.literal();   // a pattern from data may be none
        case AEXPR_IN: return is_short(operation.rexpr);
        case AEXPR_OP:
        case AEXPR_OP_ANY:
        case AEXPR_OP_ALL:
        case AEXPR_DISTINCT:
        case AEXPR_NOT_DISTINCT:
        case AEXPR_NULLIF:
        case AEXPR_BETWEEN:
        case AEXPR_NOT_BETWEEN:
        case AEXPR_BETWEEN_SYM:
        case AEXPR_NOT_BETWEEN_SYM: break;
    }
    if (name.find('~') != std::string_view::npos) return right.literal();
    if (name == "||") return is_text(left.type) && is_text(right.type);
    if (name == "->" || name == "->>") return true;
    constexpr std::array<std::string_view, 8> kTotal{"=", "<>", "<", ">", "<=", ">=", "BETWEEN", "BETWEEN SYMMETRIC"};
    const bool compares = operation.kind != AEXPR_OP && operation.kind != AEXPR_OP_ANY && operation.kind != AEXPR_OP_ALL;
    if (!compares && std::ranges::find(kTotal, name) == kTotal.end()) return false;
    return !(may_be_row(left) && may_be_row(right));
}

}  // namespace pgveil::sql
