// Predicates: conditions taken apart into comparisons, each a use of stored columns that tells something of
// their values. Whatever a comparison holds together takes each other's origin.
#include <algorithm>

#include "sql/array_values.h"
#include "sql/lineage_raises.h"
#include "sql/lineage_tracer.h"

namespace pgveil::sql {

namespace {

/// n of `$n` or `$n::type[]`; 0: something else, whose elements a cast could make more.
std::uint32_t bound_array(const Node* node) {
    if (const auto* cast = PGVEIL_AS(TypeCast, node)) {
        if (nodes(cast->typeName->arrayBounds).empty()) return 0;
        node = cast->arg;
    }
    const auto* parameter = PGVEIL_AS(ParamRef, node);
    return parameter && parameter->number > 0 ? static_cast<std::uint32_t>(parameter->number) : 0;
}

PredicateUse use_of_operator(const List* name) {
    const NodesView parts = nodes(name);
    if (parts.empty() || (parts.size() > 1 && text_of(parts[0]) != "pg_catalog")) return PredicateUse::Other;
    const std::string_view op = text_of(parts.back());
    if (op == "=" || op == "<>") return PredicateUse::Equality;   // the rows that are left tell what the others would
    if (op == "<" || op == ">" || op == "<=" || op == ">=") return PredicateUse::Range;
    if (op.find('~') != std::string_view::npos) return PredicateUse::Pattern;
    return PredicateUse::Other;
}

}  // namespace

const Node* without_casts(const Node* node) {
    while (true) {
        if (const auto* cast = PGVEIL_AS(TypeCast, node)) {
            node = cast->arg;
        } else if (const auto* collate = PGVEIL_AS(CollateClause, node)) {
            node = collate->arg;
        } else {
            return node;
        }
    }
}

void Tracer::open_frame() { frames_.push_back({atoms_.next_id()}); }

Tracer::Frame Tracer::close_frame() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    return frame;
}

void Tracer::together(const Value& a, const Value& b, bool exact) {
    Value both = a;
    add_atoms(both, b.atoms);
    // What is compared with a value of unknown origin is of unknown origin.
    const bool opaque = a.flow == Flow::Opaque || b.flow == Flow::Opaque;
    if (opaque && !both.atoms.empty()) add_atoms(both, std::vector{atoms_.add(Flow::Opaque)});
    if (both.atoms.size() < 2) return;
    work_ += both.atoms.size();
    atoms_.equate(both.atoms, exact);
    for (Frame& frame : frames_) {
        if (both.atoms.front() >= frame.first || both.atoms.back() < frame.first) continue;
        Value crossing{.atoms = std::move(frame.crossing)};
        add_atoms(crossing, both.atoms);
        frame.crossing = std::move(crossing.atoms);
    }
}

/// A condition that is no comparison we know.
void Tracer::leaf(const Value& value) {
    use_of(value, PredicateUse::Other);
    together(value, value, false);
}

void Tracer::condition(const Node* node, const Scope& scope) {
    node = without_casts(node);
    if (const auto* boolean = PGVEIL_AS(BoolExpr, node)) {
        ++depth_;
        for (const Node* part : nodes(boolean->args)) {
            gave_up_ = gave_up_ || depth_ >= context_.bounds.depth;
            if (depth_ < context_.bounds.depth) condition(part, scope);
        }
        --depth_;
        return;
    }
    if (const auto* comparison_node = PGVEIL_AS(A_Expr, node)) return comparison(*comparison_node, scope);
    if (const auto* link = PGVEIL_AS(SubLink, node)) {
        if (link->subLinkType == ANY_SUBLINK || link->subLinkType == ALL_SUBLINK) return in_subquery(*link, scope);
        if (link->subLinkType == EXISTS_SUBLINK) return (void)query(link->subselect, scope);
    }
    if (const auto* null_test = PGVEIL_AS(NullTest, node)) {
        const Value value = expression(reinterpret_cast<const Node*>(null_test->arg), scope);
        if (!null_tells_nothing(value)) leaf(value);
        return;
    }
    if (const auto* test = PGVEIL_AS(BooleanTest, node)) return condition(reinterpret_cast<const Node*>(test->arg), scope);
    const Value value = expression(node, scope);
    if (tag_of(node) == T_ColumnRef && value.plain()) return literal_use(value, PredicateUse::Equality, node, Value::constant());
    leaf(value);
}

void Tracer::comparison(const A_Expr& node, const Scope& scope) {
    PredicateUse use = use_of_operator(node.name);
    switch (node.kind) {
        case AEXPR_OP: break;
        case AEXPR_OP_ANY: case AEXPR_OP_ALL: return compare_with_array(node, scope);
        case AEXPR_DISTINCT: case AEXPR_NOT_DISTINCT: use = PredicateUse::Equality; break;
        case AEXPR_NULLIF: use = PredicateUse::Other; break;
        case AEXPR_IN: break;
        case AEXPR_LIKE:
        case AEXPR_ILIKE:
        case AEXPR_SIMILAR: use = PredicateUse::Pattern; break;
        case AEXPR_BETWEEN:
        case AEXPR_NOT_BETWEEN:
        case AEXPR_BETWEEN_SYM:
        case AEXPR_NOT_BETWEEN_SYM: use = PredicateUse::Range; break;
    }
    if (!operator_is_pure(node)) use = PredicateUse::Other;
    const Node* right = without_casts(node.rexpr);
    Value text = Value::constant();
    text.type = type_oid::Text;
    raises_ = raises_ || !never_raises(node, text, tag_of(right) == T_A_Const || tag_of(right) == T_ParamRef ? text : Value::count());
    compare_nodes(node.lexpr, node.rexpr, use, scope);
}

