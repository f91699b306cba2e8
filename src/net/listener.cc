#include "net/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <uv.h>

#include <cerrno>
#include <cstring>

namespace pgveil::net {
namespace {

// Other sockets of the loop get their turn between batches.
constexpr int kAcceptBatch = 64;

PeerAddress tcp_peer(const sockaddr_storage& from) {
    PeerAddress peer;
    char text[INET6_ADDRSTRLEN] = "";
    if (from.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(from);
        peer.ip = copy_of({reinterpret_cast<const Byte*>(&v4.sin_addr), 4});
        peer.port = ntohs(v4.sin_port);
    } else {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(from);
        peer.ip = copy_of({reinterpret_cast<const Byte*>(&v6.sin6_addr), 16});
        peer.port = ntohs(v6.sin6_port);
        // One peer, one spelling: rules about addresses must not depend on how it reached us.
        if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) peer.ip.erase(peer.ip.begin(), peer.ip.begin() + 12);
    }
    const bool is_v4 = peer.ip.size() == 4;
    inet_ntop(is_v4 ? AF_INET : AF_INET6, peer.ip.data(), text, sizeof text);
    peer.text = (is_v4 ? std::string(text) : "[" + std::string(text) + "]") + ":" + std::to_string(peer.port);
    return peer;
}

PeerAddress peer_of(int fd, const sockaddr_storage& from) {
    if (from.ss_family == AF_INET || from.ss_family == AF_INET6) return tcp_peer(from);
    PeerAddress peer;
    peer.text = "local";
    peer.local_socket = true;
    ucred credentials{};
    socklen_t size = sizeof credentials;
    peer.uid = ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 ? credentials.uid : UINT32_MAX;
    return peer;
}

Fd open_reserve() { return Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

}  // namespace

struct Listener::Handle {
    uv_poll_t poll;
    Listener* owner;
    bool* gone = nullptr;   // set while accept_some runs
};

Listener::Listener(EventLoop& loop, ListenSocket socket, OnAccept accepted, OnError failed)
    : socket_(std::move(socket)), accepted_(std::move(accepted)), failed_(std::move(failed)), reserve_(open_reserve()),
      handle_(new Handle{.poll = {}, .owner = this}) {
    uv_poll_init(loop.uv(), &handle_->poll, socket_.fd());
    handle_->poll.data = handle_;
    resume();
}

Listener::~Listener() {
    if (handle_->gone != nullptr) *handle_->gone = true;
    handle_->owner = nullptr;
    uv_poll_stop(&handle_->poll);
    uv_close(reinterpret_cast<uv_handle_t*>(&handle_->poll),
             [](uv_handle_t* handle) { delete static_cast<Handle*>(handle->data); });
}

void Listener::pause() { uv_poll_stop(&handle_->poll); }

void Listener::resume() {
    uv_poll_start(&handle_->poll, UV_READABLE, [](uv_poll_t* poll, int, int) {
        auto* handle = static_cast<Handle*>(poll->data);
        if (handle->owner != nullptr) handle->owner->accept_some();
    });
}

void Listener::accept_some() {
    bool gone = false;
    handle_->gone = &gone;
    for (int i = 0; i < kAcceptBatch && uv_is_active(reinterpret_cast<uv_handle_t*>(&handle_->poll)) != 0; ++i) {
        sockaddr_storage from{};
        socklen_t size = sizeof from;
        Fd fd(::accept4(socket_.fd(), reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!fd) {
            if (errno == ECONNABORTED || errno == EINTR || errno == EPROTO) continue;
            if (errno == EAGAIN) break;
            const std::string error = std::strerror(errno);
            const bool full = errno == EMFILE || errno == ENFILE;
            if (full) shed_one();
            failed_(error);
            break;
        }
        PeerAddress peer = peer_of(fd.get(), from);
        if (!peer.local_socket) set_tcp_options(fd.get(), {});
        accepted_({std::move(fd), std::move(peer)});
        if (gone) return;
    }
    if (!gone) handle_->gone = nullptr;
}

/// Readiness would repeat for ever while the newcomer stays in the queue: the descriptor held in reserve is
/// given up to accept it, so that it can be told "no" by a close.
void Listener::shed_one() {
    reserve_.reset();
    Fd(::accept4(socket_.fd(), nullptr, nullptr, SOCK_CLOEXEC)).reset();
    reserve_ = open_reserve();
}

}  // namespace pgveil::net
