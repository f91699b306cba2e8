// Stream: one connected socket, plain or TLS, on a loop. Bytes in by callback, bytes out by a queue.
//
// Readiness-based (uv_poll with recv/send or SSL_read/SSL_write), so that it also fits a socket whose SSL
// object belongs to libpq. It knows no message and keeps no input: what on_data got is gone. Output is sent
// once, at the end of the loop's turn. Reads hostile bytes: hands them on, TLS aside. Owner: one; loop
// thread. It may be destroyed at any time, in its own callbacks too.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "net/event_loop.h"
#include "net/fd.h"
#include "net/tls_server.h"

struct ssl_st;

namespace pgveil::net {

class Stream;
class Transport;

enum class CloseReason : std::uint8_t {
    Reset,           // the peer or the network broke it; also: it can no longer be written and reading is paused
    TlsFailed,       // handshake or record failure; detail() has OpenSSL's words
    Flushed          // close_after_flush() is done
};

/// Whoever uses a stream. Every call comes on the loop's thread, never from inside write(), pause_reading()
/// or another method of Stream; each may destroy the stream.
class StreamUser {
  public:
    /// `data` lives during the call.
    virtual void on_data(Stream& stream, ByteView data) = 0;
    /// The peer sends nothing more and everything it sent was handed on. Writing may still work.
    virtual void on_end(Stream& stream) = 0;
    /// Reading is paused and the peer has ended its side: bytes may be unread. Once. It may be gone
    /// altogether or wait for its answer: close(), or finish and resume_reading().
    virtual void on_hangup(Stream& stream) = 0;
    /// The queue has come down to the mark of notify_drained().
    virtual void on_drained(Stream& stream) = 0;
    /// The handshake of start_tls() is done.
    virtual void on_secured(Stream& stream) = 0;
    /// The socket is closed. Last call. Not called for close() and destruction.
    virtual void on_closed(Stream& stream, CloseReason reason) = 0;

  protected:
    ~StreamUser() = default;
};

/// A connection that someone else established and keeps: `owner` closes the socket when it is dropped.
struct HandedOver {
    int fd = -1;
    ssl_st* ssl = nullptr;           // null: plain
    std::shared_ptr<void> owner;     // dropped after the last use of fd and ssl
};

class Stream final : private TurnWork {
  public:
    /// Reading starts with the next turn. `fd` is non-blocking.
    Stream(EventLoop& loop, Fd fd, StreamUser& user);
    Stream(EventLoop& loop, HandedOver connection, StreamUser& user);
    ~Stream() override;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    // output
    /// Appends to the queue; sent at the end of the turn. Nothing happens after close or a broken write.
    void write(ByteView bytes);
    void write(Bytes&& bytes);
    /// The queue's tail, to encode into; call written() when done, in the same callback.
    [[nodiscard]] Bytes& out();
    void written();
    [[nodiscard]] std::size_t queued_bytes() const;
    /// on_drained once, when at most `mark` bytes are queued (at the earliest at the end of this turn).
    void notify_drained(std::size_t mark);

    // input
    void pause_reading();
    void resume_reading();
    [[nodiscard]] bool reading_paused() const { return paused_; }
    /// Bytes wait in the kernel that nobody asked for yet: before answering an encryption request, a sign of
    /// plaintext smuggled behind it.
    [[nodiscard]] bool input_waiting() const;

    // TLS towards a client
    /// What is queued goes out plain, then the handshake. `already_read`: bytes of the ClientHello that
    /// on_data got (direct TLS, which must agree on ALPN); empty after an SSLRequest, whose sender must wait for
    /// our answer. On an encrypted stream it breaks the connection.
    void start_tls(std::shared_ptr<const TlsServerContext> context, ByteView already_read = {});
    [[nodiscard]] bool encrypted() const;          // the handshake is done
    [[nodiscard]] bool alpn_agreed() const;        // ALPN `postgresql` was negotiated
    [[nodiscard]] std::optional<PeerCertificate> peer_certificate() const;
    [[nodiscard]] std::string tls_description() const;   // "TLSv1.3 TLS_AES_256_GCM_SHA384", empty if plain

    // end
    /// Gives back what was handed over, and closes without a word to either side. No fd in it: the connection is not at
    /// rest (something is queued, read by halves or broken), or it was never handed over; then nothing changed.
    [[nodiscard]] HandedOver release();
    /// At once: what is queued is lost, no callback follows.
    void close();
    /// Reads no more, sends what is queued, then on_closed(Flushed). Someone should watch the time.
    void close_after_flush();
    [[nodiscard]] bool closed() const { return state_ == State::Closed; }
    /// OpenSSL's or the system's words for the last failure; no data of either side.
    [[nodiscard]] const std::string& detail() const { return detail_; }

    [[nodiscard]] std::uint64_t bytes_received() const { return received_; }
    [[nodiscard]] std::uint64_t bytes_sent() const { return sent_total_; }

  private:
    enum class State : std::uint8_t { Closed, Open, Flushing };
    enum class Input : std::uint8_t { Ended, Live };
    class Alive;
    struct Handle;

    void turn() override;
    void ready(int status, int events);
    void broken_event(Alive& alive);
    void settle(Alive& alive);
    [[nodiscard]] bool wants_input() const;
    void take_input(Alive& alive);
    bool shake_hands(Alive& alive);
    void input_ended(Alive& alive);
    void push();
    void tell(Alive& alive);
    void write_failed();
    void break_off(const char* why);
    void begin_tls();
    void finish(Alive& alive);
    void fail(Alive& alive, CloseReason reason);
    void watch_new(Handle* handle);
    void update_watch();
    void shut();
    void compact();
    void give_back();

    EventLoop& loop_;
    StreamUser& user_;
    Handle* handle_ = nullptr;
    std::unique_ptr<Transport> transport_;
    Bytes out_;
    std::size_t out_start_ = 0;
    std::optional<std::size_t> drain_mark_;
    std::shared_ptr<const TlsServerContext> tls_to_start_;
    Bytes tls_prefix_;
    std::size_t plain_left_ = 0;     // of the queue, before start_tls
    Alive* alive_ = nullptr;
    std::uint64_t received_ = 0, sent_total_ = 0;
    std::string detail_;
    int watched_ = 0;
    State state_ = State::Open;
    Input input_ = Input::Live;
    bool paused_ = false, handshaking_ = false, want_write_ = false, write_broken_ = false, read_again_ = false,
         hangup_told_ = false, direct_tls_ = false;
};

}  // namespace pgveil::net
