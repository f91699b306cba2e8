// What systemd gives a service and wants to hear of it (sd_listen_fds(3), sd_notify(3)), without its library: two
// environment variables and one datagram. Main thread, before others run (it changes the environment). Not hostile:
// the environment is the operator's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgveil::proxy {

struct PassedSocket {
    int fd = -1;
    std::string name;      // FileDescriptorName=; "admin" are the people's
};
/// Sockets passed to this very process, once: the variables are taken out of the environment.
[[nodiscard]] std::vector<PassedSocket> passed_sockets();

/// Tells the service manager, if there is one, e.g. "READY=1". Failure is nobody's business.
void tell_manager(std::string_view state);
/// "RELOADING=1" with the time that Type=notify-reload asks for.
void tell_manager_reloading();

}  // namespace pgveil::proxy
