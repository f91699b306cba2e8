// Refusing so that the server agrees, and running what was approved.
//
// Every function here is called at the barrier: nothing is in flight.
#include <algorithm>
#include <utility>

#include "relay/refusal.h"
#include "relay/relay.h"

namespace pgveil::relay {
namespace {

constexpr std::string_view kScriptName = "pgveil_script";

}  // namespace

/// Our error in place of an answer. In a block or a batch the server must fail too, so that both sides
/// agree on what follows; idle, nothing of it is the server's business.
void Relay::refuse(const protocol::ErrorOut& error) {
    state_ = State::Reading;
    record_refused(error.code.text());
    if (simple_ && transaction_.status == TransactionStatus::Idle && !batch_open_) {
        protocol::put_error(out_->to_client, error);
        return protocol::put_ready_for_query(out_->to_client, TransactionStatus::Idle);
    }
    Bytes replacement;
    protocol::put_error(replacement, error);
    poison(std::move(replacement));
}

// A Bind that must fail: no statement can have this name, and the DBA reads the reason in the server's log.
void Relay::poison(Bytes replacement) {
    std::string name = "pgveil: refused, not executed";
    if (deferred_ && !deferred_->request.id.empty()) name = "pgveil " + deferred_->request.id + ": held for approval, not executed";
    protocol::put_bind(out_->to_server, "", name, {}, {});
    Pending pending{.why = Pending::Why::Poison};
    pending.replacement = std::move(replacement);
    send(session::Request::Bind, session::Disposition::Replace, std::move(pending));
    if (simple_) {
        protocol::put_sync(out_->to_server);
        send(session::Request::Sync, session::Disposition::Forward, {});
        batch_open_ = batch_ran_ = batch_snapshot_ = false;
    } else {
        protocol::put_flush(out_->to_server);
        pipeline_.flushed();
    }
}

/// Why a statement that policy lets run or be asked for cannot run on this connection now.
std::optional<protocol::ErrorOut> Relay::cannot_run(const Judged& judged) const {
    if (judged.decision.verdict == policy::Verdict::Refuse || is_local(judged.analysis)) return std::nullopt;
    for (const sql::Statement& statement : judged.analysis.statements) {
        const bool copies = statement.verb == sql::Verb::CopyOut || statement.verb == sql::Verb::CopyIn;
        if (copies && deferred_ && deferred_->by_id) {
            return plain(sqlstate::FeatureNotSupported, "COPY cannot run inside pgveil.execute", "Send the COPY itself again.");
        }
    }
    if (auto why_not = cannot_copy(judged)) return why_not;
    if (auto why_not = cannot_ask(judged)) return why_not;
    const bool unshielded = judged.analysis.statements.size() > 1 && !needs_write(judged.analysis.kind) && !only_controls(judged.analysis) &&
                            std::ranges::any_of(judged.analysis.statements, [](const sql::Statement& s) { return s.read_write; });
    if (unshielded) return plain(sqlstate::FeatureNotSupported, "READ WRITE is not taken in a text of several statements", "Send BEGIN by itself.");
    if (audit_failed_ && judged.analysis.kind != sql::Kind::Transaction) return audit_unavailable();
    if (!needs_write(judged.analysis.kind)) return std::nullopt;
    if (!setup_.writable_upstream) {
        return plain(sqlstate::NoGrant, "NOT EXECUTED: this session was opened for reading", "Connect again to use the write grant.");
    }
    return judged.decision.verdict == policy::Verdict::Forward ? cannot_spend(judged) : std::nullopt;
}

/// Why no person can be asked: an approval is of a text, and what this text does hangs on a name that the session can give
/// to something else meanwhile.
std::optional<protocol::ErrorOut> Relay::cannot_ask(const Judged& judged) const {
    if (judged.decision.verdict != policy::Verdict::Hold || !judged.analysis.by_name) return std::nullopt;
    return plain(sqlstate::FeatureNotSupported, "NOT EXECUTED: what EXECUTE, FETCH or WHERE CURRENT OF names cannot be approved: the name may stand for something else by then",
                 "Send the statement itself, with its parameters if it has some; name rows by their key.");
}

/// Why a write could not run at this point of the session, though it may be filed and approved.
std::optional<protocol::ErrorOut> Relay::cannot_spend(const Judged& judged) const {
    if (!needs_write(judged.analysis.kind)) return std::nullopt;
    if (transaction_.status == TransactionStatus::InTransaction && !transaction_.writable) {
        return plain(SqlState("25006"), "cannot execute this statement in a read-only transaction",
                     "ROLLBACK, then BEGIN without READ ONLY.");
    }
    if (transaction_.status == TransactionStatus::Idle && batch_ran_) {
        return plain(SqlState("25001"), "NOT EXECUTED: a write cannot follow other statements of the same implicit transaction",
                     "Send Sync first, or put the statements between BEGIN and COMMIT.");
    }
    return std::nullopt;
}

/// Policy (or a person) lets it run read-write: first its intent must be durable.
void Relay::start_write(const JudgedPtr& judged, std::string request) {
    const std::string_view text = !deferred_->request.statement.empty() ? std::string_view(deferred_->request.statement)
                                  : deferred_->type == 'Q' ? *protocol::parse_query(deferred_->body)
                                                           : std::string_view(deferred_->portal->statement->text);
    deferred_->judged = judged;
    deferred_->recorded = true;
    deferred_->run = begin_run(judged, logged(text), deferred_->request.parameters, request.empty() ? "allow" : "approved", request, Awaited::Effect);
    deferred_->run->request = std::move(request);
    deferred_->record = deferred_->run->number == 0 ? 0 : records_;
    state_ = State::WaitingForRecord;
    if (deferred_->record <= durable_) {
        state_ = State::Reading;
        run_deferred();
    }
}

void Relay::run_deferred() {
    const JudgedPtr judged = deferred_->judged;
    const RunPtr run = deferred_->run;
    if (!run->request.empty()) uncommitted_.push_back(run);
    simple_ = deferred_->type == 'Q';
    if (deferred_->by_id) {
        run_captured();
    } else if (simple_) {
        // what was approved runs: the bytes without comments
        const std::string_view text = run->request.empty() ? *protocol::parse_query(deferred_->body) : std::string_view(deferred_->request.statement);
        describe_copies(run, text, true);   // ends a batch, which the unlocking opens
        unlock(judged->analysis);
        run_query(text, run);
    } else {
        run_bind();
    }
    if (needs_write(judged->analysis.kind)) transaction_.wrote = true;
}

void Relay::run_query(std::string_view text, const RunPtr& run) {
    const sql::Analysis& analysis = run->judged->analysis;
    protocol::put_query(out_->to_server, text);
    note_facts(analysis);
    if (run->request.empty() && prepares(analysis)) run->text = text;   // else the analysis is of the text with its comments
    // A Query takes the unnamed ones with it, the portal unless nothing is in it. Of one that fails in a block the server
    // keeps the portal, and reads freed memory when it is executed (seen with 15.20): the client must not reach it.
    statements_.take("", next_tag_);
    if (!is_empty(analysis)) portals_.take("", next_tag_);
    send(session::Request::Query, session::Disposition::Forward, {.why = Pending::Why::Client, .run = run});
    // A server that copies in would take it for data: then it follows the ReadyForQuery.
    if (!copy_in_flight_ && std::exchange(relock_, false)) pin_default();
    if (run->enforced) after_transaction_verb(analysis);
    batch_open_ = batch_ran_ = batch_snapshot_ = false;
}

void Relay::run_bind() {
    const auto bind = protocol::parse_bind(deferred_->body);
    unlock(deferred_->judged->analysis);
    deferred_->portal->run = deferred_->run;
    deferred_->portal->writes = needs_write(deferred_->judged->analysis.kind);
    forward_bind(deferred_->body, bind->portal, deferred_->portal);
    batch_open_ = true;
}

/// pgveil.execute: the stored statement, its rows collected for one answer of fixed shape.
void Relay::run_captured() {
    const RequestView& request = deferred_->request;
    const RunPtr run = deferred_->run;
    run->captures = true;
    unlock(deferred_->judged->analysis);
    note_facts(deferred_->judged->analysis);
    if (request.parameters.empty()) {
        protocol::put_query(out_->to_server, request.statement);
        const PortalPtr unnamed = portals_.expected("");
        if (unnamed && !(unnamed->statement && unnamed->statement->local)) portals_.erase("");
        send(session::Request::Query, session::Disposition::Swallow, {.why = Pending::Why::Captured, .run = run});
        if (std::exchange(relock_, false)) pin_default();
    } else {
        bind_captured(request, run);
    }
    batch_open_ = batch_ran_ = batch_snapshot_ = false;
    state_ = State::Running;
}

void Relay::bind_captured(const RequestView& request, const RunPtr& run) {
    Bytes& out = out_->to_server;
    std::vector<Oid> types;
    std::vector<protocol::ParameterOut> values;
    for (const BoundParameter& p : request.parameters) {
        types.push_back(p.type);
        values.push_back({p.value, p.is_null, p.format});
    }
    protocol::put_parse(out, kScriptName, request.statement, types);
    protocol::put_bind(out, kScriptName, kScriptName, values, {});
    protocol::put_describe(out, 'P', kScriptName);
    protocol::put_execute(out, kScriptName, 0);
    protocol::put_close(out, 'P', kScriptName);
    protocol::put_close(out, 'S', kScriptName);
    protocol::put_sync(out);
    for (const session::Request part : {session::Request::Parse, session::Request::Bind, session::Request::DescribePortal,
                                        session::Request::Execute, session::Request::Close, session::Request::Close,
                                        session::Request::Sync}) {
        send(part, session::Disposition::Swallow, {.why = Pending::Why::Captured, .run = run});
    }
    if (std::exchange(relock_, false)) pin_default();
}

/// One statement of ours within the client's batch, under a name of ours so that the client's unnamed
/// statement and portal survive.
void Relay::script(std::string_view sql, Pending::Why why) {
    Bytes& out = out_->to_server;
    protocol::put_parse(out, kScriptName, sql, {});
    protocol::put_bind(out, kScriptName, kScriptName, {}, {});
    protocol::put_execute(out, kScriptName, 0);
    protocol::put_close(out, 'P', kScriptName);
    protocol::put_close(out, 'S', kScriptName);
    for (const session::Request request : {session::Request::Parse, session::Request::Bind, session::Request::Execute,
                                           session::Request::Close, session::Request::Close}) {
        send(request, session::Disposition::Swallow, {.why = request == session::Request::Execute ? why : Pending::Why::Script});
    }
}

/// A round trip of our own, only between the client's simple queries or after its Sync.
void Relay::script_query(std::string_view sql) {
    protocol::put_query(out_->to_server, sql);
    send(session::Request::Query, session::Disposition::Swallow, {.why = Pending::Why::Script});
}

void Relay::end_script() {
    protocol::put_sync(out_->to_server);
    send(session::Request::Sync, session::Disposition::Swallow, {.why = Pending::Why::Script});
}

}  // namespace pgveil::relay
