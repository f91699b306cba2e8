#include <algorithm>

#include "sql/settings.h"
#include "sql/statements.h"

namespace pgveil::sql {

namespace {

constexpr Judgement kRead{Kind::Read, Effect::Read};
constexpr Judgement kSession{Kind::Session, Effect::Setting};

template <class T>
const T& of(const Node* node) {
    return *reinterpret_cast<const T*>(node);
}

std::uint32_t bits_of(const std::vector<Effect>& effects) {
    std::uint32_t bits = 0;
    for (const Effect effect : effects) bits |= 1U << static_cast<unsigned>(effect);
    return bits;
}

/// What `done` does, this statement does as well.
void absorb(const Analysis& done, StatementFrame& frame) {
    Findings& found = frame.judge.findings();
    Findings copy;
    copy.kind = done.kind;
    copy.effects = bits_of(done.effects);
    copy.reasons = done.reasons;
    copy.unknown_names = done.unknown_names;
    copy.relations = done.relations;
    copy.functions = done.functions;
    copy.user_functions = done.user_functions;
    copy.depends_on_literals = done.depends_on_literals;
    copy.opaque_writes = done.opaque_writes;
    copy.wrappable = done.wrappable;
    copy.by_name = done.by_name;   // of a body it is known already, of what EXECUTE names it is not
    copy.proxy_misused = done.proxy_call != ProxyCall::None;
    found.merge_called(copy, {});
    frame.statement.has_result = !done.statements.empty() && done.statements.front().has_result;
    if (!done.statements.empty()) {
        frame.statement.columns = done.statements.front().columns;
        frame.statement.columns_known = done.statements.front().columns_known;
    }
}

std::int32_t keep(Analysis&& body, StatementFrame& frame) {
    frame.inner.push_back(std::move(body));
    return static_cast<std::int32_t>(frame.inner.size() - 1);
}

void prepare(const PrepareStmt& node, StatementFrame& frame) {
    frame.statement.verb = Verb::Prepare;
    frame.statement.name = cut_name(text_of(node.name));
    for (const Node* type : nodes(node.argtypes)) frame.judge.query(type);
    BodyAnalysis body = analyze_body(node.query, frame);
    absorb(body.analysis, frame);
    frame.statement.has_result = false;
    frame.statement.columns.clear();
    frame.statement.columns_known = false;
    frame.local.prepared[frame.statement.name] = body.analysis;
    frame.statement.inner = keep(std::move(body.analysis), frame);
}

void execute(const ExecuteStmt& node, StatementFrame& frame) {
    frame.statement.verb = Verb::Execute;
    frame.statement.name = cut_name(text_of(node.name));
    frame.judge.queries(node.params);
    const auto local = frame.local.prepared.find(frame.statement.name);
    const NamedStatements* named = frame.judge.context().named;
    const Analysis* done = local != frame.local.prepared.end() ? &local->second
        : named != nullptr ? named->prepared(frame.statement.name) : nullptr;
    // What the name stands for may change while this text does not.
    frame.judge.findings().depends_on_literals = true;
    frame.judge.findings().by_name = frame.judge.findings().by_name || local == frame.local.prepared.end();
    if (done == nullptr) return frame.judge.findings().unknown("EXECUTE of a statement that is not known here");
    const auto copies = [](const Statement& s) { return s.verb == Verb::CopyIn || s.verb == Verb::CopyOut; };
    if (std::ranges::any_of(done->statements, copies)) return frame.judge.findings().unknown("EXECUTE of a COPY");   // Parse makes one, PREPARE cannot
    absorb(*done, frame);
}

void declare(const DeclareCursorStmt& node, StatementFrame& frame) {
    frame.statement.verb = Verb::Declare;
    frame.statement.name = cut_name(text_of(node.portalname));
    frame.statement.with_hold = (node.options & CURSOR_OPT_HOLD) != 0;
    BodyAnalysis body = analyze_body(node.query, frame);
    absorb(body.analysis, frame);
    frame.statement.has_result = false;
    frame.statement.columns.clear();
    frame.statement.columns_known = false;
    frame.local.cursors[frame.statement.name] = body.analysis;
    frame.statement.inner = keep(std::move(body.analysis), frame);
}

void fetch(const FetchStmt& node, StatementFrame& frame) {
    frame.statement.verb = Verb::Fetch;
    frame.statement.name = cut_name(text_of(node.portalname));
    const auto local = frame.local.cursors.find(frame.statement.name);
    const NamedStatements* named = frame.judge.context().named;
    const Analysis* done = local != frame.local.cursors.end() ? &local->second
        : named != nullptr ? named->cursor(frame.statement.name) : nullptr;
    frame.judge.findings().depends_on_literals = true;
    frame.judge.findings().by_name = frame.judge.findings().by_name || local == frame.local.cursors.end();
    if (done == nullptr) return frame.judge.findings().unknown("FETCH from a cursor that is not known here");
    absorb(*done, frame);
    if (node.ismove) frame.statement.has_result = false;
}

/// A value, not a word, says whether it runs: texts that differ in it alone must not share an analysis.
bool says_whether_it_runs(const List* options) {
    return std::ranges::any_of(nodes(options), [](const Node* node) {
        const auto* option = PGVEIL_AS(DefElem, node);
        return option != nullptr && option->arg != nullptr && text_of(option->defname) == "analyze";
    });
}

/// Any spelling that could switch ANALYZE on does; the last one wins on the server, the gravest one here.
bool runs_it(const List* options) {
    for (const Node* node : nodes(options)) {
        const auto* option = PGVEIL_AS(DefElem, node);
        if (option == nullptr || text_of(option->defname) != "analyze") continue;
        if (option->arg == nullptr) return true;
        const std::string word = fold_name(text_of(option->arg));
        const auto* number = PGVEIL_AS(Integer, option->arg);
        const bool off = word == "off" || word == "false" || word == "no" || (number != nullptr && number->ival == 0);
        if (!off) return true;
    }
    return false;
}

// Plain EXPLAIN plans: immutable and stable calls run, writes do not. Its text shows no row, but what planning
// folded of user functions stands in it.
void explain(const ExplainStmt& node, StatementFrame& frame) {
    Findings& found = frame.judge.findings();
    Statement& statement = frame.statement;
    statement.verb = Verb::Explain;
    BodyAnalysis body = analyze_body(node.query, frame);
    const bool runs = runs_it(node.options) || node.query->type == T_ExecuteStmt;
    if (runs) {
        absorb(body.analysis, frame);
    } else {
        Analysis planned = body.analysis;
        planned.kind = body.call_kind;
        planned.effects = Findings::effects_of(body.call_effects);
        for (RelationUse& relation : planned.relations) relation.use = Use::Read;
        if (planned.kind == Kind::Read) planned.reasons.clear();
        absorb(planned, frame);
    }
    found.cause(kRead);
    found.depends_on_literals |= says_whether_it_runs(node.options);
    statement.has_result = true;
    OutputColumn plan;
    plan.name = "QUERY PLAN";
    plan.flow = body.analysis.user_functions ? Flow::Opaque : Flow::Constant;
    statement.columns.assign(1, std::move(plan));
    statement.columns_known = true;
    statement.inner = keep(std::move(body.analysis), frame);
}

}  // namespace

void judge_named(const Node* node, StatementFrame& frame) {
    Findings& found = frame.judge.findings();
    Statement& statement = frame.statement;
    switch (node->type) {
        case T_PrepareStmt: return prepare(of<PrepareStmt>(node), frame);
        case T_ExecuteStmt: return execute(of<ExecuteStmt>(node), frame);
        case T_DeclareCursorStmt: return declare(of<DeclareCursorStmt>(node), frame);
        case T_FetchStmt: return fetch(of<FetchStmt>(node), frame);
        case T_ExplainStmt: return explain(of<ExplainStmt>(node), frame);
        case T_DeallocateStmt:
            statement.verb = of<DeallocateStmt>(node).name == nullptr ? Verb::DeallocateAll : Verb::Deallocate;
            statement.name = cut_name(text_of(of<DeallocateStmt>(node).name));
            return found.cause(kSession, "DEALLOCATE");
        case T_ClosePortalStmt:
            statement.verb = of<ClosePortalStmt>(node).portalname == nullptr ? Verb::CloseAll : Verb::CloseCursor;
            statement.name = cut_name(text_of(of<ClosePortalStmt>(node).portalname));
            return found.cause(kSession, "CLOSE");
        default: return found.unknown("statement that this version does not know");
    }
}

}  // namespace pgveil::sql
