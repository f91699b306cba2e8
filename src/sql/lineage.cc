#include "sql/lineage.h"

#include <algorithm>

#include "sql/lineage_tracer.h"

namespace pgveil::sql {

namespace {

/// What a prepared statement or cursor brings when it is used: its columns and all it tells of others.
void use_named(const Analysis* named, Statement& statement, Analysis& analysis) {
    if (!named || named->statements.size() != 1) return;
    analysis.may_raise_from_data = named->may_raise_from_data;
    const Statement& source = named->statements.front();
    statement.columns = source.columns;
    statement.columns_known = source.columns_known;
    statement.has_result = source.has_result;
    analysis.predicates.insert(analysis.predicates.end(), named->predicates.begin(), named->predicates.end());
    analysis.assignments.insert(analysis.assignments.end(), named->assignments.begin(), named->assignments.end());
}

void show(const VariableShowStmt& node, Statement& statement) {
    statement.has_result = statement.columns_known = true;
    if (text_of(node.name) == "all") {
        for (const char* name : {"name", "setting", "description"}) statement.columns.push_back({name, Flow::Constant, {}, {}});
    } else {
        statement.columns.push_back({std::string(text_of(node.name)), Flow::Constant, {}, {}});
    }
}

class Tracing {
  public:
    Tracing(const Context& context, Statement& statement, Analysis& analysis)
        : context_(context), statement_(statement), analysis_(analysis), tracer_(context, context.search_path, nesting_) {
        const auto has = [&](Effect effect) { return std::ranges::binary_search(analysis.effects, effect); };
        if (has(Effect::Setting) || has(Effect::Sleep)) tracer_.suspect_user_functions();
    }

    void statement(const Node* node);
    void finish() { tracer_.finish(analysis_); }
    [[nodiscard]] bool raises() const { return tracer_.raises(); }
    void give_up();

  private:
    void rows(const Rows& rows, bool has_result);
    void explain(const ExplainStmt& node);
    void explain_named(const Analysis* named);
    /// A query whose rows stay in the server: a cursor's, or a new relation's.
    void stored(const Node* query, bool makes_relation);

