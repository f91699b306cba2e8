// Pumps: messages out of both readers, waiting and resuming, and the ledger's bookkeeping.
#include "relay/refusal.h"
#include "relay/relay.h"

namespace pgveil::relay {

void Relay::pump_client() {
    while (state_ == State::Reading) {
        const auto step = client_.next();
        if (step.next == protocol::FrameReader::Next::NeedMore) return;
        if (step.next == protocol::FrameReader::Next::Malformed) {
            if (step.why == protocol::Malformed::UnknownType) {
                fatal(sqlstate::ProtocolViolation, "invalid frontend message type");
            } else {
                state_ = State::Ended;   // PostgreSQL closes without a word here
                out_->others.emplace_back(EndSession{"invalid message length"});
            }
            return;
        }
        process(step.frame.type, step.frame.body);
        if (state_ == State::Reading) deferred_.reset();
    }
}

void Relay::pump_server() {
    while (state_ != State::Ended) {
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

// The one place where a client message meets its handler.
void Relay::process(char type, ByteView body) {
    if (pipeline_.skipping() && type != 'S' && type != 'X') return;   // as the server: ignore till Sync
    if (pipeline_.copying_in() && type != 'X') return during_copy(type, body);
    simple_ = type == 'Q' || type == 'F';
    if (must_wait(type, body)) return;
    switch (type) {
        case 'Q': return on_query(body);
        case 'P': return on_parse(body);
        case 'B': return on_bind(body);
        case 'D': return on_describe(body);
        case 'E': return on_execute(body);
        case 'C': return on_close(body);
        case 'H': return on_flush();
        case 'S': return on_sync();
        case 'F': return on_function_call(body);
        case 'd': case 'c': case 'f': return;   // late COPY data: ignored, as by the server
        case 'X':
            protocol::put_terminate(out_->to_server);
            state_ = State::Ended;
            out_->others.emplace_back(EndSession{"client terminated"});
            return;
    }
    fatal(sqlstate::ProtocolViolation, "invalid frontend message type " + std::to_string(static_cast<unsigned char>(type)));
}

// The server reads its data now: it ignores Sync and Flush, and anything else would be swallowed unanswered
// (copyfromparse.c), after which nobody could say whose answer comes next.
void Relay::during_copy(char type, ByteView body) {
    if (type == 'd' || type == 'c' || type == 'f') return protocol::put_message(out_->to_server, type, body);
    if (type != 'S' && type != 'H') fatal(sqlstate::ProtocolViolation, "unexpected message type during COPY from stdin");
}

// Messages that judge or run something wait while an answer in flight may change what they mean.
bool Relay::must_wait(char type, ByteView body) {
    const bool judges = type == 'Q' || type == 'P' || type == 'B' || type == 'E';
    if (!judges && !copy_in_flight_) return false;
    if (fact_barrier_ && !pipeline_.empty()) {
        defer(type, body);
        return true;
    }
    if (path_stale_ && pipeline_.empty() && transaction_.status != TransactionStatus::Failed) ask_path();
    if (path_stale_ && !pipeline_.empty()) {
        defer(type, body);
        return true;
    }
    return false;
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

// The ledger is empty: the message that waited is processed as if it had just come.
void Relay::resume() {
    while (state_ == State::Barrier && pipeline_.empty()) {
        const Bytes body = deferred_->body;
        state_ = State::Reading;
        process(deferred_->type, body);
        if (state_ == State::Reading) deferred_.reset();
    }
    if (state_ != State::Reading) return;
    deferred_.reset();
    pump_client();
    client_.keep_rest();
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
    protocol::put_error(out_->to_client, error);
    state_ = State::Ended;
    out_->others.emplace_back(EndSession{"fatal " + std::string(code.text())});
}

}  // namespace pgveil::relay
