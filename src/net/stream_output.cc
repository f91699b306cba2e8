#include <sys/socket.h>

#include <utility>

#include "net/stream_parts.h"

namespace pgveil::net {
namespace {

constexpr std::size_t kSendEarly = 256 * 1024;   // queue that is not kept until the turn ends
constexpr int kDiscardReads = 16;                // before a close, so that unread bytes cause no reset

}  // namespace

void Stream::write(ByteView bytes) {
    if (state_ != State::Open || write_broken_) return;
    append(out(), bytes);
    written();
}

void Stream::write(Bytes&& bytes) {
    if (state_ != State::Open || write_broken_) return;
    if (out_.empty()) out_ = std::move(bytes);
    else append(out_, bytes);
    written();
}

Bytes& Stream::out() {
    if (out_.capacity() == 0) out_ = loop_.buffers().take();
    return out_;
}

void Stream::written() {
    if (state_ != State::Open || write_broken_) return out_.clear();
    if (out_.size() - out_start_ >= kSendEarly && !want_write_) push();
    loop_.at_turn_end(*this);
}

std::size_t Stream::queued_bytes() const {
    return out_.size() - out_start_ + (transport_ ? transport_->held() : 0);
}

void Stream::notify_drained(std::size_t mark) {
    drain_mark_ = mark;
    loop_.at_turn_end(*this);
}

/// Sends what can be sent; calls nobody.
void Stream::push() {
    want_write_ = false;
    if (handshaking_) {
        want_write_ = transport_->held() > 0 && transport_->flush_held() == Io::WouldBlock;
        return;
    }
    for (;;) {
        const std::size_t queued = tls_to_start_ ? plain_left_ : out_.size() - out_start_;
        if (queued == 0) break;
        const IoResult sent = transport_->write(ByteView(out_).subspan(out_start_, queued));
        if (sent.status == Io::WouldBlock) {
            want_write_ = true;
            break;
        }
        if (sent.status != Io::Done) return write_failed();
        out_start_ += sent.bytes;
        sent_total_ += sent.bytes;
        if (tls_to_start_) plain_left_ -= sent.bytes;
    }
    if (!want_write_ && transport_->held() > 0) {
        const Io held = transport_->flush_held();
        if (held == Io::Broken) return write_failed();
        want_write_ = held == Io::WouldBlock;
    }
    compact();
}

// The peer may have said why before it went: reading goes on to the end unless nobody wants to read.
void Stream::write_failed() {
    write_broken_ = true;
    want_write_ = false;
    detail_ = transport_->detail();
    give_back();
    plain_left_ = 0;
}

void Stream::give_back() {
    out_start_ = 0;
    loop_.buffers().give(std::exchange(out_, {}));
}

void Stream::compact() {
    if (out_start_ == out_.size()) {
        give_back();
    } else if (out_start_ >= kSendEarly && out_start_ > out_.size() / 2) {
        out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(out_start_));
        out_start_ = 0;
    }
}

/// What follows from a smaller queue.
void Stream::tell(Alive& alive) {
    if (!write_broken_ && tls_to_start_ && plain_left_ == 0) begin_tls();
    if (drain_mark_ && queued_bytes() <= *drain_mark_) {
        drain_mark_.reset();
        user_.on_drained(*this);
        if (!alive.well()) return;
    }
    // A handshake that is not done will carry no last words.
    if (state_ == State::Flushing && !write_broken_ && (queued_bytes() == 0 || handshaking_)) finish(alive);
}

void Stream::finish(Alive& alive) {
    transport_->say_goodbye();
    ::shutdown(handle_->fd, SHUT_WR);
    // Closing over unread bytes resets the connection, and the peer might lose our last words.
    const std::span<Byte> room = loop_.read_buffer();
    for (int i = 0; i < kDiscardReads && ::recv(handle_->fd, room.data(), room.size(), MSG_DONTWAIT) > 0;) ++i;
    fail(alive, CloseReason::Flushed);
}

}  // namespace pgveil::net
