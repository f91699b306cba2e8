#include "sql/analyze.h"

#include <algorithm>

#include "sql/copy_out.h"
#include "sql/lineage.h"
#include "sql/proxy_call.h"
#include "sql/scan.h"
#include "sql/statements.h"

namespace pgveil::sql {

namespace {

/// The search path as the statements of one text change it.
struct PathInText {
    const Context& context;
    catalog::SearchPath path;
    bool changed = false;

    void after(const Statement& statement, const Analysis& analysis);
};

// Only a plain SET can be followed; whatever may set or restore the path otherwise makes it unknown.
void PathInText::after(const Statement& statement, const Analysis& analysis) {
    const bool names_path = statement.name == "search_path";
    if (statement.verb == Verb::Set && names_path && !statement.to_default) {
        catalog::SearchPath next = catalog::make_search_path(context.catalog, statement.value, context.catalog.contents().role);
        next.has_temp = path.has_temp;
        next.temp_names = std::move(path.temp_names);
        path = std::move(next);
        changed = true;
        return;
    }
    const bool resets = (statement.verb == Verb::Reset || statement.verb == Verb::Set) && (names_path || statement.name == "all");
    const bool ends = changed && (statement.verb == Verb::Commit || statement.verb == Verb::Rollback || statement.verb == Verb::RollbackTo);
    const bool calls = std::ranges::any_of(analysis.functions, [](const FunctionUse& f) { return f.name == "pg_catalog.set_config"; });
    if (resets || ends || calls || statement.verb == Verb::DiscardAll) path.known = false;
}

Analysis unparsed(SqlState code, std::string message, std::int32_t position, bool bounded) {
    Analysis analysis;
    analysis.kind = Kind::Unknown;
    analysis.effects = {Effect::Unknown};
    analysis.reasons = {bounded ? "statement too large or too deep" : "syntax this version does not know"};
    analysis.depends_on_literals = true;  // size, encoding and the message's words are this text's own
    analysis.unparsed = Unparsed{code, std::move(message), position, bounded};
    return analysis;
}

void add_effects(std::vector<Effect>& to, const std::vector<Effect>& from) {
    std::vector<Effect> both;
    std::ranges::set_union(to, from, std::back_inserter(both));
    to = std::move(both);
}

template <class T>
void append_new(std::vector<T>& to, std::vector<T>&& from) {
    if (to.empty()) {
        to = std::move(from);
        return;
    }
    for (T& item : from)
        if (std::ranges::find(to, item) == to.end()) to.push_back(std::move(item));
}

/// One statement's analysis into the text's.
void join(Analysis& text, Analysis&& one) {
    const auto first_inner = static_cast<std::int32_t>(text.inner.size());
    for (Statement& statement : one.statements) {
        if (statement.inner >= 0) statement.inner += first_inner;
        text.statements.push_back(std::move(statement));
    }
    for (Analysis& inner : one.inner) text.inner.push_back(std::move(inner));
    text.kind = std::min(text.kind, one.kind);
    add_effects(text.effects, one.effects);
    append_new(text.relations, std::move(one.relations));
    append_new(text.functions, std::move(one.functions));
    append_new(text.reasons, std::move(one.reasons));
    append_new(text.unknown_names, std::move(one.unknown_names));
    append_new(text.predicates, std::move(one.predicates));
    append_new(text.assignments, std::move(one.assignments));
    text.user_functions |= one.user_functions;
    text.opaque_writes |= one.opaque_writes;
    text.may_raise_from_data |= one.may_raise_from_data;
    text.depends_on_literals |= one.depends_on_literals;
    text.wrappable &= one.wrappable;
    text.by_name |= one.by_name;
    text.parameters = std::max(text.parameters, one.parameters);
    if (one.proxy_call != ProxyCall::None) text.proxy_call = one.proxy_call;
}

/// Names of the text itself stand before those that the session has.
class NamedHere final : public NamedStatements {
  public:
    NamedHere(const LocalNames& local, const NamedStatements* session) : local_(local), session_(session) {}
    [[nodiscard]] const Analysis* prepared(std::string_view name) const override {
        const auto found = local_.prepared.find(name);
        if (found != local_.prepared.end()) return &found->second;
        return session_ != nullptr ? session_->prepared(name) : nullptr;
    }
    [[nodiscard]] const Analysis* cursor(std::string_view name) const override {
        const auto found = local_.cursors.find(name);
        if (found != local_.cursors.end()) return &found->second;
        return session_ != nullptr ? session_->cursor(name) : nullptr;
    }

