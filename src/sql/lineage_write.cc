// INSERT, UPDATE, DELETE, MERGE and COPY: what flows into stored columns, and what RETURNING gives back.
#include <algorithm>

#include "sql/lineage_names.h"
#include "sql/lineage_tracer.h"

namespace pgveil::sql {

Range& Tracer::target(const RangeVar& name) {
    const catalog::Relation* relation = relation_named(name);
    if (relation) return relation_range(*relation, name.alias, text_of(name.relname), relation->schema);
    Range& range = new_range();
    range.name = name.alias ? text_of(name.alias->aliasname) : text_of(name.relname);
    return range;
}

/// `column` of the target takes `value`. What RETURNING shows of it then comes from both.
void Tracer::assign(Range& range, std::string_view column, const Value& value, bool is_default) {
    const Found found = find_in_range(range, column);
    if (found.what != Found::What::Column || !range.relation || !range.columns[found.at].stored) {
        assigned_.push_back({{}, value, !value.plain()});
        return;
    }
    const RangeColumn& stored = range.columns[found.at];
    const bool assigns_value = !is_default && !value.plain();
    if (range.view && range.view->complete && found.at < range.view->columns.size()) {
        for (const ColumnId base : range.view->columns[found.at].origins) assigned_.push_back({base, value, assigns_value});
    }
    assigned_.push_back({{range.relation->oid, stored.stored->number}, value, assigns_value});
    if (!value.atoms.empty() || value.flow == Flow::Opaque) atoms_.expand(stored.atom, value);
}

void Tracer::assign_list(Range& range, const List* list, const Scope& scope) {
    // (a, b) = (SELECT ...): every target shares one source
    const Node* source = nullptr;
    Value of_source;
    for (const Node* node : nodes(list)) {
        const auto* set = PGVEIL_AS(ResTarget, node);
        if (!set) continue;
        const auto* multi = PGVEIL_AS(MultiAssignRef, set->val);
        if (!multi) {
            assign(range, text_of(set->name), expression(set->val, scope), tag_of(set->val) == T_SetToDefault);
        } else {
            if (multi->source != source) {
                source = multi->source;
                of_source = Value::constant();
                absorb(of_source, multi_source(source, scope));
            }
            assign(range, text_of(set->name), of_source, false);
        }
    }
}

/// A subquery of several columns, or a row, as one value.
Value Tracer::multi_source(const Node* node, const Scope& scope) {
    const auto* link = PGVEIL_AS(SubLink, node);
    if (!link) return expression(node, scope);
    open_frame();
    const Rows rows = query(link->subselect, scope);
    const Frame frame = close_frame();
    Value value = rows.complete ? Value::constant() : Value::opaque();
    for (const Output& column : rows.columns) absorb(value, column.value);
    if (!frame.crossing.empty()) absorb(value, Value{.flow = Flow::Derived, .steady = false, .atoms = frame.crossing});
    return value;
}

Rows Tracer::returning(const List* list, const Range& range, const Scope& scope) {
    if (!list) return {{}, true};
    Rows rows = targets(list, scope);
    // A rule returns what it likes, and so does a view's INSTEAD OF trigger.
    const catalog::Relation* relation = range.relation;
    if (relation && (relation->has_rules || (range.view && relation->has_triggers))) {
        for (Output& column : rows.columns) column.value = Value::opaque();
    }
    return rows;
}

Rows Tracer::insert(const InsertStmt& statement, const Scope& outer) {
    Scope scope{.outer = &outer};
    with(statement.withClause, scope);
    const Rows rows = statement.selectStmt ? query(statement.selectStmt, scope) : Rows{{}, true};
    Range& into = target(*statement.relation);
    std::vector<std::string_view> names;
    for (const Node* node : nodes(statement.cols)) {
        const auto* column = PGVEIL_AS(ResTarget, node);
        names.push_back(column ? text_of(column->name) : std::string_view{});
    }
    if (names.empty()) {
        for (const RangeColumn& column : into.columns) names.push_back(column.name);
    }
    for (std::size_t i = 0; i < rows.columns.size(); ++i) {
        assign(into, i < names.size() ? names[i] : std::string_view{}, rows.columns[i].value, false);
    }
    if (!rows.complete) assign(into, {}, Value::opaque(), false);
    if (const OnConflictClause* conflict = statement.onConflictClause) {
        Range& excluded = new_range();
        excluded.name = "excluded";
        excluded.complete = into.complete;
        for (std::size_t i = 0; i < into.columns.size(); ++i) {
            const auto at = std::ranges::find(names, into.columns[i].name) - names.begin();
            const auto place = static_cast<std::size_t>(at);
            excluded.columns.push_back({.name = into.columns[i].name,
                                        .value = place < rows.columns.size() ? rows.columns[place].value : Value::constant()});
        }
        Scope conflict_scope{.outer = &scope, .ranges = {&into, &excluded}};
        // Unqualified names mean the target's columns; `excluded` is only reached by its name.
        excluded.columns_visible = false;
        if (conflict->infer && conflict->infer->whereClause) condition(conflict->infer->whereClause, conflict_scope);
        assign_list(into, conflict->targetList, conflict_scope);
        if (conflict->whereClause) condition(conflict->whereClause, conflict_scope);
    }
    const Scope after{.outer = &scope, .ranges = {&into}};
    return returning(statement.returningList, into, after);
}

Rows Tracer::update(const UpdateStmt& statement, const Scope& outer) {
    Scope scope{.outer = &outer};
    with(statement.withClause, scope);
    Range& range = target(*statement.relation);
    scope.ranges.push_back(&range);
    from(statement.fromClause, scope);
    assign_list(range, statement.targetList, scope);
    if (statement.whereClause) condition(statement.whereClause, scope);
    return returning(statement.returningList, range, scope);
}

Rows Tracer::remove(const DeleteStmt& statement, const Scope& outer) {
    Scope scope{.outer = &outer};
    with(statement.withClause, scope);
    Range& range = target(*statement.relation);
    scope.ranges.push_back(&range);
    from(statement.usingClause, scope);
    if (statement.whereClause) condition(statement.whereClause, scope);
    return returning(statement.returningList, range, scope);
}

Rows Tracer::merge(const MergeStmt& statement, const Scope& outer) {
    Scope scope{.outer = &outer};
    with(statement.withClause, scope);
    Range& range = target(*statement.relation);
    std::vector<Range*> source;
    from_item(statement.sourceRelation, scope, source);
    scope.ranges = source;
    const Scope only_source{.outer = &outer, .ranges = source, .ctes = scope.ctes};
    scope.ranges.insert(scope.ranges.begin(), &range);
    if (statement.joinCondition) condition(statement.joinCondition, scope);
    for (const Node* node : nodes(statement.mergeWhenClauses)) {
        const auto* when = PGVEIL_AS(MergeWhenClause, node);
        if (!when) continue;
        if (when->condition) condition(when->condition, scope);
        if (when->commandType != CMD_INSERT) {
            assign_list(range, when->targetList, scope);
            continue;
        }
        std::size_t at = 0;
        for (const Node* value : nodes(when->values)) {
            std::string_view name = at < range.columns.size() ? range.columns[at].name : std::string_view{};
            if (when->targetList) {
                const NodesView columns = nodes(when->targetList);
                const auto* column = at < columns.size() ? PGVEIL_AS(ResTarget, columns[at]) : nullptr;
                name = column ? text_of(column->name) : std::string_view{};
            }
            assign(range, name, expression(value, only_source), tag_of(value) == T_SetToDefault);
            ++at;
        }
    }
    return {{}, true};
}

/// COPY: TO gives rows as a SELECT would, FROM assigns.
void Tracer::copy(const CopyStmt& statement, Rows& rows) {
    const Scope none;
    if (statement.query) {
        rows = query(statement.query, none);
        return;
    }
    if (!statement.relation) return;
    Range& range = target(*statement.relation);
    std::vector<std::string_view> names;
    for (const Node* name : nodes(statement.attlist)) names.push_back(text_of(name));
    if (names.empty()) {
        for (const RangeColumn& column : range.columns) {
            if (!column.stored || !column.stored->generated) names.push_back(column.name);
        }
    }
    const Scope scope{.ranges = {&range}};
    if (statement.whereClause) condition(statement.whereClause, scope);
    rows.complete = range.complete;
    for (const std::string_view name : names) {
        const Found found = find_in_range(range, name);
        const bool there = found.what == Found::What::Column;
        if (statement.is_from) {
            assign(range, name, Value::constant(), false);
        } else {
            rows.columns.push_back({name, there ? value_of(range, found.at) : Value::opaque()});
        }
    }
    if (statement.is_from) rows = {{}, true};
}

void Tracer::made(const Rows& rows) {
    for (const Output& column : rows.columns) assigned_.push_back({{}, column.value, !column.value.plain()});
    if (!rows.complete) assigned_.push_back({{}, Value::opaque(), true});
}

}  // namespace pgveil::sql