/// Rows are compared part by part, a list each with the left side.
void Tracer::compare_nodes(const Node* left, const Node* right, PredicateUse use, const Scope& scope) {
    const auto* left_row = PGVEIL_AS(RowExpr, left);
    std::vector<Value> lefts;
    if (left_row) {
        for (const Node* part : nodes(left_row->args)) lefts.push_back(expression(part, scope));
    } else {
        lefts.push_back(left ? expression(left, scope) : Value::constant());
    }
    const auto with = [&](const Node* other) {
        const auto* row = PGVEIL_AS(RowExpr, other);
        if (left_row && row && nodes(row->args).size() == lefts.size()) {
            std::size_t at = 0;
            for (const Node* part : nodes(row->args)) {
                compare(lefts[at], nodes(left_row->args)[at], expression(part, scope), part, use);
                ++at;
            }
            return;
        }
        const Value value = expression(other, scope);
        if (!left_row) return compare(lefts.front(), left, value, other, use);
        Value all = Value::constant();
        for (const Value& part : lefts) absorb(all, part);
        compare(all, left, value, other, PredicateUse::Other);
    };
    if (const auto* list = PGVEIL_AS(List, right)) {
        for (const Node* item : nodes(list)) with(item);
    } else {
        with(right);
    }
}

void Tracer::compare(const Value& left, const Node* left_node, const Value& right, const Node* right_node, PredicateUse use) {
    if (left.atoms.empty() && right.atoms.empty()) return;
    if (right.literal() || left.literal()) {
        const Value& value = right.literal() ? left : right;
        literal_use(value, value.plain() ? use : PredicateUse::Other, right.literal() ? right_node : left_node, right.literal() ? right : left);
        if (!value.plain()) together(value, value, false);
        return;
    }
    const auto stored = [&](const Value& value) { return value.plain() && atoms_.stored(value.atoms.front()); };
    const bool exact = use == PredicateUse::Equality && left.plain() && right.plain();
    // Equality with anything but a stored column could walk through all values.
    if (use == PredicateUse::Equality && !(exact && stored(left) && stored(right))) use = PredicateUse::Other;
    use_of(left, left.plain() ? use : PredicateUse::Other);
    use_of(right, right.plain() ? use : PredicateUse::Other);
    together(left, right, exact);
}

void Tracer::compare_with_array(const A_Expr& node, const Scope& scope) {
    const PredicateUse use = use_of_operator(node.name);
    const Node* array = without_casts(node.rexpr);
    if (const auto* elements = PGVEIL_AS(A_ArrayExpr, array)) {
        const Value left = expression(node.lexpr, scope);
        for (const Node* element : nodes(elements->elements)) {
            compare(left, node.lexpr, expression(element, scope), element, use);
        }
        return;
    }
    const Value left = expression(node.lexpr, scope), right = expression(node.rexpr, scope);
    if (!right.literal() || !left.plain() || use != PredicateUse::Equality) {
        return compare(left, node.lexpr, right, node.rexpr, use == PredicateUse::Equality ? PredicateUse::Other : use);
    }
    if (left.atoms.empty()) return;
    Event event{compared(left), PredicateUse::Equality, 0, 0, literal_of(array)};
    const auto* constant = PGVEIL_AS(A_Const, array);
    if (const std::uint32_t parameter = bound_array(node.rexpr)) {
        event.array = parameter;
        event.literal = {};
    } else if (constant && tag_of(&constant->val) == T_String) {
        event.more = values_in_array(text_of(constant->val.sval.sval)) - 1;
        event.literal.of_array = true;
    } else {
        event.more = kUnknownCount;
    }
    events_.push_back(event);
}

void Tracer::in_subquery(const SubLink& link, const Scope& scope) {
    const bool equality = !link.operName || use_of_operator(link.operName) == PredicateUse::Equality;
    std::vector<Value> tests;
    if (const auto* row = PGVEIL_AS(RowExpr, link.testexpr)) {
        for (const Node* part : nodes(row->args)) tests.push_back(expression(part, scope));
    } else {
        tests.push_back(expression(link.testexpr, scope));
    }
    const Rows rows = query(link.subselect, scope);
    const bool match = rows.complete && rows.columns.size() == tests.size();
    for (const Output& column : rows.columns) {
        if (!match) use_of(column.value, PredicateUse::Other);
    }
    for (std::size_t i = 0; i < tests.size(); ++i) {
        const Value found = match ? rows.columns[i].value : Value::opaque();
        if (match && found.literal()) {
            literal_use(tests[i], tests[i].plain() && equality ? PredicateUse::Equality : PredicateUse::Other, link.subselect, found);
        } else {
            compare(tests[i], nullptr, found, nullptr, equality ? PredicateUse::Equality : PredicateUse::Other);
        }
    }
}

}  // namespace pgveil::sql
