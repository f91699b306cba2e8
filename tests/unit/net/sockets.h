// Sockets for net's tests: pairs and plain blocking clients on loopback, a directory that goes away.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "net/fd.h"
#include "pgveil/core/bytes.h"

namespace pgveil::net::test {

struct Pair {
    Fd ours, theirs;    // ours does not block
};

inline Pair unix_pair() {
    int both[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both) != 0) std::abort();
    const int flags = ::fcntl(both[0], F_GETFL);
    ::fcntl(both[0], F_SETFL, flags | O_NONBLOCK);
    return {Fd(both[0]), Fd(both[1])};
}

inline Fd connect_tcp(std::uint16_t port) {
    Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) return {};
    return fd;
}

inline Pair tcp_pair() {
    const Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (::bind(listener.get(), reinterpret_cast<sockaddr*>(&at), size) != 0 || ::listen(listener.get(), 1) != 0 ||
        ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&at), &size) != 0) std::abort();
    Fd theirs = connect_tcp(ntohs(at.sin_port));
    Fd ours(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    return {std::move(ours), std::move(theirs)};
}

inline void reset_connection(Fd& fd) {
    const linger hard{1, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    fd.reset();
}

/// Until the end of the stream.
inline std::string read_to_end(int fd) {
    std::string all;
    char buffer[65536];
    for (;;) {
        const auto got = ::recv(fd, buffer, sizeof buffer, 0);
        if (got <= 0) return all;
        all.append(buffer, static_cast<std::size_t>(got));
    }
}

class TemporaryDirectory {
  public:
    TemporaryDirectory() {
        char name[] = "/tmp/pgveil-net-XXXXXX";
        path = ::mkdtemp(name);
    }
    ~TemporaryDirectory() { std::filesystem::remove_all(path); }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    std::string path;
};

}  // namespace pgveil::net::test
