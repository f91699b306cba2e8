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
    /// The name of a Unix socket, as it was made.
    struct File {
        std::string path;
        std::uint64_t device = 0, inode = 0;
    };
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
    /// The file that goes with it; no path: none, or another process's.
    [[nodiscard]] File file() const { return file_ ? *file_ : File{}; }
    /// Whose file it is changes hands; without a path nobody's here.
    void take_file(File file) { file_ = file.path.empty() ? nullptr : std::make_unique<File>(std::move(file)); }

  private:
    friend Result<std::vector<ListenSocket>, std::string> listen_on(const ListenAddress&, const ListenOptions&, std::vector<ListenSocket>*);
    friend Result<ListenSocket, std::string> adopt_listening(int fd);
    static Result<ListenSocket, std::string> listen_unix(const ListenAddress&, const ListenOptions&);
    static Result<ListenSocket, std::string> listen_tcp(const void* addrinfo_entry, const ListenOptions&);
    Fd fd_;
    std::uint16_t port_ = 0;
    std::string text_;
    bool local_only_ = false;
    std::unique_ptr<File> file_;
};

/// One socket per address the host resolves to (may block: not on a loop's thread while it serves). A socket
/// file that nobody listens on is replaced; one in use is a refusal. What listens already among `open` is taken from there.
[[nodiscard]] Result<std::vector<ListenSocket>, std::string> listen_on(const ListenAddress& address, const ListenOptions& options,
                                                                     std::vector<ListenSocket>* open = nullptr);

/// A socket that another process made, and whose file is its own. Refused: whatever is no listening stream socket.
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
    /// The socket's file stays: it is another process's now.
    void leave_file() { socket_.take_file({}); }

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
