// Rows of several queries: set operations, and WITH with its recursion.
#include <algorithm>

#include "sql/lineage_tracer.h"

namespace pgveil::sql {

namespace {

bool unchanged(const Value& value) { return value.flow == Flow::AsIs || value.literal(); }

/// The column is a name or a constant where it is written; a star's columns show only once it is traced.
bool hands_on(const SelectStmt& query, std::size_t at) {
    if (query.op != SETOP_NONE) return hands_on(*query.larg, at) && hands_on(*query.rarg, at);
    std::size_t place = 0;
    for (const Node* node : nodes(query.targetList)) {
        const auto* target = PGVEIL_AS(ResTarget, node);
        const Node* value = target ? target->val : nullptr;
        const auto* reference = PGVEIL_AS(ColumnRef, value);
        if (reference && tag_of(nodes(reference->fields).back()) == T_A_Star) return true;
        if (place++ == at) return reference || tag_of(value) == T_A_Const || tag_of(value) == T_ParamRef;
    }
    return false;
}

}  // namespace

/// UNION ALL alone puts rows beside each other; every other set operation compares them, ALL or not.
Rows Tracer::set_operation(const SelectStmt& statement, const Scope& scope) {
    Rows left = select(*statement.larg, scope);
    const Rows right = select(*statement.rarg, scope);
    const bool appends = statement.op == SETOP_UNION && statement.all;
    if (!appends) compare_rows(left, right);
    if (!left.complete || !right.complete || left.columns.size() != right.columns.size()) {
        for (Output& column : left.columns) column.value = Value::opaque();
        left.complete = false;
        return left;
    }
    for (std::size_t i = 0; i < left.columns.size(); ++i) {
        left.columns[i].value = either(left.columns[i].value, right.columns[i].value);
    }
    return left;
}

/// How many rows are left tells which are equal: a comparison of each column with its other side's.
void Tracer::compare_rows(const Rows& left, const Rows& right) {
    const bool match = left.complete && right.complete && left.columns.size() == right.columns.size();
    if (!match) {
        for (const Rows* side : {&left, &right}) {
            for (const Output& column : side->columns) use_of(column.value, PredicateUse::Other);
        }
        return;
    }
    const auto grouped = [&](const Value& value) { return value.plain() && atoms_.stored(value.atoms.front()); };
    for (std::size_t i = 0; i < left.columns.size(); ++i) {
        const Value& one = left.columns[i].value;
        const Value& other = right.columns[i].value;
        if (one.literal() || other.literal()) {
            const Value& value = one.literal() ? other : one;
            const Value& literal = one.literal() ? one : other;
            if (value.plain()) use_of(value, PredicateUse::Group);
            if (!value.plain() || !literal.null_literal) literal_use(value, value.plain() ? PredicateUse::Equality : PredicateUse::Other, nullptr, literal);
            continue;
        }
        // Computed rows could walk through all values, as `=` with them could.
        const PredicateUse use = grouped(one) && grouped(other) ? PredicateUse::Group : PredicateUse::Other;
        use_of(one, use);
        use_of(other, use);
        together(one, other, use == PredicateUse::Group);
    }
}

void Tracer::with(const WithClause* clause, Scope& scope) {
    if (!clause) return;
    if (clause->recursive) {
        // All are visible in all; only a reference before the definition needs the later ones, and is opaque.
        for (const Node* node : nodes(clause->ctes)) {
            if (const auto* cte = PGVEIL_AS(CommonTableExpr, node)) scope.ctes.push_back({text_of(cte->ctename), {}, false});
        }
    }
    for (const Node* node : nodes(clause->ctes)) {
        if (const auto* cte = PGVEIL_AS(CommonTableExpr, node)) common_table(*cte, clause->recursive, scope);
    }
}

void Tracer::name_columns(Cte& cte, const List* names) {
    std::size_t at = 0;
    for (const Node* name : nodes(names)) {
        if (at < cte.columns.size()) cte.columns[at++].name = text_of(name);
    }
}

void Tracer::common_table(const CommonTableExpr& definition, bool recursive, Scope& scope) {
    const std::string_view name = text_of(definition.ctename);
    Cte cte{name, {}, false};
    const auto fill = [&](const Rows& rows) {
        for (const Output& column : rows.columns) cte.columns.push_back({column.name, column.value});
        cte.complete = rows.complete;
        name_columns(cte, definition.aliascolnames);
    };
    const auto place = [&]() -> Cte& {
        for (Cte& there : scope.ctes) {
            if (there.name == name) return there;
        }
        return scope.ctes.emplace_back();
    };
    const auto* query_node = PGVEIL_AS(SelectStmt, definition.ctequery);
    if (!recursive || !query_node || query_node->op == SETOP_NONE) {
        fill(query(definition.ctequery, scope));
    } else {
        fill(recursive_rows(*query_node, scope, [&](const Rows& first) {
            Cte self{name, {}, first.complete};
            for (const Output& column : first.columns) self.columns.push_back({column.name, column.value});
            name_columns(self, definition.aliascolnames);
            place() = std::move(self);
        }));
    }
    searched(cte, definition);
    place() = std::move(cte);
}

/// SEARCH and CYCLE add columns that are made of those they name.
void Tracer::searched(Cte& cte, const CommonTableExpr& definition) {
    const auto made_of = [&](const List* names) {
        Value value = Value::constant();
        for (const Node* name : nodes(names)) {
            const auto found = std::ranges::find(cte.columns, text_of(name), &CteColumn::name);
            absorb(value, found == cte.columns.end() ? Value::opaque() : found->value);
        }
        return value;
    };
    const auto* search = definition.search_clause;
    const Value sequence = search ? made_of(search->search_col_list) : Value::constant();
    const auto* cycle = definition.cycle_clause;
    const Value path = cycle ? made_of(cycle->cycle_col_list) : Value::constant();
    // CYCLE ends where a row equals one before it.
    for (const Node* name : nodes(cycle ? cycle->cycle_col_list : nullptr)) {
        const auto found = std::ranges::find(cte.columns, text_of(name), &CteColumn::name);
        if (found != cte.columns.end()) use_of(found->value, found->value.plain() ? PredicateUse::Group : PredicateUse::Other);
    }
    if (search) cte.columns.push_back({text_of(search->search_seq_column), sequence});
    if (cycle) cte.columns.push_back({text_of(cycle->cycle_mark_column), path});
    if (cycle) cte.columns.push_back({text_of(cycle->cycle_path_column), path});
}

/// A column whose values come from one place is that column; sorted or grouped beside others it would be compared with them.
void Tracer::mix(Value& column, AtomId own, const Value& first, const Value& next) const {
    if (first.null_literal || next.null_literal || (first.literal() && next.literal())) return;
    if (first.literal() || next.literal()) {
        column.flow = Flow::Derived;
        return;
    }
    const auto known = [&](AtomId atom) { return atom == own || (first.plain() && atoms_.same_column(atom, first.atoms.front())); };
    if (!std::ranges::all_of(next.atoms, known)) add_atoms(column, next.atoms);
    if (first.atoms.size() > 1) add_atoms(column, first.atoms);
}

/// left UNION right, where right may name the CTE itself: its columns get atoms that stand for either side.
Rows Tracer::recursive_rows(const SelectStmt& statement, const Scope& outer, const std::function<void(const Rows&)>& declare) {
    Scope scope{.outer = &outer};
    with(statement.withClause, scope);
    const Rows first = select(*statement.larg, scope);
    Rows left = first;
    std::vector<AtomId> own;
    for (Output& column : left.columns) {
        const bool kept = unchanged(column.value) && hands_on(*statement.rarg, own.size());
        own.push_back(atoms_.add(Flow::Constant));
        atoms_.expand(own.back(), column.value);
        column.value = Value{.flow = kept ? Flow::AsIs : Flow::Derived, .type = column.value.type, .atoms = {own.back()}};
    }
    declare(left);
    const Rows right = select(*statement.rarg, scope);
    const bool match = left.complete && right.complete && left.columns.size() == right.columns.size();
    for (std::size_t i = 0; i < right.columns.size(); ++i) {
        // What was traced as if nothing changed it is an expression after all, or several things in one round.
        const Value& value = right.columns[i].value;
        const bool kept = match && (left.columns[i].value.flow != Flow::AsIs || (unchanged(value) && value.atoms.size() < 2));
        if (!kept) use_of(value, PredicateUse::Other);
    }
    for (std::size_t i = 0; i < left.columns.size(); ++i) {
        atoms_.expand(own[i], match ? right.columns[i].value : Value::opaque());
        if (match) mix(left.columns[i].value, own[i], first.columns[i].value, right.columns[i].value);
    }
    left.complete = match;
    if (statement.op != SETOP_UNION || !statement.all) compare_rows(first, right);
    clauses(statement, left, scope);
    return left;
}

}  // namespace pgveil::sql
