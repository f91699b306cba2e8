#include "net/transport.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace pgveil::net {
namespace {

// One encryption pass makes at most this much before it is sent.
constexpr std::size_t kWireChunk = 64 * 1024;

IoResult receive(int fd, std::span<Byte> into) {
    for (;;) {
        const auto got = ::recv(fd, into.data(), into.size(), 0);
        if (got > 0) return {Io::Done, static_cast<std::size_t>(got)};
        if (got == 0) return {Io::End, 0};
        if (errno == EAGAIN) return {Io::WouldBlock, 0};
        if (errno != EINTR) return {Io::Broken, 0};
    }
}

IoResult send_some(int fd, ByteView bytes) {
    for (;;) {
        const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent >= 0) return {Io::Done, static_cast<std::size_t>(sent)};
        if (errno == EAGAIN || errno == ENOBUFS) return {Io::WouldBlock, 0};
        if (errno != EINTR) return {Io::Broken, 0};
    }
}

class PlainTransport final : public Transport {
  public:
    explicit PlainTransport(int fd) : fd_(fd) {}

    IoResult read(std::span<Byte> into) override {
        const IoResult result = receive(fd_, into);
        full_ = result.bytes == into.size();
        if (result.status == Io::Broken) detail_ = std::strerror(errno);
        return result;
    }
    // A read that did not fill the room has emptied the socket; readiness will tell of more.
    [[nodiscard]] bool more() const override { return full_; }

    IoResult write(ByteView bytes) override {
        const IoResult result = send_some(fd_, bytes);
        if (result.status == Io::Broken) detail_ = std::strerror(errno);
        return result;
    }

  private:
    int fd_;
    bool full_ = false;
};

/// What an SSL object of ours reads and writes: the socket, with bytes put in front of it, and writes
/// gathered so that many records make one send.
struct Wire {
    int fd = -1;
    BufferPool* buffers = nullptr;
    Bytes prefix;
    std::size_t prefix_at = 0;
    Bytes out;
    std::size_t out_at = 0;
    bool ended = false, broken = false;

    [[nodiscard]] std::size_t held() const { return out.size() - out_at; }

    Io flush() {
        while (held() > 0) {
            const IoResult sent = send_some(fd, ByteView(out).subspan(out_at));
            if (sent.status == Io::Broken) broken = true;
            if (sent.status != Io::Done) return sent.status;
            out_at += sent.bytes;
        }
        out_at = 0;
        buffers->give(std::exchange(out, {}));
        return Io::Done;
    }

    IoResult read(std::span<Byte> into) {
        if (prefix_at == prefix.size()) return receive(fd, into);   // always, but for direct TLS
        const std::size_t size = std::min(into.size(), prefix.size() - prefix_at);
        std::memcpy(into.data(), prefix.data() + prefix_at, size);
        prefix_at += size;
        return {Io::Done, size};
    }
};

int wire_read(BIO* bio, char* into, int size) {
    auto& wire = *static_cast<Wire*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    const IoResult got = wire.read({reinterpret_cast<Byte*>(into), static_cast<std::size_t>(size)});
    switch (got.status) {
        case Io::Done: return static_cast<int>(got.bytes);
        case Io::End: wire.ended = true; return 0;
        case Io::WouldBlock: BIO_set_retry_read(bio); return -1;
        case Io::Broken:
        case Io::TlsBroken: wire.broken = true; return -1;
    }
    return -1;
}

int wire_write(BIO* bio, const char* from, int size) {
    BIO_clear_retry_flags(bio);
    Bytes& out = static_cast<Wire*>(BIO_get_data(bio))->out;
    if (out.capacity() == 0) out = static_cast<Wire*>(BIO_get_data(bio))->buffers->take();
    append(out, std::string_view(from, static_cast<std::size_t>(size)));
    return size;
}

long wire_control(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_FLUSH) return 1;
    if (command == BIO_CTRL_EOF) return static_cast<Wire*>(BIO_get_data(bio))->ended ? 1 : 0;
    return 0;
}

BIO_METHOD* wire_method() {
    static BIO_METHOD* const method = [] {
        BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "pgveil wire");
        BIO_meth_set_read(made, wire_read);
        BIO_meth_set_write(made, wire_write);
        BIO_meth_set_ctrl(made, wire_control);
        return made;
    }();
    return method;
}

std::string openssl_reason() {
    const unsigned long code = ERR_peek_error();
    const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    return reason == nullptr ? "TLS failure" : reason;
}

class TlsTransport : public Transport {
  public:
    explicit TlsTransport(SSL* ssl) : ssl_(ssl) {
        SSL_set_read_ahead(ssl, 1);   // header and body of a record in one system call
        SSL_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    }

