// Pumps: messages out of both readers, waiting and resuming, and the ledger's bookkeeping.
#include "relay/refusal.h"
#include "relay/relay.h"

namespace pgveil::relay {
namespace {

// A client that sends and never reads fills the ledger, about a kilobyte a statement, long before any socket is full.
constexpr std::size_t kMostInFlight = 1024;

}  // namespace

/// So much is unanswered that the client is not read; the server is asked to flush, so that it becomes less.
bool Relay::full() const { return pipeline_.size() >= kMostInFlight && !pipeline_.copying_in(); }

void Relay::pump_client() {
    while (wants_client()) {
        const auto step = client_.next();
        if (step.next == protocol::FrameReader::Next::NeedMore) return;
        if (step.next == protocol::FrameReader::Next::Malformed) return framing_lost(step.frame.type, step.why);
        if (step.frame.type == 'd') copy_data(step.frame);
        else process(step.frame.type, step.frame.body);
        if (state_ == State::Reading) deferred_.reset();
    }
    if ((awaits_copy() || full()) && pipeline_.needs_flush()) {
        protocol::put_flush(out_->to_server);
        pipeline_.flushed();
    }
}

void Relay::pump_server() {
    while (state_ != State::Ended && state_ != State::WaitingForCancel) {
        if (blocks()) {
            blocked_ = true;
            return;
        }
        const auto step = server_.next();
        if (step.next == protocol::FrameReader::Next::NeedMore) return;
        if (step.next == protocol::FrameReader::Next::Malformed) {
            fatal(sqlstate::ConnectionFailure, "the database server broke the protocol");
            return;
        }
        on_server_frame(step.frame);
    }
}

// What came before is answered first, as by the server, which reads no further than it has worked.
void Relay::framing_lost(char type, protocol::Malformed why) {
    if (pipeline_.copying_in()) {
        doubt_copy(type, {});
        deferred_->lost = why;
        return;
    }
    if (!pipeline_.empty()) {
        defer(type, {});
        deferred_->lost = why;
        return;
    }
    if (why == protocol::Malformed::UnknownType) {
        return fatal(sqlstate::ProtocolViolation, "invalid frontend message type " + std::to_string(static_cast<unsigned char>(type)));
    }
    state_ = State::Ended;   // PostgreSQL closes without a word here
    out_->others.emplace_back(EndSession{"invalid message length"});
}

// The one place where a client message meets its handler.
void Relay::process(char type, ByteView body) {
    if (deferred_ && deferred_->lost) return framing_lost(type, *deferred_->lost);
    if (pipeline_.skipping() && type != 'S' && type != 'X') return;   // as the server: ignore till Sync
    if (pipeline_.copying_in()) return during_copy(type, body);
    simple_ = type == 'Q' || type == 'F';
    if (must_wait(type, body)) return;
    switch (type) {
        case 'Q': return on_query(body);
        case 'P': return on_parse(body);
        case 'B': return on_bind(body);
        case 'D': return on_describe(body);
        case 'E': return on_execute(body);
        case 'C': return on_close(body);
        case 'H': return on_flush(body);
        case 'S': return on_sync(body);
        case 'F': return on_function_call(body);
        case 'c': case 'f': return;   // late ends of COPY data: ignored, as by the server
        case 'X': return terminate();
    }
    fatal(sqlstate::ProtocolViolation, "invalid frontend message type " + std::to_string(static_cast<unsigned char>(type)));
}

void Relay::terminate() {
    if (!at_barrier('X', {})) return;
    EndSession end{"client terminated"};
    // An open batch is an open transaction to the server, which a further statement would commit.
    const bool at_rest = transaction_.status == TransactionStatus::Idle && !batch_open_ && !pipeline_.skipping() && !blocked_ && !mid_piece_ && server_.at_boundary();
    if (at_rest && uncommitted_.empty() && suspended_.empty()) end.server = std::move(setup_.parameters);
    state_ = State::Ended;
    out_->others.emplace_back(std::move(end));
}

// Messages that judge or run something wait while an answer in flight may change what they mean.
bool Relay::must_wait(char type, ByteView body) {
    const bool judges = type == 'Q' || type == 'P' || type == 'B' || type == 'E';
    if (!judges && type != 'D' && !copy_in_flight_) return false;
    if ((copy_in_flight_ || (fact_barrier_ && judges)) && !pipeline_.empty()) {
        defer(type, body);
        return true;
    }
    if (in_doubt(type, body)) {
        defer(type, body);
        return true;
    }
    if (!judges) return false;
    if (path_stale_ && pipeline_.empty() && transaction_.status != TransactionStatus::Failed) ask_path();
    if (path_stale_ && !pipeline_.empty()) {
        defer(type, body);
        return true;
    }
    return false;
}

// Which statement or portal a name means may hang on answers to earlier batches: judged by another than the server
// will take, a message would pass with the wrong masks.
bool Relay::in_doubt(char type, ByteView body) const {
    if (type == 'B') {
        const auto bind = protocol::parse_bind(body);
        return bind && !statements_.certain(bind->statement, batch_tag_);
    }
    if (type == 'E') {
        const auto execute = protocol::parse_execute(body);
        return execute && !portals_.certain(execute->portal, batch_tag_);
    }
    if (type != 'D') return false;
    const auto describe = protocol::parse_describe(body);
    if (!describe) return false;
    return describe->target == protocol::Target::Statement ? !statements_.certain(describe->name, batch_tag_) : !portals_.certain(describe->name, batch_tag_);
}

void Relay::defer(char type, ByteView body) {
    if (!deferred_) {
        deferred_.emplace();
        deferred_->type = type;
        deferred_->body = copy_of(body);
    }
    wait_in(State::Barrier);
}

// True when nothing is in flight, so that the transaction's state is known; else the message waits.
bool Relay::at_barrier(char type, ByteView body) {
    if (!pipeline_.empty()) {
        defer(type, body);
        return false;
    }
    if (!deferred_) {
        deferred_.emplace();
        deferred_->type = type;
        deferred_->body = copy_of(body);
    }
    return true;
}

void Relay::wait_in(State state) {
    state_ = state;
    if (state == State::Barrier && !pipeline_.empty() && pipeline_.needs_flush()) {
        protocol::put_flush(out_->to_server);
        pipeline_.flushed();
    }
}

void Relay::resume() {
    process_waiting();
    watch();
}

// The ledger is empty: the message that waited is processed as if it had just come.
void Relay::process_waiting() {
    // The server asks for COPY data: what waited is them, or is to be ignored among them.
    while (state_ == State::Barrier && (pipeline_.empty() || pipeline_.copying_in())) {
        const Bytes body = deferred_->body;
        state_ = State::Reading;
        simple_ = deferred_->type == 'Q' || deferred_->type == 'F';
        const bool ours_to_answer = pipeline_.empty() && !pipeline_.skipping();
        if (deferred_->cancelled && ours_to_answer) refuse(cancelled());
        // The server was asked for what an approval binds and failed: what is not known binds nothing.
        else if (deferred_->facts == Deferred::Facts::Asked && ours_to_answer) refuse(facts_unavailable(deferred_->facts_code));
        else process(deferred_->type, body);
        if (state_ == State::Reading) deferred_.reset();
    }
    if (state_ != State::Reading) return;
    deferred_.reset();
    pump_client();
    client_.keep_rest();
    if (client_ended_ && idle()) on_peer_lost(false, now_, *out_);
}

void Relay::send(session::Request request, session::Disposition disposition, Pending pending) {
    pending.tag = next_tag_++;
    pipeline_.sent({request, disposition, pending.tag});
    pending_.push_back(std::move(pending));
}

Pending* Relay::pending_of(std::uint64_t tag) {
    while (!pending_.empty() && pending_.front().tag < tag) pending_.pop_front();
    return !pending_.empty() && pending_.front().tag == tag ? &pending_.front() : nullptr;
}

void Relay::settle(std::uint64_t tag) {
    while (!pending_.empty() && pending_.front().tag <= tag) pending_.pop_front();
    if (pipeline_.empty()) fact_barrier_ = copy_in_flight_ = false;
}

void Relay::fatal(SqlState code, std::string message) {
    protocol::ErrorOut error = plain(code, std::move(message));
    error.severity = "FATAL";
    if (state_ != State::Ended) note_lost_runs();
    protocol::put_error(out_->to_client, error);
    state_ = State::Ended;
    out_->others.emplace_back(EndSession{"fatal " + std::string(code.text())});
}

}  // namespace pgveil::relay
