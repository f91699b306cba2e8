// Ends of statements: errors, completions, ReadyForQuery, and what they say of session and transaction.
#include <algorithm>
#include <utility>

#include "relay/refusal.h"
#include "relay/relay.h"

namespace pgveil::relay {
namespace {

// Statements after which the server still takes SET transaction_read_only = off: they need no snapshot
// (PlannedStmtRequiresSnapshot in pquery.c) and open no subtransaction (check_transaction_read_only in variable.c).
bool leaves_modes_open(sql::Verb verb) {
    switch (verb) {
        case sql::Verb::Begin: case sql::Verb::Commit: case sql::Verb::Rollback: case sql::Verb::SetTransaction: case sql::Verb::Set:
        case sql::Verb::Reset: case sql::Verb::Show: case sql::Verb::Listen: case sql::Verb::Unlisten: case sql::Verb::Empty: return true;
        case sql::Verb::Other: case sql::Verb::Select: case sql::Verb::Savepoint: case sql::Verb::Release: case sql::Verb::RollbackTo:
        case sql::Verb::PrepareTransaction: case sql::Verb::Prepare: case sql::Verb::Execute: case sql::Verb::Deallocate:
        case sql::Verb::DeallocateAll: case sql::Verb::Declare: case sql::Verb::Fetch: case sql::Verb::CloseCursor: case sql::Verb::CloseAll:
        case sql::Verb::Discard: case sql::Verb::DiscardAll: case sql::Verb::CopyIn: case sql::Verb::CopyOut: case sql::Verb::Explain:
        case sql::Verb::Lock: return false;
    }
    return false;
}

}  // namespace

void Relay::on_error(const protocol::Frame& frame, const session::Pipeline::Answered& answered, Pending& pending) {
    const auto fields = protocol::parse_error_fields(frame.body);
    if (!fields) return fatal(sqlstate::ConnectionFailure, "the database server broke the protocol");
    const std::string code(fields->sqlstate());
    if (ended_by_us(*fields)) return copy_lost_sync(*copy_in_.doubted);
    copy_in_.doubted.reset();
    transaction_.on_error();
    note_error(pending, answered.entry.request, code);
    if (answered.entry.request != session::Request::Query) {
        statements_.discard(pending.name, pending.tag);
        portals_.discard(pending.name, pending.tag);
    }
    if (pending.run && pending.why != Pending::Why::Shape) {
        pending.run->sqlstate = pending.run->cut == Limit::None ? code : std::string(code_of(pending.run->cut).text());
    }
    const RunPtr run = pending.run;
    switch (pending.why) {
        case Pending::Why::Poison: append(out_->to_client, pending.replacement); break;
        case Pending::Why::Captured: keep_error(frame.body, *run); break;
        case Pending::Why::Probe: on_probe_error(frame.body, *run); break;
        case Pending::Why::Client:
            if (run && !run->shape_error.empty()) append(out_->to_client, run->shape_error);
            else forward_error('E', frame.body, run.get());
            break;
        case Pending::Why::Shape: on_shape_error(frame.body, pending); break;
        case Pending::Why::Describe: forward_error('E', frame.body, nullptr); break;
        case Pending::Why::AskFacts:
            if (batch_open_) record_refused(code), forward_error('E', frame.body, nullptr);
            else if (deferred_ && code.size() == deferred_->facts_code.code.size()) std::ranges::copy(code, deferred_->facts_code.code.begin());
            break;
        case Pending::Why::Script: case Pending::Why::AskPath:
            // A round trip of ours between the client's: nobody waits for it, and what it should have allowed now fails.
            if (answered.entry.request != session::Request::Query) forward_error('E', frame.body, nullptr);
            if (pending.why == Pending::Why::AskPath) path_stale_ = false, path_.known = false;
            break;
    }
    const bool done = answered.entry.request == session::Request::Execute || answered.entry.request == session::Request::Bind;
    if (done && run && pending.why == Pending::Why::Client) finish_run(*run);
    const bool by_script = pending.why == Pending::Why::Script;   // discarding takes `pending` with it
    for (const session::Entry& entry : answered.discarded) discard(entry, by_script);
    if (copy_in_.syncs > 0) answer_syncs();
    if (fields->get('V') == "FATAL" || fields->get('V') == "PANIC") server_ended();
}

/// What a failure changes and counts for; and its record, if it is a statement's that did not get as far as to run.
void Relay::note_error(const Pending& pending, session::Request request, std::string_view code) {
    if (pending.why == Pending::Why::Probe) return record_refusal(*pending.run->judged, pending.run->text, "deny", "", {}, code);
    if (pending.why == Pending::Why::Client && request == session::Request::Parse && pending.statement) {
        record_refusal(*pending.statement->judged, pending.statement->text, "deny", "", {}, code);
    }
    if (pending.run && pending.run->judged) touch_path(pending.run->judged->analysis);
    if (path_touched_) path_stale_ = true;
}

/// It said so itself: the client has its words, nothing is to be added.
void Relay::server_ended() {
    for (Pending& pending : pending_) {
        if (pending.run && pending.run->sqlstate.empty()) pending.run->sqlstate = "08006";
    }
    note_lost_runs();
    state_ = State::Ended;
    out_->others.emplace_back(EndSession{"server ended the session"});
}

void Relay::on_complete(const protocol::Frame& frame, const session::Entry& entry, Pending& pending) {
    if (!pending.run) return;
    Run& run = *pending.run;
    if (entry.request == session::Request::Execute && run.number == cut_.timed) cut_.timed = 0;   // a portal's next rows have a time of their own
    if (frame.type == 's') {
        touch_path(run.judged->analysis);
        suspended_.push_back(pending.run);
        return;
    }
    std::erase(suspended_, pending.run);
    std::string tag;
    const auto& statements = run.judged->analysis.statements;
    if (frame.type == 'C') {
        const auto said = protocol::parse_command_complete(frame.body);
        // One more than was asked for: which rows belong to which statement is not known any more.
        if (!said || (run.enforced && entry.request == session::Request::Query && run.result >= statements.size())) return fatal(sqlstate::ConnectionFailure, "the database server broke the protocol");
        tag = std::string(*said);
    }
    run.tag = tag;
    touch_path(run.judged->analysis);
    if (run.result < statements.size()) finish_statement(run, tag);
    ++run.result;
    fold_masked(run);
    if (entry.request == session::Request::Execute) finish_run(run);
}

void Relay::on_ready(const protocol::Frame& frame, const session::Entry& entry, Pending& pending) {
    if (!believe(frame.body)) return;
    const TransactionStatus status = transaction_.status;
    if (entry.request == session::Request::Query) statements_.confirm("", pending.tag), portals_.confirm("", pending.tag);
    const bool of_query = entry.request == session::Request::Query && pending.run;
    const bool cut = of_query && pending.run->cut != Limit::None && pending.run->sqlstate.empty();
    if (cut && status == TransactionStatus::Idle) settle_uncommitted();   // it was done, and is: only its result is not whole
    if (cut) pending.run->sqlstate = std::string(code_of(pending.run->cut).text());
    if (of_query) finish_run(*pending.run);
    if (status == TransactionStatus::Idle) {
        for (const RunPtr& run : suspended_) finish_run(*run);
        suspended_.clear();
        portals_.erase_confirmed_if([](const Portal& portal) { return !portal.with_hold && !(portal.statement && portal.statement->local); });
        settle_uncommitted();
    }
    if (cut_.cutting) {
        cut_.unsaid = cut;
        cut_.ready = copy_of(frame.body);
        if (cut_.cancels == 0) return end_cut();
        state_ = State::WaitingForCancel;
        return;
    }
    protocol::put_message(out_->to_client, 'Z', frame.body);
    if (entry.request == session::Request::Query && !copy_in_.forwards && std::exchange(relock_, false)) pin_default();
}

/// The transaction of these approvals has ended: committed, or not.
void Relay::settle_uncommitted() {
    if (transaction_.status != TransactionStatus::Idle) return;
    for (const RunPtr& run : uncommitted_) {
        const bool failed = !run->sqlstate.empty() || rolled_back_;
        const bool again = run->sqlstate == "40001" || run->sqlstate == "40P01" || run->sqlstate == "55P03";
        const RequestState state = !failed ? RequestState::Executed : again ? RequestState::Approved : RequestState::Failed;
        out_->others.emplace_back(AskControl{next_ticket_++, control::FinishRequest{run->request, state, run->tag, run->sqlstate,
                                                                                    protocol::rows_of_tag(run->tag)}});
    }
    uncommitted_.clear();
    rolled_back_ = false;
}

void Relay::finish_statement(const Run& run, std::string_view tag) {
    const sql::Statement& statement = run.judged->analysis.statements[run.result];
    const bool ends = statement.verb == sql::Verb::Commit || statement.verb == sql::Verb::Rollback;
    if ((ends || statement.verb == sql::Verb::RollbackTo) && path_touched_) path_stale_ = true;
    if (ends && tag == "ROLLBACK") rolled_back_ = true;
    if (statement.verb == sql::Verb::RollbackTo) transaction_.shielded = false;
    transaction_.on_tag(tag, statement.chain, statement.verb == sql::Verb::RollbackTo);
    if (setup_.view->enforcing() && statement.name == "session characteristics" && (statement.read_only || statement.read_write)) {
        client_read_only_default_ = statement.read_only;
        protocol::put_parameter_status(out_->to_client, "default_transaction_read_only", statement.read_only ? "on" : "off");
    }
    if (statement.verb == sql::Verb::Begin) client_read_only_ = client_read_only_default_;
    if (statement.read_only || statement.read_write) client_read_only_ = statement.read_only;
    if (statement.verb == sql::Verb::Begin) transaction_.writable = std::exchange(begin_writable_, false);
    if (!leaves_modes_open(statement.verb)) transaction_.used = true;
    finish_names(run, statement);
}

/// SQL-level PREPARE, DECLARE and their ends share the protocol's names.
void Relay::finish_names(const Run& run, const sql::Statement& statement) {
    const sql::Analysis& analysis = run.judged->analysis;
    switch (statement.verb) {
        case sql::Verb::Prepare: {
            auto made = std::make_shared<Prepared>();
            made->judged = judge_inner(analysis, statement);
            made->sql_level = true;
            if (!run.text.empty()) made->text = run.text.substr(statement.location, statement.length);
            made->charge = Charge(names_bytes_, weight_of(*made->judged) + made->text.size());
            return statements_.set(statement.name, made);
        }
        case sql::Verb::Deallocate: return statements_.erase(statement.name);
        case sql::Verb::DeallocateAll: return statements_.clear();
        case sql::Verb::DiscardAll:
            statements_.clear();
            return portals_.clear();
        case sql::Verb::Declare: {
            auto cursor = std::make_shared<Portal>();
            cursor->judged = judge_inner(analysis, statement);
            cursor->charge = Charge(names_bytes_, weight_of(*cursor->judged));
            cursor->with_hold = statement.with_hold;
            cursor->under = path_touched_ && path_stale_ ? std::string() : judged_under();   // the text itself may have moved the path
            return portals_.set(statement.name, cursor);
        }
        case sql::Verb::CloseCursor: return portals_.erase(statement.name);
        case sql::Verb::CloseAll: return portals_.clear();
        case sql::Verb::Other: case sql::Verb::Empty: case sql::Verb::Select: case sql::Verb::Begin:
        case sql::Verb::Commit: case sql::Verb::Rollback: case sql::Verb::Savepoint: case sql::Verb::Release:
        case sql::Verb::RollbackTo: case sql::Verb::PrepareTransaction: case sql::Verb::SetTransaction:
        case sql::Verb::Set: case sql::Verb::Reset: case sql::Verb::Show: case sql::Verb::Execute: case sql::Verb::Fetch:
        case sql::Verb::Discard: case sql::Verb::CopyIn: case sql::Verb::CopyOut: case sql::Verb::Explain:
        case sql::Verb::Listen: case sql::Verb::Unlisten: case sql::Verb::Lock: return;
    }
}

}  // namespace pgveil::relay
