#include "upstream/warm_pool.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace pgveil::upstream {
namespace {

/// Open at both ends, and nothing came in: not even a notice, which would be the next session's to read.
bool is_quiet(int fd) {
    char one = 0;
    return ::recv(fd, &one, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

// The server is told as by any client that leaves; under TLS the connection's owner does it.
void say_terminate(const Handover& handover) {
    static constexpr char kTerminate[] = {'X', 0, 0, 0, 4};
    if (!handover.encrypted) (void)::send(handover.connection.fd, kTerminate, sizeof kTerminate, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void add(std::string& key, std::string_view part) {
    key += std::to_string(part.size());
    key += ':';
    key += part;
}

}  // namespace

std::string WarmPool::key_of(const ConnectRequest& request, std::string_view agent) {
    std::string key;
    for (const std::string_view part : {agent, std::string_view(request.conninfo), std::string_view(request.database),
                                        std::string_view(request.application_name), std::string_view(request.password_file)}) {
        add(key, part);
    }
    add(key, request.check_role ? "checked" : "");
    for (const auto& [name, value] : request.settings) {
        add(key, name);
        add(key, value);
    }
    return key;
}

std::optional<Handover> WarmPool::take(const std::string& key, MonotonicTime now) {
    std::list<Kept> dead;   // ended outside of the lock
    const std::lock_guard lock(mutex_);
    for (auto it = kept_.begin(); it != kept_.end();) {
        const auto here = it++;
        if (here->key != key) continue;
        if (here->until > now && is_quiet(here->handover.connection.fd)) {
            Handover found = std::move(here->handover);
            kept_.erase(here);
            return found;
        }
        dead.splice(dead.end(), kept_, here);
    }
    return std::nullopt;
}

void WarmPool::keep(std::string key, std::string database, std::size_t most, Handover handover, MonotonicTime now, MonotonicTime until) {
    until = std::min(until, handover.opened + kLongestLife);
    const std::lock_guard lock(mutex_);
    const auto of_database = static_cast<std::size_t>(std::ranges::count(kept_, database, &Kept::database));
    if (until <= now || of_database >= most) return say_terminate(handover);
    kept_.push_front({std::move(key), std::move(database), std::move(handover), until});
}

void WarmPool::drop_old(MonotonicTime now) {
    std::list<Kept> old;
    const std::lock_guard lock(mutex_);
    for (auto it = kept_.begin(); it != kept_.end();) {
        const auto here = it++;
        if (here->until > now) continue;
        say_terminate(here->handover);
        old.splice(old.end(), kept_, here);
    }
}

void WarmPool::clear() {
    std::list<Kept> all;
    const std::lock_guard lock(mutex_);
    all.swap(kept_);
    for (const Kept& each : all) say_terminate(each.handover);
}

std::size_t WarmPool::size() const {
    const std::lock_guard lock(mutex_);
    return kept_.size();
}

}  // namespace pgveil::upstream
