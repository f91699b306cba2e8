#include "policy/decide.h"

#include <algorithm>

#include "policy/columns.h"
#include "policy/match.h"

namespace pgveil::policy {
namespace {

using sql::Kind;

Decision refusal(SqlState code, std::string rule, std::string reason, std::string hint) {
    Decision decision;
    decision.code = code;
    decision.rule = std::move(rule);
    decision.reasons.push_back(std::move(reason));
    decision.hint = std::move(hint);
    return decision;
}

bool needs_write_grant(Kind kind) {
    switch (kind) {
        case Kind::Unknown:
        case Kind::Admin:
        case Kind::Ddl:
        case Kind::Write: return true;
        case Kind::Session:
        case Kind::Transaction:
        case Kind::Read: return false;
    }
    return true;
}

std::string_view verb_of(RuleAction action) {
    switch (action) {
        case RuleAction::Deny: return "denies";
        case RuleAction::Hold: return "holds";
        case RuleAction::Allow: return "allows";
    }
    return "denies";
}

std::string hint_for_denial(const Question& question) {
    switch (question.analysis.kind) {
        case Kind::Unknown:
            return "pgveil could not resolve everything this statement names or does, so it is not let through. "
                   "Write it in plain SQL over objects that exist, or ask an administrator for a rule.";
        case Kind::Admin:
            return "Administrative statements are not for agents. Ask an administrator of this database.";
        case Kind::Ddl:
        case Kind::Write:
        case Kind::Session:
        case Kind::Transaction:
        case Kind::Read: return "A rule of this proxy denies it; SELECT * FROM pgveil.explain('...') tells why.";
    }
    return {};
}

/// Rule, action and terms, as if nothing sensitive were touched.
Decision by_rules(const Question& question) {
    const Match match = match_rules(question);
    Decision decision;
    decision.mode = match.mode;
    decision.rule = match.name;
    decision.shadow = match.shadow;
    decision.reasons.push_back((match.rule != nullptr ? "rule \"" + match.name + "\" " : match.name + " ") +
                               std::string(verb_of(match.action)) +
                               " it (kind " + std::string(sql::name_of(question.analysis.kind)) + ")");
    for (const std::string& reason : question.analysis.reasons) decision.reasons.push_back(reason);
    decision.limits = question.ruleset.limits;
    if (match.rule != nullptr) {
        decision.approvers = match.rule->approvers;
        decision.approvals = std::max(1U, match.rule->approvals);
        decision.wait = match.rule->wait;
        decision.pending = match.rule->pending;
        decision.approved = match.rule->approved;
        decision.limits = match.rule->limits;
    }
    switch (match.action) {
        case RuleAction::Deny:
            decision.verdict = Verdict::Refuse;
            decision.code = sqlstate::InsufficientPrivilege;
            decision.hint = hint_for_denial(question);
            return decision;
        case RuleAction::Hold:
            decision.verdict = Verdict::Hold;
            decision.code = sqlstate::Held;
            decision.hint = "A person has to approve it first. Poll the request, or send the same statement again later.";
            return decision;
        case RuleAction::Allow:
            decision.verdict = Verdict::Forward;
            decision.code = sqlstate::Success;
            return decision;
    }
    return decision;
}

/// What outweighs an allow replaces the sentence that said so; beside a hold it is a further reason.
void add_reasons(Decision& decision, const std::vector<std::string>& reasons) {
    const bool allowed = decision.verdict == Verdict::Forward && !decision.reasons.empty();
    if (allowed) decision.reasons.erase(decision.reasons.begin());
    decision.reasons.insert(allowed ? decision.reasons.begin() : decision.reasons.end(), reasons.begin(), reasons.end());
}

void hold_at_least(Decision& decision, const std::vector<std::string>& reasons, std::string_view rule) {
    add_reasons(decision, reasons);
    if (decision.verdict != Verdict::Forward) return;
    decision.verdict = Verdict::Hold;
    decision.code = sqlstate::Held;
    decision.rule = rule;
    decision.hint = "A person has to approve it first. Poll the request, or send the same statement again later.";
}

/// Sensitive columns in conditions and assignments only ever make a decision stricter.
void apply_sensitivity(const Question& question, Decision& decision) {
    const PredicateFinding predicates = judge_predicates(question);
    decision.equality_values = predicates.values;
    decision.counts_arrays = predicates.arrays;
    if (decision.verdict == Verdict::Refuse) return;
    const AssignmentFinding assignments = judge_assignments(question);
    decision.writes_masked = assignments.writes_masked;
    if (!assignments.reasons.empty()) hold_at_least(decision, assignments.reasons, "built-in: sensitive data written");
    if (predicates.verdict == Verdict::Forward) return;
    // A person who approves a held write reads its conditions; only a column's own deny outranks that.
    const bool refuse = predicates.verdict == Verdict::Refuse && (predicates.absolute || decision.verdict == Verdict::Forward);
    if (!refuse) return hold_at_least(decision, predicates.reasons, "masking.predicates");
    add_reasons(decision, predicates.reasons);
    decision.verdict = Verdict::Refuse;
    decision.code = sqlstate::InsufficientPrivilege;
    decision.rule = "masking.predicates";
    decision.hint = predicates.hint;
}

void add_columns(const Question& question, Decision& decision) {
    decision.opaque = opaque_directive(question);
    for (const sql::Statement& statement : question.analysis.statements) {
        std::vector<ColumnDirective>& columns = decision.columns.emplace_back();
        decision.columns_known.push_back(statement.columns_known);
        if (!statement.has_result || !statement.columns_known) continue;
        for (const sql::OutputColumn& column : statement.columns) columns.push_back(directive_of(question, column));
    }
    decision.touches_sensitive = touches_sensitive(question);
    decision.neutral_data_errors = decision.touches_sensitive && question.analysis.may_raise_from_data;
}

Decision no_grant(const Question& question) {
    const std::string database(question.database);
    if (question.access == Access::None) {
        return refusal(sqlstate::NoGrant, "built-in: grant", "no live grant on database " + database,
                       "Ask for access: SET pgveil.reason and connect again, or have a person grant it.");
    }
    return refusal(sqlstate::NoGrant, "built-in: grant",
                   "the live grant on database " + database + " is read; this statement is " +
                       std::string(sql::name_of(question.analysis.kind)),
                   "A write grant is needed even to ask for approval. Ask a person for one.");
}

/// Where the mode is shadow or warn the refusals below are said, not acted upon, like any other.
Mode base_mode(const Question& question) { return question.database_mode.value_or(question.ruleset.mode); }

Decision verdict_for(const Question& question) {
    const sql::Analysis& analysis = question.analysis;
    // Grants hold in every mode.
    if (question.access == Access::None) return no_grant(question);
    if (analysis.proxy_call == sql::ProxyCall::Misused) {
        Decision decision = refusal(sqlstate::InsufficientPrivilege, "built-in: pgveil functions",
                                    "a pgveil function is used inside a larger statement",
                                    "pgveil.request, execute, explain and submit must be the whole statement: "
                                    "SELECT * FROM pgveil.request('ID')");
        return decision;
    }
    if (analysis.proxy_call != sql::ProxyCall::None) {
        Decision decision;
        decision.verdict = Verdict::Forward;
        decision.code = sqlstate::Success;
        decision.rule = "built-in: pgveil functions";
        decision.reasons.emplace_back("answered by the proxy");
        return decision;
    }
    if (analysis.unparsed && analysis.unparsed->bounded) {
        Decision decision = refusal(sqlstate::StatementTooComplex, "built-in: bounds",
                                    "the statement exceeds a bound of the analysis", "Send a smaller statement.");
        decision.mode = base_mode(question);
        return decision;
    }
    Decision decision = by_rules(question);
    if (decision.verdict != Verdict::Refuse && question.access == Access::Read && needs_write_grant(analysis.kind)) {
        return no_grant(question);
    }
    apply_sensitivity(question, decision);
    return decision;
}

}  // namespace

void hold_for_comparisons(Decision& decision) {
    hold_at_least(decision, {"compares " + std::to_string(decision.equality_values) + " values with sensitive columns, with which this agent would "
                             "have compared more than masking.equality_limit.hour allows"}, "masking.equality_limit.hour");
}

void hold_for_errors(Decision& decision) {
    hold_at_least(decision, {"may fail on values of sensitive columns, which this agent's statements did as often as masking.equality_limit.hour allows"},
                  "masking.equality_limit.hour");
}

Decision decide(const Question& question) {
    Decision decision = verdict_for(question);
    add_columns(question, decision);
    return decision;
}

}  // namespace pgveil::policy
