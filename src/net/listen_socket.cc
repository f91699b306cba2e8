#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <arpa/inet.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "net/listener.h"

namespace pgveil::net {
namespace {

std::string errno_text(const std::string& what) { return what + ": " + std::strerror(errno); }

void switch_on(int fd, int level, int option) {
    const int one = 1;
    ::setsockopt(fd, level, option, &one, sizeof one);
}

bool bind_and_listen(int fd, const void* address, std::size_t size, int backlog) {
    return ::bind(fd, static_cast<const sockaddr*>(address), static_cast<socklen_t>(size)) == 0 &&
           ::listen(fd, backlog) == 0;
}

std::uint16_t bound_port(int fd) {
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size) != 0) return 0;
    return ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(bound).sin6_port
                                             : reinterpret_cast<sockaddr_in&>(bound).sin_port);
}

// A file that is left over is one whose socket nobody listens on; anything else is not ours to remove.
std::string clear_stale_socket(const std::string& path, const sockaddr_un& address) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) return errno == ENOENT ? "" : errno_text(path);
    if (!S_ISSOCK(info.st_mode)) return path + " exists and is no socket";
    const Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!probe) return errno_text("socket");
    if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN) {
        return path + " is in use by another process";
    }
    if (errno != ECONNREFUSED) return errno_text(path);
    return ::unlink(path.c_str()) == 0 || errno == ENOENT ? "" : errno_text(path);
}

std::string shown_host(const addrinfo& entry) {
    char host[NI_MAXHOST] = "";
    ::getnameinfo(entry.ai_addr, entry.ai_addrlen, host, sizeof host, nullptr, 0, NI_NUMERICHOST);
    return entry.ai_family == AF_INET6 ? "[" + std::string(host) + "]" : host;
}

}  // namespace

ListenSocket::~ListenSocket() {
    if (!file_ || !fd_) return;
    struct stat info {};
    if (::lstat(file_->path.c_str(), &info) == 0 && info.st_dev == file_->device && info.st_ino == file_->inode) {
        ::unlink(file_->path.c_str());
    }
}

Result<ListenSocket, std::string> ListenSocket::listen_unix(const ListenAddress& wanted, const ListenOptions& options) {
    const std::string path = wanted.socket_path();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return refuse(path + ": longer than a socket name may be");
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    if (std::string problem = clear_stale_socket(path, address); !problem.empty()) return refuse(std::move(problem));

    ListenSocket made;
    made.fd_ = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!made.fd_) return refuse(errno_text("socket"));
    // The file takes its mode from the socket (less the umask), so it is at no moment wider than asked for.
    ::fchmod(made.fd(), static_cast<mode_t>(options.unix_mode));
    if (!bind_and_listen(made.fd(), &address, sizeof address, options.backlog)) return refuse(errno_text(path));
    struct stat info {};
    if (::chmod(path.c_str(), static_cast<mode_t>(options.unix_mode)) != 0 || ::lstat(path.c_str(), &info) != 0) {
        return refuse(errno_text(path));
    }
    made.take_file({path, info.st_dev, info.st_ino});
    made.text_ = "unix:" + path;
    return made;
}