    const Context& context_;
    Statement& statement_;
    Analysis& analysis_;
    Nesting nesting_;
    Tracer tracer_;
};

/// Conditions that were not looked at could be any.
void Tracing::give_up() {
    if (!tracer_.gave_up()) return;
    statement_.kind = analysis_.kind = Kind::Unknown;
    if (!std::ranges::binary_search(analysis_.effects, Effect::Unknown)) analysis_.effects.insert(analysis_.effects.begin(), Effect::Unknown);
    analysis_.reasons.emplace_back("too many columns in too many expressions");
}

void Tracing::rows(const Rows& rows, bool has_result) {
    statement_.has_result = has_result;
    statement_.columns_known = rows.complete;
    for (const Output& column : rows.columns) statement_.columns.push_back(tracer_.output(column.name, column.value));
    if (!rows.complete) statement_.columns.clear();
}

bool returns_rows(const Node* node) {
    if (const auto* insert = PGVEIL_AS(InsertStmt, node)) return insert->returningList != nullptr;
    if (const auto* update = PGVEIL_AS(UpdateStmt, node)) return update->returningList != nullptr;
    if (const auto* remove = PGVEIL_AS(DeleteStmt, node)) return remove->returningList != nullptr;
    return tag_of(node) == T_SelectStmt;
}

const IntoClause* into_of(const Node* node) {
    const auto* select = PGVEIL_AS(SelectStmt, node);
    while (select && select->larg) select = select->larg;
    return select ? select->intoClause : nullptr;
}

void Tracing::stored(const Node* query, bool makes_relation) {
    const Scope none;
    const Rows found = tracer_.query(query, none);
    if (makes_relation) tracer_.made(found);
    statement_.columns_known = true;
}

/// The plan's text follows statistics of the columns that conditions and expressions use.
void Tracing::explain(const ExplainStmt& node) {
    const bool opaque = !statement_.columns.empty() && statement_.columns.front().flow == Flow::Opaque;
    statement_.columns.clear();
    const Node* query = node.query;
    if (const auto* create = PGVEIL_AS(CreateTableAsStmt, query)) query = create->query;
    if (const auto* declare = PGVEIL_AS(DeclareCursorStmt, query)) query = declare->query;
    if (const auto* execute = PGVEIL_AS(ExecuteStmt, query)) {
        explain_named(context_.named ? context_.named->prepared(text_of(execute->name)) : nullptr);
    } else {
        rows(tracer_.explained(query), true);
    }
    if (opaque && !statement_.columns.empty()) statement_.columns.front().flow = Flow::Opaque;
}

void Tracing::explain_named(const Analysis* named) {
    use_named(named, statement_, analysis_);
    OutputColumn plan{"QUERY PLAN", named && statement_.columns_known ? Flow::Derived : Flow::Opaque, {}, {}};
    for (const Predicate& predicate : analysis_.predicates) plan.origins.push_back(predicate.column);
    for (const OutputColumn& column : statement_.columns) {
        if (column.flow != Flow::AsIs) plan.origins.insert(plan.origins.end(), column.origins.begin(), column.origins.end());
        if (column.flow == Flow::Opaque) plan.flow = Flow::Opaque;
    }
    statement_.columns.assign(1, std::move(plan));
    statement_.has_result = statement_.columns_known = true;
}

void Tracing::statement(const Node* node) {
    const Scope none;
    if (tag_of(node) != T_ExplainStmt) statement_.columns.clear();
    statement_.columns_known = false;
    switch (tag_of(node)) {
        case T_SelectStmt:
            if (into_of(node)) return stored(node, true);
            return rows(tracer_.query(node, none), true);
        case T_InsertStmt:
        case T_UpdateStmt:
        case T_DeleteStmt:
        case T_MergeStmt: return rows(tracer_.query(node, none), returns_rows(node));
        case T_CopyStmt: {
            const auto& copy = *PGVEIL_AS(CopyStmt, node);
            Rows found;
            tracer_.copy(copy, found);
            return rows(found, !copy.is_from);
        }
        case T_CreateTableAsStmt: return stored(PGVEIL_AS(CreateTableAsStmt, node)->query, true);
        case T_ViewStmt: return stored(PGVEIL_AS(ViewStmt, node)->query, true);
        case T_DeclareCursorStmt: return stored(PGVEIL_AS(DeclareCursorStmt, node)->query, false);
        case T_ExplainStmt: return explain(*PGVEIL_AS(ExplainStmt, node));
        case T_VariableShowStmt: return show(*PGVEIL_AS(VariableShowStmt, node), statement_);
        case T_ExecuteStmt:
            if (context_.named) use_named(context_.named->prepared(text_of(PGVEIL_AS(ExecuteStmt, node)->name)), statement_, analysis_);
            return;
        case T_FetchStmt: {
            const auto& fetch = *PGVEIL_AS(FetchStmt, node);
            if (context_.named) use_named(context_.named->cursor(text_of(fetch.portalname)), statement_, analysis_);
            if (fetch.ismove) statement_.has_result = false;
            return;
        }
        case T_CallStmt: statement_.has_result = true; return;   // OUT parameters: opaque
        default: statement_.columns_known = !statement_.has_result; return;
    }
}

}  // namespace

OutputColumn Tracer::output(std::string_view name, const Value& value) const {
    Traced traced = atoms_.resolve(value);
    return {std::string(name), traced.flow, std::move(traced.origins), std::move(traced.via), traced.steady};
}

Rows Tracer::explained(const Node* node) {
    const Scope none;
    const Rows rows = query(node, none);
    Value plan = rows.complete ? Value::constant() : Value::opaque();
    for (const Event& event : events_) absorb(plan, compared_[event.value]);
    for (const Output& column : rows.columns) {
        if (column.value.flow != Flow::AsIs) absorb(plan, column.value);
    }
    Rows out{{}, true};
    out.columns.push_back({"QUERY PLAN", std::move(plan)});
    return out;
}

void trace(const Node* node, const Context& context, Statement& statement, Analysis& analysis) {
    Tracing tracing(context, statement, analysis);
    tracing.statement(node);
    tracing.finish();
    tracing.give_up();
    if (tag_of(node) != T_ExecuteStmt && tag_of(node) != T_FetchStmt) analysis.may_raise_from_data = tracing.raises();
}

}  // namespace pgveil::sql
