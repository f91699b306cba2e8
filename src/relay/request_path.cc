// Simple protocol, and the messages that carry no statement.
#include <algorithm>
#include <utility>

#include "relay/refusal.h"
#include "relay/relay.h"

namespace pgveil::relay {
namespace {

constexpr std::string_view kProbeName = "pgveil_probe";

// For messages that only shadow mode lets pass: nothing is known of them, nothing is done to them.
Judged judged_in_shadow() {
    Judged judged;
    judged.decision.mode = policy::Mode::Shadow;
    return judged;
}

// Statements after which a later statement may mean something else, or run in another transaction state.
bool changes_facts(const sql::Statement& statement) {
    switch (statement.verb) {
        case sql::Verb::Begin: case sql::Verb::Commit: case sql::Verb::Rollback: case sql::Verb::Savepoint:
        case sql::Verb::Release: case sql::Verb::RollbackTo: case sql::Verb::PrepareTransaction:
        case sql::Verb::SetTransaction: case sql::Verb::Set: case sql::Verb::Reset: case sql::Verb::Prepare:
        case sql::Verb::Deallocate: case sql::Verb::DeallocateAll: case sql::Verb::Declare: case sql::Verb::CloseCursor:
        case sql::Verb::CloseAll: case sql::Verb::Discard: case sql::Verb::DiscardAll: return true;
        case sql::Verb::Other: case sql::Verb::Empty: case sql::Verb::Select: case sql::Verb::Show:
        case sql::Verb::Execute: case sql::Verb::Fetch: case sql::Verb::CopyIn: case sql::Verb::CopyOut:
        case sql::Verb::Explain: case sql::Verb::Listen: case sql::Verb::Unlisten: case sql::Verb::Lock: return false;
    }
    return true;
}

}  // namespace

void Relay::on_query(ByteView body) {
    const auto text = protocol::parse_query(body);
    if (lenient() && (!text || !sql::valid_text(*text))) return forward_unread('Q', body, session::Request::Query);
    if (!text || !sql::valid_text(*text)) {
        if (!at_barrier('Q', body)) return;
        return refuse(text ? plain(sqlstate::CharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\"")
                           : plain(sqlstate::ProtocolViolation, "invalid message format"));
    }
    const JudgedPtr judged = within_hour(judge(*text, {}), *text, {});
    const policy::Decision& decision = judged->decision;
    if (const auto error = spent(*judged)) return at_barrier('Q', body) ? refuse_spent(*judged, *text, *error) : void();
    if (!enforced(decision)) return forward_query(*text, judged);
    if (await_catalog('Q', body, *judged)) return;
    const bool plain_read = !cannot_run(*judged) && decision.verdict == policy::Verdict::Forward && !is_local(judged->analysis) &&
                            (judged->analysis.kind == sql::Kind::Read || judged->analysis.kind == sql::Kind::Session) &&
                            !judged->analysis.unparsed;
    if (plain_read && !transaction_.writable && !audit_failed_) return forward_query(*text, judged);
    if (!at_barrier('Q', body)) return;
    query_at_barrier(*text, judged);
}

/// Nothing refuses here, and the server will refuse it itself: its own words are the right ones.
void Relay::forward_unread(char type, ByteView body, session::Request request) {
    protocol::put_message(out_->to_server, type, body);
    Pending pending{.why = Pending::Why::Client};
    if (request == session::Request::Query) pending.run = begin_run(std::make_shared<Judged>(judged_in_shadow()), {}, {}, "shadow", "");
    else batch_open_ = true;
    send(request, session::Disposition::Forward, std::move(pending));
}

/// A Query takes the unnamed statement with it, also one that is answered here: the server must not keep a statement
/// under a name that means nothing or another here.
void Relay::drop_unnamed() {
    const PreparedPtr unnamed = statements_.expected("");
    if (!unnamed) return;
    if (unnamed->local) return statements_.erase("");
    protocol::put_close(out_->to_server, 'S', "");
    statements_.pend("", next_tag_, nullptr);
    send(session::Request::Close, session::Disposition::Swallow, {.why = Pending::Why::Script, .closes_statement = true});
    if (!batch_open_) end_script();
}

// Nothing is in flight: the transaction's state is known.
void Relay::query_at_barrier(std::string_view text, const JudgedPtr& judged) {
    const policy::Decision& decision = judged->decision;
    drop_unnamed();
    const bool ends_transaction = judged->analysis.kind == sql::Kind::Transaction;
    const bool failed = transaction_.status == TransactionStatus::Failed;
    if (failed && judged->analysis.unparsed && !judged->analysis.unparsed->bounded) return probe(text, *judged);   // a syntax error comes first
    if (failed && is_empty(judged->analysis)) return forward_query(text, judged);
    if (failed && !(ends_transaction && decision.verdict == policy::Verdict::Forward)) return refuse_recorded(*judged, text, failed_transaction());
    if (!failed && (judged->analysis.unparsed || (judged->analysis.kind == sql::Kind::Unknown && !judged->analysis.unknown_names.empty()))) {
        if (judged->analysis.unparsed && judged->analysis.unparsed->bounded) {
            return refuse_recorded(*judged, text, plain(sqlstate::StatementTooComplex, judged->analysis.unparsed->message));
        }
        if (judged->analysis.statements.size() <= 1) return probe(text, *judged);
    }
    if (const auto unknown = unknown_name(judged->analysis)) return refuse_recorded(*judged, text, *unknown);
    if (const auto why_not = cannot_run(*judged)) return refuse_recorded(*judged, text, *why_not);
    if (is_local(judged->analysis)) return local_query(judged);
    if (const auto back = writes_mask(text, *judged, {}); back && decision.verdict != policy::Verdict::Refuse) {
        return refuse_recorded(*judged, text, *back);
    }
    switch (decision.verdict) {
        case policy::Verdict::Refuse:
            return refuse_denied(*judged, text);
        case policy::Verdict::Hold: return hold(text, judged, {}, {});
        case policy::Verdict::Forward: break;
    }
    switch (judged->analysis.kind) {
        case sql::Kind::Write: case sql::Kind::Ddl: case sql::Kind::Admin: case sql::Kind::Unknown:
            return start_write(judged, "");
        case sql::Kind::Transaction:
            if (transaction_.wrote && !failed) return start_write(judged, "");   // COMMIT of a write: its record first
            return forward_query(text, judged);
        case sql::Kind::Session: case sql::Kind::Read:
            if (transaction_.writable && !transaction_.shielded) open_shield();
            return forward_query(text, judged);
    }
}

void Relay::forward_query(std::string_view text, const JudgedPtr& judged) {
    const bool in_block = transaction_.status == TransactionStatus::InTransaction;
    if (in_block && transaction_.shielded && judged->analysis.kind == sql::Kind::Transaction) close_shield();
    const std::string_view decision = enforced(judged->decision) ? "allow" : "shadow";
    RunPtr run = begin_run(judged, logged(text), {}, decision, "");
    describe_copies(run, text, true);
    run_query(text, run);
}

/// A name of PREPARE or DECLARE that is not there: PostgreSQL's error rather than a denial. Said here, since the
/// server might hold a statement of that name which was made where nobody saw it.
std::optional<protocol::ErrorOut> Relay::unknown_name(const sql::Analysis& analysis) const {
    if (analysis.statements.size() != 1 || analysis.kind != sql::Kind::Unknown) return std::nullopt;
    const sql::Statement& statement = analysis.statements.front();
    const bool unknown = (statement.verb == sql::Verb::Execute && !statements_.expected(statement.name)) ||
                         (statement.verb == sql::Verb::Fetch && !portals_.expected(statement.name));
    return unknown ? std::optional(does_not_exist(statement)) : std::nullopt;
}

/// Only parsed by the server, never run: PostgreSQL's own error is the best answer to a mistyped name.
void Relay::probe(std::string_view text, const Judged& judged) {
    Pending parse{.why = Pending::Why::Probe};
    parse.run = std::make_shared<Run>();
    parse.run->text = text;   // recorded with what the server says of it
    auto seen = std::make_shared<Judged>(judged);
    seen->decision.touches_sensitive = seen->decision.neutral_data_errors = false;   // it speaks of the text, and ran nothing
    parse.run->judged = std::move(seen);
    protocol::put_parse(out_->to_server, kProbeName, probed_text(text, judged, *parse.run), {});
    protocol::put_close(out_->to_server, 'S', kProbeName);
    protocol::put_sync(out_->to_server);
    send(session::Request::Parse, session::Disposition::Forward, std::move(parse));
    send(session::Request::Close, session::Disposition::Swallow, {.why = Pending::Why::Script});
    send(session::Request::Sync, session::Disposition::Forward, {});
    fact_barrier_ = true;
}

/// True if the message now waits for a fresh catalog.
bool Relay::await_catalog(char type, ByteView body, const Judged& judged) {
    if (judged.analysis.unknown_names.empty() || judged.decision.mode != policy::Mode::Enforce) return false;
    if (deferred_ && deferred_->refreshed) return false;
    if (!at_barrier(type, body)) return true;
    deferred_->refreshed = true;
    state_ = State::WaitingForCatalog;
    out_->others.emplace_back(RefreshCatalog{});
    return true;
}

void Relay::note_facts(const sql::Analysis& analysis) {
    touch_path(analysis);
    fact_barrier_ = fact_barrier_ || path_stale_ || std::ranges::any_of(analysis.statements, changes_facts);
    copy_in_flight_ = may_copy_in(analysis);
}

/// Where nothing is refused, also what only the server can read, and an EXECUTE of what Parse made of a COPY.
bool Relay::may_copy_in(const sql::Analysis& analysis) const {
    if (analysis.unparsed && lenient()) return true;
    return std::ranges::any_of(analysis.statements, [this](const sql::Statement& statement) {
        if (statement.verb != sql::Verb::Execute) return statement.verb == sql::Verb::CopyIn;
        const sql::Analysis* named = lenient() ? prepared(statement.name) : nullptr;
        const auto is_plain = [](const sql::Statement& s) { return s.verb != sql::Verb::CopyIn && s.verb != sql::Verb::Execute; };
        return lenient() && (named == nullptr || named->unparsed || !std::ranges::all_of(named->statements, is_plain));
    });
}

void Relay::on_sync(ByteView body) {
    protocol::put_message(out_->to_server, 'S', body);   // with a body it is an error, and ends the batch all the same
    send(session::Request::Sync, session::Disposition::Forward, {});
    batch_open_ = batch_ran_ = batch_snapshot_ = false;
    batch_tag_ = next_tag_;
    if (path_touched_ && transaction_.status != TransactionStatus::InTransaction) path_stale_ = true;   // what was LOCAL ends here
    if (!std::exchange(relock_, false)) return;
    script("SET default_transaction_read_only = on");
    end_script();
}

void Relay::on_flush(ByteView body) {
    if (!body.empty()) {   // the server answers this with an error, which would have no entry in the ledger
        if (at_barrier('H', body)) refuse(plain(sqlstate::ProtocolViolation, "invalid message format"));
        return;
    }
    protocol::put_flush(out_->to_server);
    if (!pipeline_.empty()) pipeline_.flushed();
}

// A function by OID, with no SQL to judge: refused, the session lives (design: contract, masking channels).
void Relay::on_function_call(ByteView body) {
    if (const auto error = spent(Judged{})) return at_barrier('F', body) ? refuse_spent(Judged{}, {}, *error) : void();
    if (lenient()) {
        protocol::put_message(out_->to_server, 'F', body);
        audit::Record call = statement_record(audit::Kind::StmtIntent, Judged{}, ++runs_);
        call.sql_class = "function-call";
        call.decision = "shadow";
        record(std::move(call));
        return send(session::Request::FunctionCall, session::Disposition::Forward, {});
    }
    if (!at_barrier('F', body)) return;
    audit::Record call = statement_record(audit::Kind::StmtIntent, Judged{}, ++runs_);
    call.sql_class = "function-call";
    call.decision = "deny";
    record(std::move(call));
    deferred_->recorded = true;
    refuse(plain(sqlstate::FeatureNotSupported, "function calls by OID are not supported here",
                 "Call the function in a SELECT. Large objects: use lo_get in SQL."));
}

}  // namespace pgveil::relay