Result<ListenSocket, std::string> ListenSocket::listen_tcp(const void* addrinfo_entry, const ListenOptions& options) {
    const auto& entry = *static_cast<const addrinfo*>(addrinfo_entry);
    ListenSocket made;
    made.fd_ = Fd(::socket(entry.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!made.fd_) return refuse(errno_text("socket"));
    switch_on(made.fd(), SOL_SOCKET, SO_REUSEADDR);
    if (options.reuse_port) switch_on(made.fd(), SOL_SOCKET, SO_REUSEPORT);
    if (entry.ai_family == AF_INET6) switch_on(made.fd(), IPPROTO_IPV6, IPV6_V6ONLY);
    const std::string shown = shown_host(entry);
    if (!bind_and_listen(made.fd(), entry.ai_addr, entry.ai_addrlen, options.backlog)) return refuse(errno_text(shown));
    made.port_ = bound_port(made.fd());
    made.text_ = shown + ":" + std::to_string(made.port_);
    return made;
}

Result<std::vector<ListenSocket>, std::string> listen_on(const ListenAddress& address, const ListenOptions& options, std::vector<ListenSocket>* open) {
    std::vector<ListenSocket> sockets;
    const auto take = [&](const std::string& text) {
        if (open == nullptr) return false;
        const auto found = std::ranges::find(*open, text, &ListenSocket::text);
        if (found == open->end()) return false;
        sockets.push_back(std::move(*found));
        open->erase(found);
        return true;
    };
    if (address.is_unix()) {
        if (take("unix:" + address.socket_path())) return sockets;
        auto socket = ListenSocket::listen_unix(address, options);
        if (!socket) return refuse(std::move(socket.error()));
        sockets.push_back(std::move(*socket));
        return sockets;
    }
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    addrinfo* found = nullptr;
    const std::string port = std::to_string(address.port);
    const int failed = ::getaddrinfo(address.host == "*" ? nullptr : address.host.c_str(), port.c_str(), &hints, &found);
    if (failed != 0) return refuse(address.host + ": " + gai_strerror(failed));
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> guard(found, ::freeaddrinfo);

    // As PostgreSQL does: an address that this machine lacks is passed over if another one works.
    std::string problem;
    for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
        if (take(shown_host(*entry) + ":" + port)) continue;
        auto socket = ListenSocket::listen_tcp(entry, options);
        if (socket) sockets.push_back(std::move(*socket));
        else if (problem.empty()) problem = std::move(socket.error());
    }
    if (sockets.empty()) return refuse(std::move(problem));
    return sockets;
}

Result<ListenSocket, std::string> adopt_listening(int fd) {
    ListenSocket made;
    made.fd_ = Fd(fd);
    int listens = 0, type = 0;
    socklen_t size = sizeof listens, type_size = sizeof type;
    sockaddr_storage bound{};
    socklen_t bound_size = sizeof bound;
    const bool stream = ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens != 0 &&
                        ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size) == 0 && type == SOCK_STREAM &&
                        ::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &bound_size) == 0;
    if (!stream) return refuse("descriptor " + std::to_string(fd) + " is no listening stream socket");
    if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK) != 0) return refuse(errno_text("fcntl"));
    if (bound.ss_family == AF_UNIX) {
        const auto& address = reinterpret_cast<const sockaddr_un&>(bound);
        made.text_ = "unix:" + std::string(address.sun_path, ::strnlen(address.sun_path, sizeof address.sun_path));
        made.local_only_ = true;
        return made;
    }
    char host[NI_MAXHOST] = "";
    ::getnameinfo(reinterpret_cast<const sockaddr*>(&bound), bound_size, host, sizeof host, nullptr, 0, NI_NUMERICHOST);
    made.port_ = bound_port(fd);
    made.text_ = (bound.ss_family == AF_INET6 ? "[" + std::string(host) + "]" : std::string(host)) + ":" + std::to_string(made.port_);
    made.local_only_ = std::string_view(host) == "::1" || std::string_view(host).starts_with("127.");
    return made;
}

void set_tcp_options(int fd, const TcpOptions& options) {
    switch_on(fd, IPPROTO_TCP, TCP_NODELAY);
    switch_on(fd, SOL_SOCKET, SO_KEEPALIVE);
    const auto set = [fd](int option, const auto& value) { ::setsockopt(fd, IPPROTO_TCP, option, &value, sizeof value); };
    set(TCP_KEEPIDLE, options.keepalive_idle_s);
    set(TCP_KEEPINTVL, options.keepalive_interval_s);
    set(TCP_KEEPCNT, options.keepalive_count);
    if (options.user_timeout_ms != 0) set(TCP_USER_TIMEOUT, options.user_timeout_ms);
}

}  // namespace pgveil::net
