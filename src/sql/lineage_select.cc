// SELECT, VALUES and the clauses that order and group.
#include <algorithm>

#include "sql/lineage_names.h"
#include "sql/lineage_tracer.h"

namespace pgveil::sql {

namespace {

/// A literal that leaves its query is a text there, or what the other rows are.
void forget_literal_type(Value& value) {
    if (value.type == kUnknownLiteral) value.type = kInvalidOid;
}

}  // namespace

Rows Tracer::query(const Node* node, const Scope& outer) {
    if (depth_ > context_.bounds.depth) {
        nesting_.cut = gave_up_ = true;
        return Rows::unknown();
    }
    ++depth_;
    Rows rows;
    switch (tag_of(node)) {
        case T_SelectStmt: rows = select(*PGVEIL_AS(SelectStmt, node), outer); break;
        case T_InsertStmt: rows = insert(*PGVEIL_AS(InsertStmt, node), outer); break;
        case T_UpdateStmt: rows = update(*PGVEIL_AS(UpdateStmt, node), outer); break;
        case T_DeleteStmt: rows = remove(*PGVEIL_AS(DeleteStmt, node), outer); break;
        case T_MergeStmt: rows = merge(*PGVEIL_AS(MergeStmt, node), outer); break;
        default: break;
    }
    --depth_;
    return rows;
}

Rows Tracer::select(const SelectStmt& statement, const Scope& outer) {
    Scope scope{.outer = &outer};
    with(statement.withClause, scope);
    if (statement.op == SETOP_NONE && !statement.valuesLists) return plain_select(statement, scope);
    const Rows rows = statement.valuesLists ? value_lists(statement.valuesLists, scope) : set_operation(statement, scope);
    clauses(statement, rows, scope);
    return rows;
}

Rows Tracer::plain_select(const SelectStmt& statement, Scope& scope) {
    from(statement.fromClause, scope);
    scope.windows = statement.windowClause;
    Rows rows = targets(statement.targetList, scope);
    if (statement.whereClause) condition(statement.whereClause, scope);
    if (statement.havingClause) condition(statement.havingClause, scope);
    group_by(statement.groupClause, rows, scope);
    clauses(statement, rows, scope);
    return rows;
}

/// What a set operation may have too.
void Tracer::clauses(const SelectStmt& statement, const Rows& rows, const Scope& scope) {
    for (const Node* node : nodes(statement.windowClause)) {
        if (const auto* definition = PGVEIL_AS(WindowDef, node)) window(*definition, scope);
    }
    order_by(statement.sortClause, rows, scope);
    if (const List* on = statement.distinctClause) {
        // DISTINCT is a list of one null
        if (nodes(on)[0] == nullptr) {
            distinct(rows);
        } else {
            for (const Node* node : nodes(on)) {
                const Value value = sort_value(node, rows, scope, false);
                use_of(value, value.plain() ? PredicateUse::Group : PredicateUse::Other);
            }
        }
    }
    // The number of rows would tell the value.
    use_of(expression(statement.limitCount, scope), PredicateUse::Other);
    use_of(expression(statement.limitOffset, scope), PredicateUse::Other);
}

void Tracer::distinct(const Rows& rows) {
    for (const Output& column : rows.columns) {
        use_of(column.value, column.value.plain() ? PredicateUse::Group : PredicateUse::Other);
    }
}

Rows Tracer::value_lists(const List* lists, const Scope& scope) {
    static constexpr std::string_view kNames[] = {"column1", "column2", "column3", "column4", "column5",
                                                  "column6", "column7", "column8", "column9"};
    Rows rows{{}, true};
    bool first = true;
    for (const Node* list : nodes(lists)) {
        std::size_t at = 0;
        for (const Node* item : nodes(PGVEIL_AS(List, list))) {
            Value value = expression(item, scope);
            if (first) {
                // Beyond the ninth, names that nobody writes: references to them are opaque.
                rows.columns.push_back({at < std::size(kNames) ? kNames[at] : std::string_view{}, std::move(value)});
            } else if (at < rows.columns.size()) {
                rows.columns[at].value = either(rows.columns[at].value, value);
            }
            ++at;
        }
        if (!first && at != rows.columns.size()) return Rows::unknown();
        first = false;
    }
    for (Output& column : rows.columns) forget_literal_type(column.value);
    return rows;
}

Rows Tracer::targets(const List* list, const Scope& scope) {
    Rows rows{{}, true};
    for (const Node* node : nodes(list)) {
        const auto* target = PGVEIL_AS(ResTarget, node);
        if (!target) return Rows::unknown();
        if (star(target->val, scope, rows)) continue;
        rows.columns.push_back({output_name(*target), expression(target->val, scope)});
        forget_literal_type(rows.columns.back().value);
    }
    return rows;
}

/// Expands *, t.*, s.t.* and (row).*; false: `node` is no star.
bool Tracer::star(const Node* node, const Scope& scope, Rows& rows) {
    if (const auto* indirection = PGVEIL_AS(A_Indirection, node)) {
        const NodesView steps = nodes(indirection->indirection);
        if (steps.empty() || tag_of(steps.back()) != T_A_Star) return false;
        const Value row = expression(indirection->arg, scope);
        if (row.shape && steps.size() == 1) {
            for (const Shape::Field& field : row.shape->fields) rows.columns.push_back({field.name, field.value});
        } else {
            rows.complete = false;
            rows.columns.push_back({{}, row});   // so that what compares the rows compares it
        }
        return true;
    }
    const auto* reference = PGVEIL_AS(ColumnRef, node);
    if (!reference) return false;
    const NodesView parts = nodes(reference->fields);
    if (tag_of(parts.back()) != T_A_Star) return false;
    if (parts.size() == 1) {
        for (Range* range : scope.ranges) {
            if (range->columns_visible) star_of(*range, rows);
        }
        if (scope.ranges.empty()) rows.complete = false;
        return true;
    }
    Range* range = nullptr;
    if (parts.size() == 2) range = find_range(scope, {}, text_of(parts[0]));
    if (parts.size() == 3) range = find_range(scope, text_of(parts[0]), text_of(parts[1]));
    if (range) {
        star_of(*range, rows);
    } else {
        rows.complete = false;
    }
    return true;
}

// Stars of stars double: the server takes so many columns and no more (MaxTupleAttributeNumber).
void Tracer::star_of(Range& range, Rows& rows) {
    constexpr std::size_t most = 1664;
    if (rows.columns.size() + range.columns.size() > most || spends(range.columns.size())) {
        rows.complete = false;
        return;
    }
    for (std::size_t i = 0; i < range.columns.size(); ++i) rows.columns.push_back({range.columns[i].name, value_of(range, i)});
    rows.complete = rows.complete && range.complete;
}

/// PostgreSQL's rule for ORDER BY, DISTINCT ON and GROUP BY items: an output name or position, else an expression.
Value Tracer::sort_value(const Node* node, const Rows& rows, const Scope& scope, bool columns_first) {
    if (const auto* constant = PGVEIL_AS(A_Const, node)) {
        if (constant->isnull || tag_of(&constant->val) != T_Integer) return Value::constant();
        const auto at = static_cast<std::size_t>(constant->val.ival.ival) - 1;
        return at < rows.columns.size() ? rows.columns[at].value : Value::opaque();
    }
    const auto* reference = PGVEIL_AS(ColumnRef, node);
    const bool bare = reference && nodes(reference->fields).size() == 1 && tag_of(nodes(reference->fields)[0]) == T_String;
    if (bare) {
        const std::string_view name = text_of(nodes(reference->fields)[0]);
        // GROUP BY prefers a column, but one of this level only
        const Scope local{.ranges = scope.ranges};
        if (columns_first && find_column(local, name).what != Found::What::Nothing) return expression(node, scope);
        const auto found = std::ranges::find(rows.columns, name, &Output::name);
        if (found != rows.columns.end()) return found->value;
    }
    return expression(node, scope);
}

void Tracer::order_by(const List* list, const Rows& rows, const Scope& scope) {
    for (const Node* node : nodes(list)) {
        const auto* sort = PGVEIL_AS(SortBy, node);
        if (!sort) continue;
        const Value value = sort_value(sort->node, rows, scope, false);
        use_of(value, value.plain() && !sort->useOp ? PredicateUse::Order : PredicateUse::Other);
    }
}

void Tracer::group_by(const List* list, const Rows& rows, const Scope& scope) {
    for (const Node* node : nodes(list)) group_item(node, rows, scope);
}

void Tracer::group_item(const Node* node, const Rows& rows, const Scope& scope) {
    if (const auto* set = PGVEIL_AS(GroupingSet, node)) return group_by(set->content, rows, scope);
    if (const auto* row = PGVEIL_AS(RowExpr, node)) return group_by(row->args, rows, scope);
    const Value value = sort_value(node, rows, scope, true);
    use_of(value, value.plain() ? PredicateUse::Group : PredicateUse::Other);
}

namespace {

/// A definition that refers to another takes its order where it has none of its own.
const List* order_of(const WindowDef& definition, const Scope& scope) {
    const WindowDef* at = &definition;
    for (std::size_t steps = nodes(scope.windows).size(); steps > 0 && !at->orderClause && at->refname; --steps) {
        for (const Node* node : nodes(scope.windows)) {
            const auto* other = PGVEIL_AS(WindowDef, node);
            if (other && text_of(other->name) == text_of(at->refname)) {
                at = other;
                break;
            }
        }
    }
    return at->orderClause;
}

}  // namespace

void Tracer::window(const WindowDef& definition, const Scope& scope) {
    for (const Node* node : nodes(definition.partitionClause)) {
        const Value value = expression(node, scope);
        use_of(value, value.plain() ? PredicateUse::Group : PredicateUse::Other);
    }
    // RANGE with an offset measures how far apart values are.
    const bool offset = definition.startOffset || definition.endOffset;
    const bool measures = offset && (definition.frameOptions & FRAMEOPTION_RANGE) != 0;
    for (const Node* node : nodes(measures ? order_of(definition, scope) : definition.orderClause)) {
        const auto* sort = PGVEIL_AS(SortBy, node);
        if (!sort) continue;
        const Value value = expression(sort->node, scope);
        const PredicateUse use = measures ? PredicateUse::Range : PredicateUse::Order;
        use_of(value, value.plain() && !sort->useOp ? use : PredicateUse::Other);
    }
    use_of(expression(definition.startOffset, scope), PredicateUse::Other);
    use_of(expression(definition.endOffset, scope), PredicateUse::Other);
}

}  // namespace pgveil::sql
