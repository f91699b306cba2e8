#include "proxy/systemd.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace pgveil::proxy {
namespace {

constexpr int kFirstFd = 3;   // SD_LISTEN_FDS_START

std::string_view variable(const char* name) {
    const char* value = std::getenv(name);   // NOLINT: no other thread runs yet
    return value == nullptr ? std::string_view() : std::string_view(value);
}

long number(std::string_view text) {
    long value = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? value : -1;
}

}  // namespace

std::vector<PassedSocket> passed_sockets() {
    std::vector<PassedSocket> sockets;
    const bool ours = number(variable("LISTEN_PID")) == static_cast<long>(::getpid());
    const long count = ours ? number(variable("LISTEN_FDS")) : 0;
    std::string_view names = variable("LISTEN_FDNAMES");
    for (long i = 0; i < count && i < 1024; ++i) {
        const std::size_t colon = names.find(':');
        sockets.push_back({kFirstFd + static_cast<int>(i), std::string(names.substr(0, colon))});
        names.remove_prefix(colon == std::string_view::npos ? names.size() : colon + 1);
    }
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
    return sockets;
}

void tell_manager(std::string_view state) {
    const std::string_view path = variable("NOTIFY_SOCKET");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() < 2 || path.size() >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@')) return;
    std::memcpy(address.sun_path, path.data(), path.size());
    if (path[0] == '@') address.sun_path[0] = '\0';   // an abstract name
    const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    (void)::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), size);
    ::close(fd);
}

void tell_manager_reloading() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const long long microseconds = static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
    tell_manager("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds));
}

}  // namespace pgveil::proxy
