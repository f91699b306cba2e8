// The server's messages: whose answer is it, what state does it confirm, may it go on to the client.
#include <algorithm>
#include <utility>

#include "relay/plans.h"
#include "relay/refusal.h"
#include "relay/relay.h"

namespace pgveil::relay {

namespace {

std::vector<std::int16_t> formats_of(ByteView description) {
    std::vector<std::int16_t> formats;
    for (const auto& field : protocol::parse_row_description(description).value_or(std::vector<protocol::FieldView>{})) formats.push_back(field.format);
    return formats;
}

bool has_no_body(char type) { return std::string_view("123nsIc").find(type) != std::string_view::npos; }

}  // namespace

/// Nothing of a statement's result leaves before its intent is recorded, as durably as the log is set to be for reads.
bool Relay::blocks() const {
    const session::Entry* head = pipeline_.head();
    if (head == nullptr || head->disposition != session::Disposition::Forward) return false;
    if (head->request != session::Request::Query && head->request != session::Request::Execute) return false;
    for (const Pending& pending : pending_) {
        if (pending.tag == head->tag) return pending.run && pending.run->intent > written_;
    }
    return false;
}

void Relay::on_server_frame(const protocol::Frame& frame) {
    mid_piece_ = !frame.last;
    if (!frame.first) {   // further piece of a row or COPY datum: it belongs to the head and goes where the first went
        const session::Entry* head = pipeline_.head();
        Pending* pending = head != nullptr ? pending_of(head->tag) : nullptr;
        if (pending != nullptr && pending->run && pending->run->copy) return copy_rows(frame.body, *pending->run);
        if (head != nullptr && piece_forwarded_) append(out_->to_client, frame.body);
        return;
    }
    const auto answered = pipeline_.answered(frame.type);
    switch (answered.match) {
        case session::Pipeline::Match::Asynchronous: return on_asynchronous(frame);
        case session::Pipeline::Match::Answer: return on_answer(frame, answered);
        case session::Pipeline::Match::Violation: break;
    }
    if (frame.type == 'E' && pipeline_.empty()) {   // the server says good-bye: its words are an operator's
        forward_error('E', frame.body, nullptr);
        return server_ended();
    }
    fatal(sqlstate::ConnectionFailure, "the database server broke the protocol");
}

void Relay::on_asynchronous(const protocol::Frame& frame) {
    const session::Entry* head = pipeline_.head();
    const bool ours = head != nullptr && head->disposition != session::Disposition::Forward;
    Pending* pending = head != nullptr ? pending_of(head->tag) : nullptr;
    switch (frame.type) {
        case 'S': {
            const auto status = protocol::parse_parameter_status(frame.body);
            if (!status) return fatal(sqlstate::ConnectionFailure, "the database server broke the protocol");
            return put_parameter_status(*status);
        }
        case 'N':
            if (ours && !(pending != nullptr && pending->why == Pending::Why::Captured)) return;
            return forward_error('N', frame.body, pending != nullptr ? pending->run.get() : nullptr);
        case 'A': {
            const auto notification = protocol::parse_notification(frame.body);
            if (!notification) return fatal(sqlstate::ConnectionFailure, "the database server broke the protocol");
            return put_notification(*notification);
        }
    }
}

void Relay::on_answer(const protocol::Frame& frame, const session::Pipeline::Answered& answered) {
    Pending* pending = pending_of(answered.entry.tag);
    if (pending == nullptr) return fatal(sqlstate::InternalError, "ledger and server disagree");
    if (has_no_body(frame.type) && frame.length != 0) return fatal(sqlstate::ConnectionFailure, "the database server broke the protocol");
    if (frame.type == 'E') {
        on_error(frame, answered, *pending);
    } else {
        switch (answered.entry.disposition) {
            case session::Disposition::Forward: on_forwarded(frame, answered.entry, *pending); break;
            case session::Disposition::Swallow: on_swallowed(frame, answered.entry, *pending); break;
            case session::Disposition::Replace:   // a poison that did not kill: the server is not where we think
                return fatal(sqlstate::InternalError, "a refusal was not confirmed by the server");
        }
    }
    if (answered.finished) settle(answered.entry.tag);
    if (pipeline_.empty()) fact_barrier_ = copy_in_flight_ = false;
}

void Relay::on_forwarded(const protocol::Frame& frame, const session::Entry& entry, Pending& pending) {
    if (pending.run && pending.run->cut != Limit::None && frame.type != 'Z') return on_cut(frame, entry, pending);
    switch (frame.type) {
        case '1': case '2': case '3':
            confirm(entry, pending);
            if (pending.why == Pending::Why::Probe) return probe_passed(*pending.run);
            break;
        case 'T': case 't': case 'n': on_described(frame, pending); break;
        case 'D': return pending.run ? on_row(frame, *pending.run) : fatal(sqlstate::ConnectionFailure, "rows without a statement");
        case 'H': case 'd': case 'c':
            return pending.run ? on_copy(frame, *pending.run) : fatal(sqlstate::ConnectionFailure, "rows without a statement");
        case 'G': on_copy_in(pending); break;
        case 'C': case 'I': case 's': on_complete(frame, entry, pending); break;
        case 'Z': return on_ready(frame, entry, pending);
    }
    if (state_ == State::Ended) return;
    if (frame.last) return protocol::put_message(out_->to_client, frame.type, frame.body);
    protocol::put_header(out_->to_client, frame.type, static_cast<std::uint32_t>(frame.length));
    append(out_->to_client, frame.body);
    piece_forwarded_ = true;
}

/// A text our parser or catalog does not know was taken by the server: it is newer than us, so it is not run.
void Relay::probe_passed(const Run& run) {
    // What a temporary or an uncommitted object is, only the server knows.
    const bool all_seen = !path_.has_temp && transaction_.status == TransactionStatus::Idle;
    const auto missing = all_seen ? missing_relation(run.judged->analysis, run.text) : std::nullopt;
    record_refusal(*run.judged, run.text, "deny", "", {}, missing ? missing->code.text() : sqlstate::InsufficientPrivilege.text());
    if (missing) return protocol::put_error(out_->to_client, *missing);
    protocol::put_error(out_->to_client, plain(sqlstate::InsufficientPrivilege,
        "NOT EXECUTED: this statement is not understood here, so its effects are unknown",
        "The server accepts it: it may use newer syntax than this proxy's grammar, or an object it cannot see yet. Rephrase it, or try again in some seconds."));
}

void Relay::confirm(const session::Entry& entry, Pending& pending) {
    switch (entry.request) {
        case session::Request::Parse: return statements_.confirm(pending.name, pending.tag);
        case session::Request::Bind: return portals_.confirm(pending.name, pending.tag);
        case session::Request::Close:
            return pending.closes_statement ? statements_.confirm(pending.name, pending.tag) : portals_.confirm(pending.name, pending.tag);
        case session::Request::Query: case session::Request::DescribeStatement: case session::Request::DescribePortal:
        case session::Request::Execute: case session::Request::Sync: case session::Request::FunctionCall: return;
    }
}

void Relay::discard(const session::Entry& entry, bool by_script) {
    Pending* found = nullptr;
    for (Pending& pending : pending_) {
        if (pending.tag == entry.tag) found = &pending;
    }
    if (found == nullptr) return;
    statements_.discard(found->name, entry.tag);
    portals_.discard(found->name, entry.tag);
    if (by_script && found->why == Pending::Why::Client && entry.request == session::Request::Query) {
        // Our own script failed before the client's simple query: the server skipped it, its Sync is ours to send.
        protocol::put_sync(out_->to_server);
        send(session::Request::Sync, session::Disposition::Forward, {});
    }
}

/// null: the message is malformed.
DescriptionPtr Relay::describe(const protocol::Frame& frame, std::span<const Oid> parameters) const {
    auto description = std::make_shared<Description>();
    description->parameters.assign(parameters.begin(), parameters.end());
    if (frame.type != 'T') return description;
    const auto fields = protocol::parse_row_description(frame.body);
    if (!fields) return nullptr;
    for (const auto& field : *fields) {
        description->columns.push_back(column_of(field.name, {field.table, field.attribute}, field.type, *setup_.view->catalog));
    }
    return description;
}

void Relay::on_described(const protocol::Frame& frame, Pending& pending) {
    if (frame.type == 't') {
        const auto types = protocol::parse_parameter_description(frame.body);
        if (!types) return fatal(sqlstate::ConnectionFailure, "the database server broke the protocol");
        pending.parameters = *types;
        return;
    }
    const bool of_query = frame.type == 'T' && pending.why == Pending::Why::Client && pending.run && !pending.statement;
    DescriptionPtr description = of_query ? tools_.plans.described(pending.run->judged, frame.body, *setup_.view) : nullptr;
    if (!description) {
        description = describe(frame, pending.parameters);
        if (!description) return fatal(sqlstate::ConnectionFailure, "the database server broke the protocol");
        if (of_query) tools_.plans.learn(pending.run->judged, frame.body, *setup_.view, description);
    }
    if (pending.run) {
        pending.run->description = description;
        fold_masked(*pending.run);
        if (frame.type == 'T' && pending.why == Pending::Why::Describe) pending.run->formats = formats_of(frame.body);
    }
    if (pending.statement) {
        pending.statement->description = description;
        tools_.judge.learn(pending.statement->text, pending.statement->types, *setup_.view, path_, description);
    }
}

void Relay::on_swallowed(const protocol::Frame& frame, const session::Entry& entry, Pending& pending) {
    (void)entry;
    // Nothing of ours copies: data on the wire would be read as messages, and messages as data.
    if (frame.type == 'G' || frame.type == 'H') return fatal(sqlstate::ConnectionFailure, "the database server broke the protocol");
    switch (pending.why) {
        case Pending::Why::Describe:
            on_described(frame, pending);
            return;
        case Pending::Why::Shape:
            if (frame.type != '1') on_described(frame, pending);
            return;
        case Pending::Why::AskPath:
            if (frame.type == 'D' && !std::exchange(pending.answered, true)) return on_path_row(frame.body);
            if (frame.type != 'C' || !pending.answered) return fatal(sqlstate::ConnectionFailure, "the database server broke the protocol");
            path_stale_ = false;
            return;
        case Pending::Why::AskFacts:
            return frame.type == 'D' ? on_facts_row(frame.body) : void();
        case Pending::Why::Captured: return on_captured(frame, pending);
        case Pending::Why::Client: case Pending::Why::Script: case Pending::Why::Poison: case Pending::Why::Probe: break;
    }
    if (frame.type == '3' && pending.closes_statement) statements_.confirm(pending.name, pending.tag);
    if (frame.type != 'Z') return;
    (void)believe(frame.body);
}

/// False: it is none, or cannot be; the session has ended then. Judged by another state than the server's, a write would
/// run in a transaction that it was not approved for.
bool Relay::believe(ByteView ready) {
    const auto status = protocol::parse_ready_for_query(ready);
    if (!status || (setup_.view->enforcing() && transaction_.contradicts(*status))) {
        fatal(sqlstate::ConnectionFailure, "the database server broke the protocol");
        return false;
    }
    on_status(*status);
    return true;
}

void Relay::on_captured(const protocol::Frame& frame, Pending& pending) {
    Run& run = *pending.run;
    if (frame.type == 'T') on_described(frame, pending);
    if (frame.type == 'D') on_row(frame, run);
    if (frame.type == 'C') {
        const auto tag = protocol::parse_command_complete(frame.body);
        if (!tag) return fatal(sqlstate::ConnectionFailure, "the database server broke the protocol");
        run.tag = std::string(*tag);
        ++run.result;
    }
    if (frame.type != 'Z') return;
    const auto status = protocol::parse_ready_for_query(frame.body);
    if (!status) return fatal(sqlstate::ConnectionFailure, "the database server broke the protocol");
    on_status(*status);
    settle_uncommitted();
    const RunPtr kept = pending.run;
    if (!cut_.cutting) return end_captured(kept);
    cut_.captured = kept;
    if (cut_.cancels == 0) return end_cut();
    state_ = State::WaitingForCancel;
}

/// What pgveil.execute ran is over. A result that was cut although the statement went through is told as cut.
void Relay::end_captured(const RunPtr& kept) {
    if (kept->cut != Limit::None && kept->sqlstate.empty()) {
        kept->sqlstate = std::string(code_of(kept->cut).text());
        kept_error_.clear();
        put_limit_error(kept_error_, kept->cut);
    }
    finish_run(*kept);
    touch_path(kept->judged->analysis);
    if (state_ != State::Running) return;
    state_ = State::Reading;
    simple_ = deferred_->type == 'Q';
    if (kept->sqlstate.empty()) return answer_executed(*kept);
    record_refused(kept->sqlstate);
    fail_executed();
}

}  // namespace pgveil::relay
