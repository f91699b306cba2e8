#include "net/listener.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <optional>

#include "sockets.h"

using namespace pgveil;
using namespace pgveil::net;
using namespace pgveil::net::test;

namespace {

ListenSocket listen_loopback() {
    auto made = listen_on({.host = "127.0.0.1"}, {});
    REQUIRE(made);
    REQUIRE(made->size() == 1);
    return std::move(made->front());
}

Fd connect_unix(const std::string& path) {
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), to.sun_path);
    if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) return {};
    return fd;
}

int option(int fd, int level, int name) {
    int value = 0;
    socklen_t size = sizeof value;
    ::getsockopt(fd, level, name, &value, &size);
    return value;
}

}  // namespace

TEST_CASE("a TCP client is accepted ready for use, with its address") {
    EventLoop loop;
    std::optional<Accepted> got;
    Listener listener(loop, listen_loopback(), [&](Accepted a) { got = std::move(a); }, [](const auto&) { FAIL("error"); });
    const Fd client = connect_tcp(listener.socket().port());
    REQUIRE(client);
    while (!got) loop.run_once();
    CHECK(got->peer.ip == Bytes{127, 0, 0, 1});
    CHECK(got->peer.host() == "127.0.0.1");
    CHECK(got->peer.text == "127.0.0.1:" + std::to_string(got->peer.port));
    CHECK_FALSE(got->peer.local_socket);
    CHECK((::fcntl(got->fd.get(), F_GETFL) & O_NONBLOCK) != 0);
    CHECK((::fcntl(got->fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK(option(got->fd.get(), IPPROTO_TCP, TCP_NODELAY) == 1);
    CHECK(option(got->fd.get(), SOL_SOCKET, SO_KEEPALIVE) == 1);
}

TEST_CASE("while paused nobody is accepted") {
    EventLoop loop;
    int accepted = 0;
    Listener listener(loop, listen_loopback(), [&](const Accepted&) { ++accepted; }, [](const auto&) {});
    listener.pause();
    const Fd client = connect_tcp(listener.socket().port());
    loop.post([] {});
    loop.run_once();
    CHECK(accepted == 0);
    listener.resume();
    while (accepted == 0) loop.run_once();
    CHECK(accepted == 1);
}

TEST_CASE("a listener may be destroyed by what it accepted") {
    EventLoop loop;
    std::optional<Listener> listener;
    bool called = false;
    listener.emplace(loop, listen_loopback(), [&](const Accepted&) { called = true; listener.reset(); }, [](const auto&) {});
    const Fd client = connect_tcp(listener->socket().port());
    const Fd another = connect_tcp(listener->socket().port());
    while (!called) loop.run_once();
    CHECK_FALSE(listener);
}

TEST_CASE("two sockets share a port only when both say so") {
    auto first = listen_on({.host = "127.0.0.1"}, {.reuse_port = true});
    REQUIRE(first);
    const std::uint16_t port = first->front().port();
    CHECK(listen_on({.host = "127.0.0.1", .port = port}, {.reuse_port = true}).has_value());
    const auto alone = listen_on({.host = "127.0.0.1", .port = port}, {});
    REQUIRE_FALSE(alone);
    CHECK(alone.error().find("in use") != std::string::npos);
}

TEST_CASE("IPv6 loopback is shown in brackets") {
    const auto made = listen_on({.host = "::1"}, {});
    if (!made) return;   // a machine without IPv6
    CHECK(made->front().text().starts_with("[::1]:"));
}

TEST_CASE("a host that is no address is refused with its name") {
    const auto made = listen_on({.host = "no.such.host.invalid", .port = 1}, {});
    REQUIRE_FALSE(made);
    CHECK(made.error().starts_with("no.such.host.invalid"));
}

TEST_CASE("a Unix socket has its mode, tells the peer's user, and its file goes with it") {
    const TemporaryDirectory directory;
    const ListenAddress address{.host = {}, .port = 6432, .unix_directory = directory.path};
    {
        EventLoop loop;
        auto made = listen_on(address, {.unix_mode = 0660});
        REQUIRE(made);
        struct stat info {};
        REQUIRE(::stat(address.socket_path().c_str(), &info) == 0);
        CHECK((info.st_mode & 0777) == 0660);
        std::optional<Accepted> got;
        Listener listener(loop, std::move(made->front()), [&](Accepted a) { got = std::move(a); }, [](const auto&) {});
        const Fd client = connect_unix(address.socket_path());
        REQUIRE(client);
        while (!got) loop.run_once();
        CHECK(got->peer.local_socket);
        CHECK(got->peer.ip.empty());
        CHECK(got->peer.uid == ::getuid());
    }
    CHECK_FALSE(std::filesystem::exists(address.socket_path()));
}

TEST_CASE("a Unix socket left over is replaced, one in use and a file that is none are not") {
    const TemporaryDirectory directory;
    const ListenAddress address{.host = {}, .port = 5, .unix_directory = directory.path};
    {
        // Bound and closed without unlink: what a killed process leaves.
        const Fd left(::socket(AF_UNIX, SOCK_STREAM, 0));
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        const std::string path = address.socket_path();
        std::copy(path.begin(), path.end(), at.sun_path);
        REQUIRE(::bind(left.get(), reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
    }
    const auto replaced = listen_on(address, {});
    REQUIRE(replaced);
    const auto second = listen_on(address, {});
    REQUIRE_FALSE(second);
    CHECK(second.error().find("in use") != std::string::npos);
    CHECK(connect_unix(address.socket_path()));

    const ListenAddress other{.host = {}, .port = 6, .unix_directory = directory.path};
    Fd(::open(other.socket_path().c_str(), O_CREAT | O_WRONLY, 0600)).reset();
    CHECK_FALSE(listen_on(other, {}));
    CHECK(std::filesystem::exists(other.socket_path()));
    CHECK_FALSE(listen_on({.host = {}, .port = 7, .unix_directory = directory.path + "/" + std::string(120, 'x')}, {}));
}

TEST_CASE("without descriptors a newcomer is closed and told about, and the loop does not spin") {
    EventLoop loop;
    int errors = 0, accepted = 0;
    Listener listener(loop, listen_loopback(), [&](const Accepted&) { ++accepted; }, [&](const auto&) { ++errors; });
    const Fd client = connect_tcp(listener.socket().port());
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const Fd highest(::dup(client.get()));
    const rlimit none{static_cast<rlim_t>(highest.get()), before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
    while (errors == 0) loop.run_once();
    ::setrlimit(RLIMIT_NOFILE, &before);
    CHECK(accepted == 0);
    CHECK(read_to_end(client.get()).empty());   // closed, not left waiting
    loop.post([] {});
    loop.run_once();
    CHECK(errors == 1);
}
