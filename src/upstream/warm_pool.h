// WarmPool: server connections that nobody uses, kept for the next session that asks for the very same.
//
// "The same" is one key: database, agent, and everything the connection was opened with. Whoever keeps one has
// brought it back to its start (DISCARD ALL). Nobody listens to a kept connection: if anything came in on it, or it
// ended, it is dropped when it is asked for. Mutex inside; any thread. Hostile: no byte of a connection is read here.
#pragma once

#include <list>
#include <mutex>
#include <optional>
#include <string>

#include "upstream/connector.h"

namespace pgveil::upstream {

class WarmPool {
  public:
    /// What must agree. `agent`: two agents never share a connection. Holds no secret.
    [[nodiscard]] static std::string key_of(const ConnectRequest& request, std::string_view agent);

    /// The one used last of those that live; nullopt: open one.
    [[nodiscard]] std::optional<Handover> take(const std::string& key, MonotonicTime now);
    /// Kept until `until`, if `database` has fewer than `most`; otherwise, and beyond kLongestLife of its opening, dropped.
    void keep(std::string key, std::string database, std::size_t most, Handover handover, MonotonicTime now, MonotonicTime until);
    void drop_old(MonotonicTime now);
    /// Everything: whatever it was opened with may be out of date.
    void clear();
    [[nodiscard]] std::size_t size() const;

    /// A role's rights and settings are read when a session starts: no connection outlives a change of them for long.
    static constexpr std::chrono::minutes kLongestLife{60};

  private:
    struct Kept {
        std::string key, database;
        Handover handover;
        MonotonicTime until;
    };
    mutable std::mutex mutex_;
    std::list<Kept> kept_;      // the one kept last first
};

}  // namespace pgveil::upstream
