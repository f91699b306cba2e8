// Records: what the log is told of each statement. No raw literal: texts come from sql::mask_for_log.
#include <utility>

#include "relay/refusal.h"
#include "relay/relay.h"

namespace pgveil::relay {
namespace {

// Small integers get no token: everything a LIMIT or an id says would be found by trying.
bool has_token(const BoundParameter& parameter) {
    if (parameter.format == Format::Binary) return parameter.value.size() > 8;
    return parameter.value.size() > 6 || text_of(parameter.value).find_first_not_of("0123456789-") != std::string_view::npos;
}

}  // namespace

std::uint64_t Relay::record(audit::Record what, Awaited awaited) {
    what.time = now_.wall;
    what.agent = setup_.agent.name;
    what.database = setup_.view->database;
    what.session = setup_.session.value;
    out_->others.emplace_back(AppendRecord{++records_, awaited, std::move(what)});
    return records_;
}

sql::LoggedText Relay::logged(std::string_view text, sql::UnknownNames unknown) const {
    return sql::mask_for_log(text, *tools_.tokens, [this](std::string_view name) { return setup_.view->catalog->knows_identifier(name); }, unknown);
}

audit::Record Relay::statement_record(audit::Kind kind, const Judged& judged, std::uint64_t number) const {
    audit::Record made;
    made.kind = kind;
    made.statement = number;
    made.sql_class = std::string(sql::name_of(judged.analysis.kind));
    made.rule = judged.decision.rule;
    made.task = setup_.task;
    for (const sql::RelationUse& relation : judged.analysis.relations) made.relations.push_back(relation.name);
    return made;
}

/// Shadow and warn: what enforcing would have done is recorded, and said in a NOTICE where asked for.
void Relay::on_trial(const Judged& judged, audit::Record& intent) {
    const std::string_view would = judged.decision.verdict == policy::Verdict::Forward ? "allow" : judged.decision.verdict == policy::Verdict::Hold ? "hold" : "deny";
    intent.more.emplace_back("would", std::string(would));
    std::uint64_t columns = 0;
    for (const auto& statement : judged.decision.columns) {
        for (const policy::ColumnDirective& column : statement) columns += column.treatment == masking::Treatment::Apply || column.treatment == masking::Treatment::Withhold ? 1 : 0;
    }
    if (columns > 0) intent.more.emplace_back("would_mask_columns", std::to_string(columns));
    if (mid_piece_ || judged.decision.mode != policy::Mode::Warn || (judged.decision.verdict == policy::Verdict::Forward && columns == 0)) return;
    protocol::ErrorOut notice;
    notice.severity = "NOTICE";
    notice.code = judged.decision.verdict == policy::Verdict::Hold ? sqlstate::Held : sqlstate::InsufficientPrivilege;
    notice.message = judged.decision.verdict == policy::Verdict::Hold ? "pgveil would hold this for approval: " + judged.decision.rule
                     : judged.decision.verdict == policy::Verdict::Refuse ? "pgveil would deny this: " + judged.decision.rule
                                                                          : "pgveil would mask columns of this result: " + std::to_string(columns);
    protocol::put_notice(out_->to_client, notice);
}

RunPtr Relay::begin_run(const JudgedPtr& judged, const sql::LoggedText& text, std::span<const BoundParameter> parameters,
                        std::string_view decision, std::string_view request, Awaited awaited) {
    auto run = std::make_shared<Run>();
    run->number = ++runs_;
    run->judged = judged;
    run->enforced = enforced(judged->decision);
    run->started = now_.monotonic;
    audit::Record intent = statement_record(audit::Kind::StmtIntent, *judged, run->number);
    intent.sql = text.lexed ? text.text : "";
    for (const sql::LoggedLiteral& literal : text.literals) intent.literals.push_back({literal.type, literal.token, literal.length});
    for (const BoundParameter& parameter : parameters) {
        if (parameter.is_null) continue;
        intent.literals.push_back({"parameter", has_token(parameter) ? sql::literal_token(*tools_.tokens, text_of(parameter.value)) : std::string(),
                                   static_cast<std::uint32_t>(parameter.value.size())});
    }
    intent.decision = std::string(decision);
    intent.request = std::string(request);
    if (!run->enforced) on_trial(*judged, intent);
    // BEGIN, SET and ROLLBACK do not wait; COMMIT waits when there is something to commit (start_write).
    const bool light = (judged->analysis.kind == sql::Kind::Transaction || judged->analysis.kind == sql::Kind::Session) && !transaction_.wrote;
    const std::uint64_t number = record(std::move(intent), light && awaited == Awaited::Result ? Awaited::Nothing : awaited);
    run->intent = light ? 0 : number;
    run->records_result = true;
    return run;
}

void Relay::record_refusal(const Judged& judged, std::string_view text, std::string_view decision, std::string_view request, std::string_view rule,
                           std::string_view sqlstate) {
    const sql::LoggedText masked = logged(text, decision == "deny" ? sql::UnknownNames::Data : sql::UnknownNames::Labels);
    audit::Record refused = statement_record(audit::Kind::StmtIntent, judged, ++runs_);
    refused.sql = masked.lexed ? masked.text : "";
    for (const sql::LoggedLiteral& literal : masked.literals) refused.literals.push_back({literal.type, literal.token, literal.length});
    refused.decision = std::string(decision);
    refused.request = std::string(request);
    if (!rule.empty()) refused.rule = std::string(rule);
    refused.sqlstate = std::string(sqlstate);
    record(std::move(refused));
}

void Relay::refuse_recorded(const Judged& judged, std::string_view text, const protocol::ErrorOut& error) {
    record_refusal(judged, text, "deny", "", {}, error.code.text());
    deferred_->recorded = true;
    refuse(error);
}

void Relay::refuse_denied(const Judged& judged, std::string_view text) {
    record_refusal(judged, text, "deny", "");   // without an SQLSTATE: a rule says so, not the state of something
    deferred_->recorded = true;
    refuse(by_policy(judged.decision));
}

/// No refusal of a command is without a record, whoever refuses it: what its handler did not record, is recorded here.
void Relay::record_refused(std::string_view sqlstate) {
    if (!deferred_) return;
    const bool recorded = std::exchange(deferred_->recorded, true);
    if (deferred_->local) {
        deferred_->local->sqlstate = std::string(sqlstate);
        deferred_->local->request = deferred_->request.id;
        return finish_run(*deferred_->local);
    }
    if (recorded) return;
    if (std::string_view("QPBEF").find(deferred_->type) == std::string_view::npos) return;
    record_refusal(deferred_->judged ? *deferred_->judged : Judged{}, asked_text(), "deny", deferred_->request.id, {}, sqlstate);
}

/// A plan is done with: its counts go to the totals by rule.
void Relay::fold_masked(Run& run) {
    if (!run.plan) return;
    for (std::size_t i = 0; i < run.plan->rows.columns.size() && i < run.masked_cells.size(); ++i) {
        if (run.masked_cells[i] == 0) continue;
        const masking::ColumnPlan& column = run.plan->rows.columns[i];
        run.masked[column.rule.empty() ? "content" : column.rule] += run.masked_cells[i];
    }
    run.masked_cells.clear();
    run.plan.reset();
}

void Relay::finish_run(Run& run) {
    if (!std::exchange(run.records_result, false)) return;
    fold_masked(run);
    audit::Record result = statement_record(audit::Kind::StmtResult, *run.judged, run.number);
    result.rows = run.rows > 0 ? static_cast<std::int64_t>(run.rows) : protocol::rows_of_tag(run.tag);
    result.bytes = static_cast<std::int64_t>(run.bytes);
    result.tag = run.tag;
    result.sqlstate = run.sqlstate.empty() ? "00000" : run.sqlstate;
    result.request = run.request;
    result.duration_us = std::chrono::duration_cast<std::chrono::microseconds>(now_.monotonic - run.started).count();
    result.masked.assign(run.masked.begin(), run.masked.end());
    record(std::move(result));
}

}  // namespace pgveil::relay