    // Records hold 16 KiB at most: gathered here, so that the user is called once per buffer.
    IoResult read(std::span<Byte> into) override {
        std::size_t total = 0;
        Io why = ended_;
        while (why == Io::Done && total < into.size()) {
            ERR_clear_error();
            errno = 0;
            std::size_t got = 0;
            if (SSL_read_ex(ssl_, into.data() + total, into.size() - total, &got) != 1) {
                why = judge(0);
                continue;
            }
            total += got;
            if (SSL_has_pending(ssl_) == 0) break;
        }
        if (total == 0) return again_ = false, IoResult{why, 0};
        // An end or a failure behind these bytes is told by the next read, which no readiness may announce.
        again_ = why == Io::Done ? SSL_has_pending(ssl_) != 0 : why != Io::WouldBlock;
        return {Io::Done, total};
    }
    [[nodiscard]] bool more() const override { return again_; }

    IoResult write(ByteView bytes) override {
        std::size_t total = 0;
        while (total < bytes.size() && held() < kWireChunk) {
            ERR_clear_error();
            errno = 0;
            std::size_t sent = 0;
            if (SSL_write_ex(ssl_, bytes.data() + total, bytes.size() - total, &sent) != 1) {
                const Io why = judge(0);
                if (total > 0) break;
                return {why, 0};
            }
            total += sent;
        }
        return {Io::Done, total};
    }

    Io handshake() override {
        ERR_clear_error();
        errno = 0;
        const int result = SSL_do_handshake(ssl_);
        const Io why = result == 1 ? Io::Done : judge(result);
        const Io sent = flush_held();   // our flight, or the alert that says what was wrong
        return sent == Io::Broken ? Io::Broken : why;
    }

    void say_goodbye() override {
        if (SSL_is_init_finished(ssl_) == 0 || (ended_ != Io::Done && ended_ != Io::End)) return;
        ERR_clear_error();
        SSL_shutdown(ssl_);
        static_cast<void>(flush_held());
        ERR_clear_error();
    }
    [[nodiscard]] ssl_st* ssl() const override { return ssl_; }

  protected:
    [[nodiscard]] virtual bool wire_broken() const { return false; }

  private:
    // OpenSSL does not repeat what went wrong: the first verdict stays.
    Io judge(int result) {
        const int error = SSL_get_error(ssl_, result);
        if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return Io::WouldBlock;
        ended_ = verdict(error, errno);
        ERR_clear_error();
        return ended_;
    }

    Io verdict(int error, int system) {
        if (error == SSL_ERROR_ZERO_RETURN) return Io::End;
        if (error == SSL_ERROR_SYSCALL) {
            if (system == 0 && !wire_broken()) return Io::End;
            detail_ = std::strerror(system);
            return Io::Broken;
        }
        // Ends without close_notify are everyday; what was cut short shows in the framing above.
        if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) return Io::End;
        detail_ = openssl_reason();
        return Io::TlsBroken;
    }

    SSL* ssl_;
    Io ended_ = Io::Done;   // anything else: nothing more can be read
    bool again_ = false;
};

class TlsServerTransport final : public TlsTransport {
  public:
    TlsServerTransport(std::unique_ptr<Wire> wire, SSL* ssl, std::shared_ptr<const TlsServerContext> context)
        : TlsTransport(ssl), wire_(std::move(wire)), ssl_(ssl), context_(std::move(context)) {}
    ~TlsServerTransport() override {
        SSL_free(ssl_);
        wire_->buffers->give(std::move(wire_->out));
    }

    [[nodiscard]] std::size_t held() const override { return wire_->held(); }
    Io flush_held() override { return wire_->flush(); }
    IoResult write(ByteView bytes) override {
        if (const Io held_back = flush_held(); held_back != Io::Done) return {held_back, 0};
        const IoResult taken = TlsTransport::write(bytes);
        if (const Io sent = flush_held(); sent == Io::Broken) return {Io::Broken, 0};
        return taken;
    }

  protected:
    [[nodiscard]] bool wire_broken() const override { return wire_->broken; }

  private:
    std::unique_ptr<Wire> wire_;
    SSL* ssl_;
    std::shared_ptr<const TlsServerContext> context_;
};

class NoTransport final : public Transport {
  public:
    NoTransport() { detail_ = "out of memory"; }
    IoResult read(std::span<Byte>) override { return {}; }
    [[nodiscard]] bool more() const override { return false; }
    IoResult write(ByteView) override { return {}; }
    Io handshake() override { return Io::Broken; }
};

}  // namespace

std::unique_ptr<Transport> plain_transport(int fd) { return std::make_unique<PlainTransport>(fd); }

std::unique_ptr<Transport> tls_server_transport(int fd, std::shared_ptr<const TlsServerContext> context, Bytes prefix,
                                               BufferPool& buffers) {
    auto wire = std::make_unique<Wire>();
    wire->fd = fd;
    wire->buffers = &buffers;
    wire->prefix = std::move(prefix);
    SSL* const ssl = SSL_new(context->native());
    BIO* const bio = BIO_new(wire_method());
    if (ssl == nullptr || bio == nullptr) {
        SSL_free(ssl);
        BIO_free(bio);
        return std::make_unique<NoTransport>();
    }
    BIO_set_data(bio, wire.get());
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_accept_state(ssl);
    return std::make_unique<TlsServerTransport>(std::move(wire), ssl, std::move(context));
}

std::unique_ptr<Transport> established_tls_transport(ssl_st* ssl) { return std::make_unique<TlsTransport>(ssl); }

}  // namespace pgveil::net
