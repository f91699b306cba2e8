// Expressions: the value of every expression node. A node that is not listed is opaque.
#include <algorithm>
#include <array>

#include "sql/lineage_raises.h"
#include "sql/lineage_tracer.h"

namespace pgveil::sql {

namespace {

class Deeper {
  public:
    explicit Deeper(std::uint32_t& depth) : depth_(depth) { ++depth_; }
    ~Deeper() { --depth_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;

  private:
    std::uint32_t& depth_;
};

/// Atoms merged in one statement; what would cost more is opaque (thousands of whole rows in one text).
constexpr std::size_t kMostWork = 20'000'000;

constexpr std::size_t kWorkOfColumn = 32;   // a value is copied, with what it is made of

const Node* node_of(const void* expression) { return static_cast<const Node*>(expression); }

/// make_const: numbers beyond int4 are int8 where they fit, else numeric; which is not told apart here.
Oid type_of_constant(const A_Const& constant) {
    if (constant.isnull) return kUnknownLiteral;
    switch (constant.val.node.type) {
        case T_Integer: return type_oid::Int4;
        case T_Boolean: return type_oid::Bool;
        case T_String: return kUnknownLiteral;
        default: return kInvalidOid;
    }
}

/// Of alternatives: the one type they have, where literals take that of the others.
Oid common_type(Oid one, Oid other) {
    if (one == other || other == kUnknownLiteral) return one;
    return one == kUnknownLiteral ? other : kInvalidOid;
}

}  // namespace

Value Tracer::expression(const Node* node, const Scope& scope) {
    if (!node) return Value::constant();
    const Deeper deeper(depth_);
    if (depth_ > context_.bounds.depth || work_ > kMostWork) {
        nesting_.cut = gave_up_ = true;
        return Value::opaque();
    }
    const std::uint32_t traces_before = traces_;
    Value value = expression_inside(node, scope);
    // Whether and how often a call inside was made can follow the values beside it. A subquery's own expressions say so themselves.
    if (traces_ != traces_before && tag_of(node) != T_SubLink) use_of(value, PredicateUse::Other);
    work_ += value.atoms.size();
    return value;
}

void Tracer::absorb_list(Value& into, const List* list, const Scope& scope) {
    for (const Node* item : nodes(list)) absorb(into, expression(item, scope));
}

Value Tracer::expression_inside(const Node* node, const Scope& scope) {
    Value value = Value::constant();
    switch (tag_of(node)) {
        case T_A_Const:
            value.null_literal = PGVEIL_AS(A_Const, node)->isnull;
            value.type = type_of_constant(*PGVEIL_AS(A_Const, node));
            return value;
        case T_ParamRef: {
            const Arguments* arguments = find_arguments(scope);
            const int number = PGVEIL_AS(ParamRef, node)->number;
            if (!arguments || number < 1) return value;
            const auto at = static_cast<std::size_t>(number) - 1;
            return at < arguments->values.size() ? arguments->values[at] : Value::opaque();
        }
        case T_SetToDefault:
        case T_SQLValueFunction:
        case T_CurrentOfExpr: return value;
        case T_GroupingFunc: return Value::count();
        case T_ColumnRef: return column(*PGVEIL_AS(ColumnRef, node), scope);
        case T_A_Expr: return operation(*PGVEIL_AS(A_Expr, node), scope);
        case T_TypeCast: return cast(*PGVEIL_AS(TypeCast, node), scope);
        case T_CollateClause: return expression(PGVEIL_AS(CollateClause, node)->arg, scope);
        case T_FuncCall: {
            Called called = call(*PGVEIL_AS(FuncCall, node), scope);
            if (!called.rows) return std::move(called.value);
            auto shape = std::make_shared<Shape>();
            for (Output& column : called.rows->columns) shape->fields.push_back({column.name, std::move(column.value)});
            called.value.shape = std::move(shape);
            return std::move(called.value);
        }
        case T_SubLink: return sublink(*PGVEIL_AS(SubLink, node), scope);
        case T_CaseExpr: return case_of(*PGVEIL_AS(CaseExpr, node), scope);
        case T_A_Indirection: return indirection(*PGVEIL_AS(A_Indirection, node), scope);
        case T_RowExpr:
            absorb_list(value, PGVEIL_AS(RowExpr, node)->args, scope);
            value.type = type_oid::Record;
            return value;
        case T_NamedArgExpr: return expression(node_of(PGVEIL_AS(NamedArgExpr, node)->arg), scope);
        case T_BooleanTest: absorb(value, expression(node_of(PGVEIL_AS(BooleanTest, node)->arg), scope)); return value;
        case T_NullTest: {
            // Null or not says nothing of a stored value, but much of an expression: nullif(pin, 1) is null.
            const Value tested = expression(node_of(PGVEIL_AS(NullTest, node)->arg), scope);
            if (tested.plain()) return Value::count();
            absorb(value, tested);
            return value;
        }
        case T_BoolExpr:   // "... OR NULL" is true or NULL
            absorb_list(value, PGVEIL_AS(BoolExpr, node)->args, scope);
            value.steady = value.steady && PGVEIL_AS(BoolExpr, node)->boolop == NOT_EXPR;
            branches(value);
            value.type = type_oid::Bool;
            return value;
        case T_CoalesceExpr:
            value = one_of(PGVEIL_AS(CoalesceExpr, node)->args, scope);
            branches(value);
            return value;
        case T_MinMaxExpr: return one_of(PGVEIL_AS(MinMaxExpr, node)->args, scope);
        case T_A_ArrayExpr: {
            Value array = one_of(PGVEIL_AS(A_ArrayExpr, node)->elements, scope);
            array.type = array_of(array.type);
            return array;
        }
        case T_List: absorb_list(value, PGVEIL_AS(List, node), scope); return value;
        case T_XmlExpr: {
            const auto& xml = *PGVEIL_AS(XmlExpr, node);
            absorb_list(value, xml.named_args, scope);
            absorb_list(value, xml.args, scope);
            raises_ = raises_ || !value.atoms.empty();
            return value;
        }
        case T_XmlSerialize: absorb(value, expression(PGVEIL_AS(XmlSerialize, node)->expr, scope)); return value;
        case T_ResTarget: return expression(PGVEIL_AS(ResTarget, node)->val, scope);
        case T_MultiAssignRef: absorb(value, expression(PGVEIL_AS(MultiAssignRef, node)->source, scope)); return value;
        default: return Value::opaque();
    }
}

/// Which parts are worked out at all follows the data: even what raises on constants alone tells of it.
void Tracer::branches(const Value& value) { raises_ = raises_ || !value.atoms.empty(); }

Value Tracer::one_of(const List* list, const Scope& scope) {
    Value value = Value::constant();
    Oid type = kUnknownLiteral;
    for (const Node* item : nodes(list)) {
        const Value one = expression(item, scope);
        type = common_type(type, one.type);
        absorb(value, one);
    }
    // Literals alone are text (select_common_type).
    const bool some = !nodes(list).empty();
    value.type = type != kUnknownLiteral ? type : some ? type_oid::Text : kInvalidOid;
    return value;
}

/// The server names an array type by its element's name; where that was taken, the type stays unknown.
Oid Tracer::array_of(Oid element) const {
    const catalog::Type* type = catalog_.type(element);
    const catalog::Type* array = type ? catalog_.type(type->schema, "_" + type->name, path_) : nullptr;
    return array && array->element == element ? array->oid : kInvalidOid;
}

Value Tracer::sublink(const SubLink& link, const Scope& scope) {
    Value test = Value::constant();
    if (link.testexpr) absorb(test, expression(link.testexpr, scope));
    open_frame();
    const Rows rows = query(link.subselect, scope);
    const Frame frame = close_frame();
    raises_ = raises_ || link.subLinkType == EXPR_SUBLINK;   // more than one row
    Value value = Value::constant();
    switch (link.subLinkType) {
        case EXISTS_SUBLINK:
            value = Value::count();
            value.type = type_oid::Bool;
            break;
        case EXPR_SUBLINK:
            if (rows.complete && rows.columns.size() == 1) {
                value = rows.columns.front().value;
                break;
            }
            [[fallthrough]];   // (a, b) = (SELECT x, y ...)
        case ARRAY_SUBLINK:
        case ANY_SUBLINK:
        case ALL_SUBLINK:
        case ROWCOMPARE_SUBLINK:
        case MULTIEXPR_SUBLINK:
        case CTE_SUBLINK:
            for (const Output& column : rows.columns) absorb(value, column.value);
            if (!rows.complete) absorb(value, Value::opaque());
            absorb(value, test);
            value.steady = value.steady && link.subLinkType == ARRAY_SUBLINK;   // x = ANY (SELECT NULL) is NULL, or true
            break;
    }
    // Conditions that compare the subquery's rows with the outer row show in which rows it finds something.
    if (!frame.crossing.empty()) absorb(value, Value{.flow = Flow::Derived, .steady = false, .atoms = frame.crossing});
    return value;
}

/// Only what holds for every operator of PostgreSQL's own with that name.
Oid Tracer::type_of_operation(const A_Expr& node, Oid left, Oid right) const {
    if (node.kind != AEXPR_OP) return node.kind == AEXPR_NULLIF ? kInvalidOid : type_oid::Bool;
    const NodesView parts = nodes(node.name);
    const std::string_view name = parts.size() == 1 ? text_of(parts.back()) : std::string_view{};
    if (name.empty() || node.lexpr == nullptr || node.rexpr == nullptr || operator_names().users.contains(name)) return kInvalidOid;
    constexpr std::array<std::string_view, 8> kComparisons{"=", "<>", "<", ">", "<=", ">=", "~", "!~"};
    if (std::ranges::find(kComparisons, name) != kComparisons.end()) return type_oid::Bool;
    const bool number = left == type_oid::Int4 || left == type_oid::Int8 || left == type_oid::Numeric || left == type_oid::Float8;
    const bool arithmetic = name == "+" || name == "-" || name == "*" || name == "/";
    if (arithmetic && number && left == right) return left;
    return name == "||" && left == type_oid::Text && (right == type_oid::Text || right == kUnknownLiteral) ? left : kInvalidOid;
}

Value Tracer::operation(const A_Expr& node, const Scope& scope) {
    Value value = Value::constant();
    const Value left = node.lexpr ? expression(node.lexpr, scope) : Value::constant();
    const Value right = node.rexpr ? expression(node.rexpr, scope) : Value::constant();
    absorb(value, left);
    absorb(value, right);
    value.type = type_of_operation(node, left.type, right.type);
    value.steady = value.steady && is_steady(node);
    if (!operator_is_pure(node)) absorb(value, Value::opaque());
    raises_ = raises_ || (!value.atoms.empty() && !never_raises(node, left, right));
    return value;
}

const catalog::Type* Tracer::type_named(const TypeName* name) const {
    if (!name || !name->names) return nullptr;
    const NodesView parts = nodes(name->names);
    if (parts.size() > 2) return nullptr;
    const catalog::Type* type = catalog_.type(parts.size() == 2 ? text_of(parts[0]) : std::string_view{}, text_of(parts.back()), path_);
    return type && name->arrayBounds ? catalog_.type(array_of(type->oid)) : type;
}

bool Tracer::spends(std::size_t columns) {
    work_ += columns * kWorkOfColumn;
    gave_up_ = gave_up_ || work_ > kMostWork;
    return work_ > kMostWork;
}

Value Tracer::cast(const TypeCast& node, const Scope& scope) {
    Value value = expression(node.arg, scope);
    if (types_ != nullptr) types_->saw(&node, {value.type});
    const bool constant = value.literal();
    const bool null_literal = value.null_literal;
    const catalog::Type* type = type_named(node.typeName);
    const auto is_text = [](Oid oid) { return oid == type_oid::Text || oid == type_oid::Varchar; };
    const Oid source = catalog_.base_type(value.type);
    const bool unchanged = type && !node.typeName->typmods && value.plain() &&
                           (type->oid == value.type || (is_text(source) && is_text(type->oid)));
    if (!unchanged) {
        Value changed = Value::constant();
        absorb(changed, value);
        value = std::move(changed);
        value.null_literal = null_literal;
        // No type found: array types, interval with fields, and names the catalog does not know.
        const bool foreign_cast = type && !type->builtin && type->kind == TypeKind::Base &&
            std::ranges::any_of(catalog_.contents().casts, [&](const catalog::Cast& one) {
                const catalog::Function* function = one.target == type->oid ? catalog_.function(one.function) : nullptr;
                return function && !function->builtin && function->language != "c" && function->language != "internal";
            });
        if (foreign_cast) absorb(value, Value::opaque());
        raises_ = raises_ || (!constant && !value.atoms.empty());
        value.steady = value.steady && !gives_structure(node, type);
    }
    value.type = type ? type->oid : kInvalidOid;
    return value;
}

Value Tracer::case_of(const CaseExpr& node, const Scope& scope) {
    Value value = Value::constant();
    if (node.arg) absorb(value, expression(node_of(node.arg), scope));
    Oid type = kUnknownLiteral;
    const auto result = [&](const void* expression_node) {
        const Value one = expression(node_of(expression_node), scope);
        type = common_type(type, one.type);
        absorb(value, one);
    };
    for (const Node* item : nodes(node.args)) {
        const auto* when = PGVEIL_AS(CaseWhen, item);
        if (!when) return Value::opaque();
        absorb(value, expression(node_of(when->expr), scope));
        result(when->result);
    }
    if (node.defresult) result(node.defresult);
    value.steady = false;
    branches(value);
    value.type = type == kUnknownLiteral ? kInvalidOid : type;
    return value;
}

}  // namespace pgveil::sql
