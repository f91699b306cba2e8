// Statements: what one statement of a text is and does, queries and all the others.
//
// A whitelist over every statement node of the grammar: each is handled here or stays Kind::Unknown by name
// (the unit test lists both). Fills a Statement's verb and names, and causes findings in the Judge. One thread.
#pragma once

#include <map>

#include "sql/judge.h"

namespace pgveil::sql {

/// Names that earlier statements of the same text gave to prepared statements and cursors.
struct LocalNames {
    std::map<std::string, Analysis, std::less<>> prepared, cursors;
};

/// One statement being judged. `inner` takes the bodies of PREPARE, DECLARE and EXPLAIN.
struct StatementFrame {
    Judge& judge;
    Statement& statement;
    std::vector<Analysis>& inner;
    LocalNames& local;
};

void judge_statement(const Node* node, StatementFrame& frame);

/// A statement in a view's or function's body: its findings alone.
void judge_inner_statement(const Node* node, Judge& judge);

/// A body as an Analysis of its own, with the part of it that plain EXPLAIN is judged by.
struct BodyAnalysis {
    Analysis analysis;
    Kind call_kind = Kind::Unknown;
    std::uint32_t call_effects = 0;
};
[[nodiscard]] BodyAnalysis analyze_body(const Node* node, StatementFrame& frame);

/// An analysis made of findings and one statement.
[[nodiscard]] Analysis analysis_of(Findings&& findings, Statement&& statement, std::vector<Analysis>&& inner);

// The families; each in a file of its own.
void judge_transaction(const TransactionStmt& node, StatementFrame& frame);       // statements.cc
void judge_set(const VariableSetStmt& node, StatementFrame& frame);               // statements_session.cc
void judge_session(const Node* node, StatementFrame& frame);
void judge_named(const Node* node, StatementFrame& frame);                        // statements_named.cc
void judge_utility(const Node* node, StatementFrame& frame);                      // statements_utility.cc

/// True if the node is a statement this room judges by its own rule (not Unknown by construction).
[[nodiscard]] bool knows_statement(NodeTag tag);

}  // namespace pgveil::sql
