#include "sql/settings.h"
#include "sql/statements.h"

namespace pgveil::sql {

namespace {

constexpr Judgement kRead{Kind::Read, Effect::Read};
constexpr Judgement kSession{Kind::Session, Effect::Setting};
constexpr Judgement kTransaction{Kind::Transaction, Effect::Transaction};

template <class T>
const T& of(const Node* node) {
    return *reinterpret_cast<const T*>(node);
}

std::string quoted_identifier(std::string_view name) {
    std::string out = "\"";
    for (const char c : name) {
        out += c;
        if (c == '"') out += c;
    }
    return out + '"';
}

/// One argument of SET as the server stores it (flatten_set_variable_args); lists are of identifiers.
std::string argument_text(const Node* node, bool in_list) {
    if (const auto* cast = PGVEIL_AS(TypeCast, node)) node = cast->arg;  // SET TIME ZONE INTERVAL '..'
    const auto* constant = PGVEIL_AS(A_Const, node);
    if (constant == nullptr || constant->isnull) return {};
    switch (constant->val.node.type) {
        case T_Integer: return std::to_string(constant->val.ival.ival);
        case T_Float: return std::string(text_of(constant->val.fval.fval));
        case T_Boolean: return constant->val.boolval.boolval ? "true" : "false";
        case T_String: {
            const std::string_view value = text_of(constant->val.sval.sval);
            return in_list ? quoted_identifier(value) : std::string(value);
        }
        default: return {};
    }
}

bool is_list_setting(std::string_view name) {
    return name == "search_path" || name == "datestyle" || name == "temp_tablespaces" || name.ends_with("_preload_libraries");
}

std::string value_text(const List* arguments, std::string_view name) {
    std::string value;
    // DateStyle's list holds keywords, which quoting would spoil for readers.
    const bool quotes = is_list_setting(name) && name != "datestyle";
    for (const Node* argument : nodes(arguments)) {
        if (!value.empty()) value += ", ";
        value += argument_text(argument, quotes);
    }
    return value;
}

void transaction_modes(const List* options, Statement& statement) {
    for (const Node* option : nodes(options)) {
        const auto* mode = PGVEIL_AS(DefElem, option);
        if (mode == nullptr || text_of(mode->defname) != "transaction_read_only") continue;
        const auto* value = PGVEIL_AS(A_Const, mode->arg);
        const bool on = value != nullptr && value->val.node.type == T_Integer && value->val.ival.ival != 0;
        (on ? statement.read_only : statement.read_write) = true;
    }
}

void set_many(const VariableSetStmt& node, StatementFrame& frame) {
    Findings& found = frame.judge.findings();
    const std::string_view what = text_of(node.name);
    frame.statement.verb = Verb::SetTransaction;
    transaction_modes(node.args, frame.statement);
    if (what == "SESSION CHARACTERISTICS") {
        frame.statement.name = "session characteristics";
        return found.cause(kSession, "SET SESSION CHARACTERISTICS");
    }
    frame.statement.local = true;
    found.cause(kTransaction);
}

void set_value(const VariableSetStmt& node, StatementFrame& frame) {
    Findings& found = frame.judge.findings();
    const std::string& name = frame.statement.name;
    const std::string value = value_text(node.args, name);
    // Each SET stands for itself: its kind depends on the value, which the plan cache's key leaves out.
    found.depends_on_literals = true;
    if (is_tracked_setting(name)) frame.statement.value = value;
    const Judgement judged = judge_setting(name, value, frame.judge.context().allowed_settings);
    found.cause(judged, judged.kind == Kind::Session ? "SET " + name : "SET " + name + " is not among the session settings an agent may change");
}

void lock(const LockStmt& node, StatementFrame& frame) {
    constexpr int kAccessShare = 1;  // storage/lockdefs.h
    frame.statement.verb = Verb::Lock;
    for (const Node* name : nodes(node.relations))
        if (const auto* relation = PGVEIL_AS(RangeVar, name)) frame.judge.locked(*relation, node.mode == kAccessShare ? Use::Read : Use::Lock);
    if (node.mode == kAccessShare) return frame.judge.findings().cause(kRead);
    frame.judge.findings().cause({Kind::Write, Effect::Lock}, "LOCK beyond ACCESS SHARE");
}

void discard(const DiscardStmt& node, StatementFrame& frame) {
    frame.statement.verb = node.target == DISCARD_ALL ? Verb::DiscardAll : Verb::Discard;
    if (node.target == DISCARD_ALL) frame.judge.findings().wrappable = false;
    frame.judge.findings().cause(kSession, "DISCARD");
}

}  // namespace

void judge_set(const VariableSetStmt& node, StatementFrame& frame) {
    Findings& found = frame.judge.findings();
    Statement& statement = frame.statement;
    statement.name = fold_name(text_of(node.name));
    statement.local = node.is_local;
    switch (node.kind) {
        case VAR_SET_VALUE:
            statement.verb = Verb::Set;
            return set_value(node, frame);
        case VAR_SET_DEFAULT: case VAR_RESET: {
            statement.verb = node.kind == VAR_RESET ? Verb::Reset : Verb::Set;
            statement.to_default = true;
            const Judgement judged = judge_reset(statement.name);
            return found.cause(judged, "RESET " + statement.name);
        }
        case VAR_RESET_ALL:
            statement.verb = Verb::Reset;
            statement.name = "all";
            statement.to_default = true;
            return found.cause(kSession, "RESET ALL");
        case VAR_SET_MULTI: return set_many(node, frame);
        case VAR_SET_CURRENT: return found.unknown("SET FROM CURRENT outside a function definition");
    }
    found.unknown("SET of a form that is not known");
}

void judge_session(const Node* node, StatementFrame& frame) {
    Findings& found = frame.judge.findings();
    Statement& statement = frame.statement;
    switch (node->type) {
        case T_VariableShowStmt:
            statement.verb = Verb::Show;
            statement.name = fold_name(text_of(of<VariableShowStmt>(node).name));
            statement.has_result = true;
            return found.cause(kRead);
        case T_DiscardStmt: return discard(of<DiscardStmt>(node), frame);
        case T_ConstraintsSetStmt: return found.cause(kSession, "SET CONSTRAINTS");
        case T_ListenStmt:
            statement.verb = Verb::Listen;
            statement.name = text_of(of<ListenStmt>(node).conditionname);
            return found.cause({Kind::Session, Effect::Notify}, "LISTEN");
        case T_UnlistenStmt:
            statement.verb = Verb::Unlisten;
            statement.name = text_of(of<UnlistenStmt>(node).conditionname);
            return found.cause({Kind::Session, Effect::Notify}, "UNLISTEN");
        case T_NotifyStmt: return found.cause({Kind::Write, Effect::Notify}, "NOTIFY reaches other sessions");
        case T_LockStmt: return lock(of<LockStmt>(node), frame);
        default: return found.unknown("statement that this version does not know");
    }
}

}  // namespace pgveil::sql
