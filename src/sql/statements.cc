#include "sql/statements.h"

namespace pgveil::sql {

namespace {

constexpr Judgement kTransaction{Kind::Transaction, Effect::Transaction};

template <class T>
const T& of(const Node* node) {
    return *reinterpret_cast<const T*>(node);
}

bool has_result(const Node* node) {
    switch (node->type) {
        case T_SelectStmt: return of<SelectStmt>(node).intoClause == nullptr;
        case T_InsertStmt: return of<InsertStmt>(node).returningList != nullptr;
        case T_UpdateStmt: return of<UpdateStmt>(node).returningList != nullptr;
        case T_DeleteStmt: return of<DeleteStmt>(node).returningList != nullptr;
        default: return false;
    }
}

Verb verb_of(TransactionStmtKind kind) {
    switch (kind) {
        case TRANS_STMT_BEGIN: case TRANS_STMT_START: return Verb::Begin;
        case TRANS_STMT_COMMIT: return Verb::Commit;
        case TRANS_STMT_ROLLBACK: return Verb::Rollback;
        case TRANS_STMT_SAVEPOINT: return Verb::Savepoint;
        case TRANS_STMT_RELEASE: return Verb::Release;
        case TRANS_STMT_ROLLBACK_TO: return Verb::RollbackTo;
        case TRANS_STMT_PREPARE: return Verb::PrepareTransaction;
        case TRANS_STMT_COMMIT_PREPARED: case TRANS_STMT_ROLLBACK_PREPARED: return Verb::Other;
    }
    return Verb::Other;
}

}  // namespace

void judge_statement(const Node* node, StatementFrame& frame) {
    switch (node->type) {
        case T_SelectStmt: case T_InsertStmt: case T_UpdateStmt: case T_DeleteStmt: case T_MergeStmt:
            frame.statement.verb = node->type == T_SelectStmt ? Verb::Select : Verb::Other;
            frame.statement.has_result = has_result(node);
            return frame.judge.query(node);
        case T_TransactionStmt: return judge_transaction(of<TransactionStmt>(node), frame);
        case T_VariableSetStmt: return judge_set(of<VariableSetStmt>(node), frame);
        case T_VariableShowStmt: case T_DiscardStmt: case T_ConstraintsSetStmt: case T_ListenStmt: case T_UnlistenStmt:
        case T_NotifyStmt: case T_LockStmt:
            return judge_session(node, frame);
        case T_PrepareStmt: case T_ExecuteStmt: case T_DeallocateStmt: case T_DeclareCursorStmt: case T_FetchStmt:
        case T_ClosePortalStmt: case T_ExplainStmt:
            return judge_named(node, frame);
        case T_ReturnStmt: return frame.judge.query(of<ReturnStmt>(node).returnval);
        default: return judge_utility(node, frame);
    }
}

void judge_inner_statement(const Node* node, Judge& judge) {
    Statement statement;
    std::vector<Analysis> inner;
    LocalNames local;
    StatementFrame frame{judge, statement, inner, local};
    judge_statement(node, frame);
}

void judge_transaction(const TransactionStmt& node, StatementFrame& frame) {
    Findings& found = frame.judge.findings();
    frame.statement.verb = verb_of(node.kind);
    frame.statement.name = text_of(node.savepoint_name);
    frame.statement.chain = node.chain;
    for (const Node* option : nodes(node.options)) {
        const auto* mode = PGVEIL_AS(DefElem, option);
        if (mode == nullptr || text_of(mode->defname) != "transaction_read_only") continue;
        const auto* value = PGVEIL_AS(A_Const, mode->arg);
        const bool on = value != nullptr && value->val.node.type == T_Integer && value->val.ival.ival != 0;
        (on ? frame.statement.read_only : frame.statement.read_write) = true;
    }
    found.wrappable = false;
    switch (node.kind) {
        case TRANS_STMT_PREPARE: return found.cause({Kind::Admin, Effect::Transaction}, "PREPARE TRANSACTION outlives the session");
        case TRANS_STMT_COMMIT_PREPARED: return found.cause({Kind::Admin, Effect::Transaction}, "COMMIT PREPARED ends another session's transaction");
        case TRANS_STMT_ROLLBACK_PREPARED: return found.cause({Kind::Admin, Effect::Transaction}, "ROLLBACK PREPARED ends another session's transaction");
        case TRANS_STMT_BEGIN: case TRANS_STMT_START: case TRANS_STMT_COMMIT: case TRANS_STMT_ROLLBACK:
        case TRANS_STMT_SAVEPOINT: case TRANS_STMT_RELEASE: case TRANS_STMT_ROLLBACK_TO:
            return found.cause(kTransaction);
    }
    found.unknown("transaction statement");
}

}  // namespace pgveil::sql
