// Transport: recv/send or SSL_read/SSL_write under one face, for Stream alone. Never blocks, never calls
// back. Hostile: hands bytes on; TLS records are OpenSSL's to judge. Owner: one Stream; loop thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "net/buffer_pool.h"
#include "net/tls_server.h"
#include "pgveil/core/bytes.h"

namespace pgveil::net {

enum class Io : std::uint8_t { Broken, TlsBroken, End, WouldBlock, Done };

struct IoResult {
    Io status = Io::Broken;
    std::size_t bytes = 0;
};

class Transport {
  public:
    virtual ~Transport() = default;
    /// Done with 1 or more bytes; `more` says that a further read may give bytes without new readiness.
    virtual IoResult read(std::span<Byte> into) = 0;
    [[nodiscard]] virtual bool more() const = 0;
    /// Done with 1 or more bytes taken (perhaps still held, see held()).
    virtual IoResult write(ByteView bytes) = 0;
    /// Bytes taken but not yet in the kernel; flush_held sends them.
    [[nodiscard]] virtual std::size_t held() const { return 0; }
    virtual Io flush_held() { return Io::Done; }
    virtual Io handshake() { return Io::Done; }
    /// Tells the peer that nothing more comes, if that can be said at once.
    virtual void say_goodbye() {}
    [[nodiscard]] virtual ssl_st* ssl() const { return nullptr; }
    [[nodiscard]] const std::string& detail() const { return detail_; }

  protected:
    std::string detail_;
};

[[nodiscard]] std::unique_ptr<Transport> plain_transport(int fd);
/// The server's side of TLS on `fd`; `prefix` was read from it already. `buffers` outlives it.
[[nodiscard]] std::unique_ptr<Transport> tls_server_transport(int fd, std::shared_ptr<const TlsServerContext> context,
                                                              Bytes prefix, BufferPool& buffers);
/// An established SSL object that belongs to someone else and reads and writes its own socket.
[[nodiscard]] std::unique_ptr<Transport> established_tls_transport(ssl_st* ssl);

}  // namespace pgveil::net
