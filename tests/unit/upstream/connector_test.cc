#include "upstream/connector.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <latch>
#include <mutex>
#include <thread>

using namespace pgveil;
using namespace pgveil::upstream;

namespace {

/// A bound port of loopback; listening or refusing.
struct Port {
    explicit Port(bool listening) : fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&at), size) == 0);
        REQUIRE(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&at), &size) == 0);
        if (listening) REQUIRE(::listen(fd.get(), 8) == 0);
        conninfo = "hostaddr=127.0.0.1 user=u dbname=d connect_timeout=60 port=" + std::to_string(ntohs(at.sin_port));
    }
    net::Fd fd;
    std::string conninfo;
};

}  // namespace

TEST_CASE("a refused connection is a failure without SQLSTATE, told on another thread") {
    const Port port(false);
    std::latch done(1);
    Connector connector(1);
    connector.connect({.conninfo = port.conninfo}, [&](Result<Handover, ConnectFailure> result) {
        REQUIRE_FALSE(result);
        CHECK(result.error().sqlstate.empty());
        CHECK(result.error().message.find("refused") != std::string::npos);
        done.count_down();
    });
    done.wait();
}

TEST_CASE("a server that hangs up is a failure, and its words before TLS are no more than words") {
    const Port port(true);
    std::jthread server([&] {
        net::Fd client(::accept(port.fd.get(), nullptr, nullptr));
        char request[1024];
        static_cast<void>(::recv(client.get(), request, sizeof request, 0));
        static_cast<void>(::send(client.get(), "E\0\0\0\x1dSFATAL\0C53300\0Mtoo many\0\0", 30, MSG_NOSIGNAL));
    });
    Connector connector(1);
    const auto result = connector.connect_now({.conninfo = port.conninfo + " sslmode=disable"});
    REQUIRE_FALSE(result);
    CHECK(result.error().sqlstate == "53300");
    CHECK(result.error().message == "too many");
}

TEST_CASE("destroying the connector ends a connect under way and answers those that wait") {
    const Port port(true);   // accepts in the kernel, says nothing
    int answered = 0;
    std::mutex mutex;
    {
        Connector connector(1);
        for (int i = 0; i < 3; ++i) {
            connector.connect({.conninfo = port.conninfo}, [&](Result<Handover, ConnectFailure> result) {
                CHECK_FALSE(result);
                const std::lock_guard lock(mutex);
                ++answered;
            });
        }
    }
    CHECK(answered == 3);
}

TEST_CASE("a role is dangerous until the server says otherwise, and says why") {
    CHECK(RoleFacts{}.dangerous());
    RoleFacts none{.session_user = "u", .superuser = false, .replication = false, .bypass_rls = false,
                   .create_role = false, .read_server_files = false, .write_server_files = false,
                   .execute_server_program = false, .signal_backend = false};
    CHECK_FALSE(none.dangerous());
    CHECK(none.why().empty());
    none.signal_backend = true;
    none.superuser = true;
    CHECK(none.dangerous());
    CHECK(none.why() == "SUPERUSER, member of pg_signal_backend");
}

TEST_CASE("cancelling nothing is answered at once") {
    Canceller canceller(1);
    bool sent = true;
    canceller.cancel("", {}, [&](bool result) { sent = result; });
    CHECK_FALSE(sent);
}
