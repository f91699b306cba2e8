#include "net/stream.h"

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "net/stream_parts.h"

namespace pgveil::net {
namespace {

constexpr std::size_t kReadBudget = 256 * 1024;     // per stream and turn: others wait

}  // namespace

Stream::Stream(EventLoop& loop, Fd fd, StreamUser& user)
    : loop_(loop), user_(user), transport_(plain_transport(fd.get())) {
    const int number = fd.get();
    watch_new(new Handle{.poll = {}, .owner = this, .fd = number, .owned = std::move(fd), .keeper = {}});
}

Stream::Stream(EventLoop& loop, HandedOver connection, StreamUser& user)
    : loop_(loop), user_(user),
      transport_(connection.ssl == nullptr ? plain_transport(connection.fd) : established_tls_transport(connection.ssl)) {
    watch_new(new Handle{.poll = {}, .owner = this, .fd = connection.fd, .owned = {},
                         .keeper = std::move(connection.owner)});
    // Whoever connected may have left decrypted bytes inside the SSL object: no readiness tells of them.
    read_again_ = connection.ssl != nullptr;
}

Stream::~Stream() {
    if (alive_ != nullptr) alive_->bury();
    close();
}

void Stream::watch_new(Handle* handle) {
    handle_ = handle;
    handle->poll.data = handle;
    // A descriptor that cannot be watched is told at the end of the turn, as any other breakage.
    if (uv_poll_init(loop_.uv(), &handle->poll, handle->fd) != 0) {
        delete std::exchange(handle_, nullptr);
        break_off("the descriptor cannot be watched");
    }
    loop_.at_turn_end(*this);
}

void Stream::pause_reading() {
    paused_ = true;
    loop_.at_turn_end(*this);
}

void Stream::resume_reading() {
    if (!paused_) return;
    paused_ = false;
    read_again_ = true;
    loop_.at_turn_end(*this);
}

bool Stream::input_waiting() const {
    Byte one = 0;
    return handle_ != nullptr && ::recv(handle_->fd, &one, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void Stream::start_tls(std::shared_ptr<const TlsServerContext> context, ByteView already_read) {
    if (state_ != State::Open) return;
    if (transport_->ssl() != nullptr) return break_off("TLS inside TLS");
    tls_to_start_ = std::move(context);
    tls_prefix_ = copy_of(already_read);
    direct_tls_ = !already_read.empty();
    plain_left_ = out_.size() - out_start_;
    loop_.at_turn_end(*this);
}

/// To be told at the end of the turn, as any breakage.
void Stream::break_off(const char* why) {
    write_broken_ = true;
    input_ = Input::Ended;
    detail_ = why;
    loop_.at_turn_end(*this);
}

void Stream::close_after_flush() {
    if (state_ != State::Open) return;
    state_ = State::Flushing;
    loop_.at_turn_end(*this);
}

void Stream::close() {
    if (state_ == State::Closed) return;
    // Between records only: half a record cannot be followed by an alert.
    if (transport_ && queued_bytes() == 0 && !want_write_ && !write_broken_) transport_->say_goodbye();
    shut();
}

HandedOver Stream::release() {
    const bool at_rest = state_ == State::Open && input_ == Input::Live && handle_ != nullptr && handle_->keeper && queued_bytes() == 0 &&
                         !want_write_ && !write_broken_ && transport_->held() == 0 && !transport_->more();
    if (!at_rest) return {};
    HandedOver given{.fd = handle_->fd, .ssl = transport_->ssl(), .owner = std::move(handle_->keeper)};
    shut();
    return given;
}

void Stream::shut() {
    state_ = State::Closed;
    give_back();
    drain_mark_.reset();
    transport_.reset();
    Handle* const handle = std::exchange(handle_, nullptr);
    if (handle == nullptr) return;
    handle->owner = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(&handle->poll), [](uv_handle_t* closed) {
        delete static_cast<Handle*>(closed->data);
    });
    // What PQfinish still wants to say must not become the end of a half-sent message of ours.
    if (handle->keeper) ::shutdown(handle->fd, SHUT_RDWR);
    handle->owned.reset();
}

void Stream::turn() {
    Alive alive(*this);
    if (state_ == State::Closed) return;
    // A full socket says when it has room; asking before that would only cost a system call.
    if (!want_write_ && !write_broken_) push();
    tell(alive);
    if (alive.well() && std::exchange(read_again_, false)) take_input(alive);
    if (alive.well()) settle(alive);
}

void Stream::ready(int status, int events) {
    Alive alive(*this);
    if (status < 0) return broken_event(alive);
    if (want_write_ && ((events & UV_WRITABLE) != 0 || transport_->ssl() != nullptr)) {
        push();
        tell(alive);
    }
    if (alive.well() && (events & UV_READABLE) != 0) take_input(alive);
    if (alive.well() && (events & UV_DISCONNECT) != 0 && paused_ && !std::exchange(hangup_told_, true)) {
        user_.on_hangup(*this);
    }
    if (alive.well()) settle(alive);
}

// The last look at every event: what cannot go on ends, and the poll asks for what is wanted now.
void Stream::settle(Alive& alive) {
    if (write_broken_ && (paused_ || input_ == Input::Ended || state_ == State::Flushing)) {
        return fail(alive, CloseReason::Reset);
    }
    update_watch();
}

// The socket has an error pending and libuv has stopped watching: what arrived before is read, then it ends.
void Stream::broken_event(Alive& alive) {
    watched_ = 0;
    std::uint64_t before = 0;
    do {
        before = received_;
        take_input(alive);
    } while (alive.well() && received_ != before);
    if (!alive.well()) return;
    if (detail_.empty()) detail_ = "connection reset by peer";
    fail(alive, CloseReason::Reset);
}

bool Stream::wants_input() const {
    return input_ == Input::Live && state_ == State::Open && !tls_to_start_ && (handshaking_ || !paused_);
}

void Stream::take_input(Alive& alive) {
    if (!wants_input()) return;
    if (handshaking_ && !shake_hands(alive)) return;
    std::size_t budget = kReadBudget;
    while (alive.well() && wants_input() && !handshaking_) {
        if (budget == 0) {
            read_again_ = transport_->more();
            if (read_again_) loop_.at_turn_end(*this);
            return;
        }
        const std::span<Byte> room = loop_.read_buffer();
        const IoResult got = transport_->read(room);
        switch (got.status) {
            case Io::WouldBlock: return;
            case Io::End: return input_ended(alive);
            case Io::Broken: return fail(alive, CloseReason::Reset);
            case Io::TlsBroken: return fail(alive, CloseReason::TlsFailed);
            case Io::Done: break;
        }
        const bool more = transport_->more();
        budget -= std::min(budget, got.bytes);
        received_ += got.bytes;
        user_.on_data(*this, room.first(got.bytes));
        if (!more) return;
    }
}

bool Stream::shake_hands(Alive& alive) {
    switch (transport_->handshake()) {
        case Io::WouldBlock: want_write_ = transport_->held() > 0; return false;
        case Io::End: input_ended(alive); return false;
        case Io::Broken: fail(alive, CloseReason::Reset); return false;
        case Io::TlsBroken: fail(alive, CloseReason::TlsFailed); return false;
        case Io::Done: break;
    }
    handshaking_ = false;
    // As PostgreSQL: without ALPN, direct TLS may be a browser's or a confused proxy's.
    if (direct_tls_ && !alpn_agreed()) {
        detail_ = "direct TLS without ALPN";
        fail(alive, CloseReason::TlsFailed);
        return false;
    }
    loop_.at_turn_end(*this);   // for what was written meanwhile
    user_.on_secured(*this);
    return alive.well();
}

void Stream::input_ended(Alive&) {
    input_ = Input::Ended;
    user_.on_end(*this);
}

void Stream::begin_tls() {
    transport_ = tls_server_transport(handle_->fd, std::exchange(tls_to_start_, nullptr), std::exchange(tls_prefix_, {}),
                                      loop_.buffers());
    handshaking_ = true;
    read_again_ = true;
}

void Stream::fail(Alive&, CloseReason reason) {
    if (detail_.empty() && transport_) detail_ = transport_->detail();
    shut();
    user_.on_closed(*this, reason);
}

void Stream::update_watch() {
    int wanted = want_write_ ? UV_WRITABLE : 0;
    if (wants_input()) wanted |= UV_READABLE;
    else if (input_ == Input::Live && state_ == State::Open && paused_ && !hangup_told_) wanted |= UV_DISCONNECT;
    if (wanted == watched_ || handle_ == nullptr) return;
    watched_ = wanted;
    if (wanted == 0) {
        uv_poll_stop(&handle_->poll);
        return;
    }
    uv_poll_start(&handle_->poll, wanted, [](uv_poll_t* poll, int status, int events) {
        auto* const handle = static_cast<Handle*>(poll->data);
        if (handle->owner != nullptr) handle->owner->ready(status, events);
    });
}

bool Stream::encrypted() const { return transport_ && transport_->ssl() != nullptr && !handshaking_; }

bool Stream::alpn_agreed() const {
    if (!encrypted()) return false;
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(transport_->ssl(), &name, &size);
    return size > 0;
}

std::optional<PeerCertificate> Stream::peer_certificate() const {
    return encrypted() ? peer_certificate_of(transport_->ssl()) : std::nullopt;
}

std::string Stream::tls_description() const {
    if (!encrypted()) return {};
    return std::string(SSL_get_version(transport_->ssl())) + " " + SSL_get_cipher_name(transport_->ssl());
}

}  // namespace pgveil::net