  private:
    const LocalNames& local_;
    const NamedStatements* session_;
};

void trace_into(const Node* node, const Context& context, const catalog::SearchPath& path, const LocalNames& local, Analysis& analysis) {
    const NamedHere named(local, context.named);
    const Context here{context.catalog, path, context.parameter_types, &named, context.allowed_settings, context.bounds};
    trace(node, here, analysis.statements.front(), analysis);
}

/// One statement alone: `node` judged under `path`.
Analysis analyze_one(const Node* node, const Context& context, const catalog::SearchPath& path, JudgeMemo& memo, LocalNames& local) {
    Findings findings;
    Statement statement;
    std::vector<Analysis> inner;
    Judge judge(context, path, path, memo, findings);
    StatementFrame frame{judge, statement, inner, local};
    judge.within(node);
    judge_statement(node, frame);
    Analysis analysis = analysis_of(std::move(findings), std::move(statement), std::move(inner));
    trace_into(node, context, path, local, analysis);
    return analysis;
}

void place(Statement& statement, const RawStmt& raw, std::size_t text_size) {
    statement.location = raw.stmt_location > 0 ? static_cast<std::uint32_t>(raw.stmt_location) : 0;
    statement.length = raw.stmt_len > 0 ? static_cast<std::uint32_t>(raw.stmt_len)
                                        : static_cast<std::uint32_t>(text_size - statement.location);
}

/// The whole text is one of the proxy's own functions.
Analysis proxy_analysis(ProxyCallForm&& form, const RawStmt& raw, std::size_t text_size) {
    Analysis analysis;
    const bool misused = form.call == ProxyCall::Misused;
    analysis.kind = misused ? Kind::Unknown : Kind::Read;
    analysis.effects = {misused ? Effect::Unknown : Effect::Read};
    if (misused) analysis.reasons = {"no such pgveil function in this form"};
    analysis.proxy_call = form.call;
    analysis.proxy_argument = std::move(form.argument);
    analysis.proxy_argument_is_parameter = form.argument_is_parameter;
    analysis.depends_on_literals = true;
    analysis.may_raise_from_data = false;
    analysis.parameters = form.argument_is_parameter ? 1 : 0;
    Statement statement;
    statement.verb = Verb::Select;
    statement.kind = analysis.kind;
    statement.has_result = true;
    place(statement, raw, text_size);
    analysis.statements.push_back(std::move(statement));
    return analysis;
}

Analysis empty_analysis() {
    Analysis analysis;
    analysis.kind = Kind::Read;
    analysis.may_raise_from_data = false;
    Statement statement;
    statement.verb = Verb::Empty;
    statement.kind = Kind::Read;
    analysis.statements.push_back(std::move(statement));
    return analysis;
}

Analysis analyze_tree(const List* statements, const Context& context, std::string_view all) {
    const std::size_t text_size = all.size();
    const NodesView raws = nodes(statements);
    if (raws.empty()) return empty_analysis();
    if (raws.size() == 1) {
        const auto* raw = PGVEIL_AS(RawStmt, raws[0]);
        if (ProxyCallForm form = proxy_call_of(raw->stmt); form.call != ProxyCall::None) return proxy_analysis(std::move(form), *raw, text_size);
    }
    JudgeMemo memo;
    memo.facts = facts_of(context.catalog);
    LocalNames local;
    PathInText path{context, context.search_path};
    Analysis text;
    text.kind = Kind::Read;
    text.may_raise_from_data = false;
    for (const Node* node : raws) {
        const auto* raw = PGVEIL_AS(RawStmt, node);
        Analysis one = analyze_one(raw->stmt, context, path.path, memo, local);
        place(one.statements.front(), *raw, text_size);
        if (one.statements.front().verb == Verb::CopyOut) {
            one.statements.front().copy = copy_out(*PGVEIL_AS(CopyStmt, raw->stmt), one.statements.front(), all);
            one.depends_on_literals = true;   // delimiters and the like are literals
        }
        path.after(one.statements.front(), one);
        join(text, std::move(one));
    }
    return text;
}

}  // namespace

Analysis analyze(std::string_view text, const Context& context) {
    if (text.size() > context.bounds.text_bytes)
        return unparsed(sqlstate::StatementTooComplex, "statement text is too long", 0, true);
    if (!valid_text(text)) return unparsed(sqlstate::CharacterNotInRepertoire, "text is not valid UTF-8", 0, true);
    if (scan::takes_long(text)) return unparsed(sqlstate::StatementTooComplex, "too many comments or operators stand together", 0, true);
    const auto tree = Tree::parse(std::string(text));
    if (!tree) return unparsed(tree.error().code, tree.error().message, tree.error().position, tree.error().code == sqlstate::StatementTooComplex);
    if (!within_bounds(tree->statements(), context.bounds))
        return unparsed(sqlstate::StatementTooComplex, "statement is too deep or has too many parts", 0, true);
    return analyze_tree(tree->statements(), context, text);
}

Analysis analysis_of(Findings&& findings, Statement&& statement, std::vector<Analysis>&& inner) {
    Analysis analysis;
    analysis.kind = findings.kind;
    analysis.effects = Findings::effects_of(findings.effects);
    analysis.relations = std::move(findings.relations);
    analysis.functions = std::move(findings.functions);
    analysis.reasons = std::move(findings.reasons);
    analysis.unknown_names = std::move(findings.unknown_names);
    analysis.user_functions = findings.user_functions;
    analysis.opaque_writes = findings.opaque_writes;
    analysis.depends_on_literals = findings.depends_on_literals;
    analysis.wrappable = findings.wrappable;
    analysis.by_name = findings.by_name;
    analysis.parameters = findings.parameters;
    if (findings.proxy_misused) analysis.proxy_call = ProxyCall::Misused;
    statement.kind = findings.kind;
    analysis.statements.push_back(std::move(statement));
    analysis.inner = std::move(inner);
    return analysis;
}

BodyAnalysis analyze_body(const Node* node, StatementFrame& frame) {
    Findings findings;
    Statement statement;
    std::vector<Analysis> inner;
    Judge judge(frame.judge.context(), frame.judge.path(), frame.judge.path(), frame.judge.memo(), findings);
    StatementFrame body{judge, statement, inner, frame.local};
    judge.within(node);
    judge_statement(node, body);
    BodyAnalysis result;
    result.call_kind = findings.call_kind;
    result.call_effects = findings.call_effects;
    Findings& outer = frame.judge.findings();   // whatever else the body's statement says is its caller's to take over
    outer.parameters = std::max(outer.parameters, findings.parameters);
    outer.by_name |= findings.by_name;
    outer.depends_on_literals |= findings.depends_on_literals;
    result.analysis = analysis_of(std::move(findings), std::move(statement), std::move(inner));
    trace_into(node, frame.judge.context(), frame.judge.path(), frame.local, result.analysis);
    return result;
}

}  // namespace pgveil::sql
