// Listener: a listening socket on a loop; accepted descriptors come out ready for a Stream (non-blocking,
// close-on-exec, nodelay, keepalive). It counts nobody and limits nobody. When the process has no
// descriptor left it closes the newcomer and tells, instead of spinning. Reads no bytes. Loop thread.
#pragma once

#include <functional>
#include <memory>

#include "net/address.h"
#include "net/event_loop.h"
#include "net/fd.h"

namespace pgveil::net {

struct ListenOptions {
    bool reuse_port = false;       // several loops on one TCP address; the kernel deals
    int backlog = 1024;
    unsigned unix_mode = 0777;     // of the socket file; it never has more
};

/// Bound and listening, not yet accepting; made before the loops run, so that a start can fail at once.
class ListenSocket {
  public:
    ListenSocket() = default;
    ListenSocket(ListenSocket&&) = default;
    ListenSocket& operator=(ListenSocket&&) = default;
    /// Removes the socket file, if it is still the one that was made.
    ~ListenSocket();

    [[nodiscard]] int fd() const { return fd_.get(); }
    /// The port that was given for port 0; 0 for a Unix socket.
    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] const std::string& text() const { return text_; }
    /// Only processes of this machine can connect. Known of adopted sockets.
    [[nodiscard]] bool local_only() const { return local_only_; }

  private:
    friend Result<std::vector<ListenSocket>, std::string> listen_on(const ListenAddress&, const ListenOptions&);
    friend Result<ListenSocket, std::string> adopt_listening(int fd);
    struct SocketFile {
        std::string path;
        std::uint64_t device = 0, inode = 0;
    };
    static Result<ListenSocket, std::string> listen_unix(const ListenAddress&, const ListenOptions&);
    static Result<ListenSocket, std::string> listen_tcp(const void* addrinfo_entry, const ListenOptions&);
    Fd fd_;
    std::uint16_t port_ = 0;
    std::string text_;
    bool local_only_ = false;
    std::unique_ptr<SocketFile> file_;
};

/// One socket per address the host resolves to (may block: not on a loop's thread while it serves). A socket
/// file that nobody listens on is replaced; one in use is a refusal.
[[nodiscard]] Result<std::vector<ListenSocket>, std::string> listen_on(const ListenAddress& address,
                                                                     const ListenOptions& options);

/// A socket that a service manager made, and whose file is its own. Refused: whatever is no listening stream socket.
[[nodiscard]] Result<ListenSocket, std::string> adopt_listening(int fd);

struct Accepted {
    Fd fd;
    PeerAddress peer;
};

class Listener {
  public:
    /// `error` is an errno text, at most once a turn.
    using OnAccept = std::function<void(Accepted)>;
    using OnError = std::function<void(const std::string& error)>;
    Listener(EventLoop& loop, ListenSocket socket, OnAccept accepted, OnError failed);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    /// While paused, newcomers wait in the kernel's queue.
    void pause();
    void resume();
    [[nodiscard]] const ListenSocket& socket() const { return socket_; }

  private:
    void accept_some();
    void shed_one();
    struct Handle;
    ListenSocket socket_;
    OnAccept accepted_;
    OnError failed_;
    Fd reserve_;
    Handle* handle_;
};

/// Keepalive, nodelay and the time unacknowledged bytes may wait (zero: the system's).
struct TcpOptions {
    int keepalive_idle_s = 60, keepalive_interval_s = 15, keepalive_count = 4;
    unsigned user_timeout_ms = 0;
};
void set_tcp_options(int fd, const TcpOptions& options);

}  // namespace pgveil::net
