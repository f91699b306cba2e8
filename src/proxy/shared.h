// Shared: what all workers reach: the log, the desk, the catalogs, the connectors, the sessions' registry.
//
// Owner: Proxy; outlives the workers. Everything in it is safe from any thread.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "audit/journal.h"
#include "console/host.h"
#include "pgveil/core/secret.h"
#include "proxy/catalogs.h"
#include "policy/allowance.h"
#include "proxy/desk.h"
#include "proxy/handover.h"
#include "upstream/connector.h"
#include "upstream/warm_pool.h"

namespace pgveil::proxy {

class Predecessor;
class Worker;

/// What a session does now: its worker writes, the console reads; relaxed.
struct Activity {
    std::atomic<std::uint64_t> statements{0};
    std::atomic<std::int64_t> last_request_us{0};        // since 1970; 0: none yet
    std::atomic<const char*> state{"active"};            // words of SHOW SESSIONS, static
};

/// One live session of this process.
struct SessionEntry : SessionDetails {
    unsigned worker = 0;
    std::shared_ptr<Activity> activity = std::make_shared<Activity>();
};

/// Who is connected, and which cancel key is whose. Mutex inside; called a few times a session.
class Registry {
  public:
    void enter(SessionEntry entry, Secret cancel_key);
    void leave(std::uint64_t id);
    /// Worker and session of a cancel key; nullopt: none. Constant time in the key.
    [[nodiscard]] std::optional<std::pair<unsigned, std::uint64_t>> find(std::uint32_t pid, ByteView key) const;
    [[nodiscard]] std::vector<SessionEntry> list() const;
    [[nodiscard]] std::size_t sessions_of(std::string_view name) const;

  private:
    struct Kept {
        SessionEntry entry;
        Secret key;
    };
    mutable std::mutex mutex_;
    std::map<std::uint64_t, Kept> kept_;
};

/// Open client connections, proven or not, in all and by address. Mutex inside; called twice a connection.
class Doorway {
  public:
    enum class Verdict : std::uint8_t { Drop, Refuse, Enter };
    /// Refuse: it may be told so, once it has said who it is. Drop: too many of those as well. Always pair with leave().
    [[nodiscard]] Verdict enter(const std::string& host, std::uint32_t most_per_host, std::uint32_t most);
    void leave(const std::string& host);
    [[nodiscard]] std::size_t inside() const;

  private:
    mutable std::mutex mutex_;
    std::map<std::string, std::uint32_t> by_host_;
    std::size_t all_ = 0;
};

/// Numbers of one database for SHOW STATS; relaxed.
struct Counters {
    std::atomic<std::uint64_t> statements{0}, received{0}, sent{0};
};

/// Every database's. Mutex inside; called once a session.
class Tally {
  public:
    [[nodiscard]] std::shared_ptr<Counters> of(const std::string& database);

  private:
    std::mutex mutex_;
    std::map<std::string, std::shared_ptr<Counters>> kept_;
};

/// Statements by the rule that decided, since the start; rules of the config and built-in ones only. Mutex inside.
class RuleCounts {
  public:
    void add(std::string_view rule);
    [[nodiscard]] std::uint64_t of(std::string_view rule) const;

  private:
    mutable std::mutex mutex_;
    std::map<std::string, std::uint64_t, std::less<>> counts_;
};

/// Grants and switches as of now, for every decision of the workers.
struct Permissions {
    std::vector<Grant> grants;
    std::vector<control::Switch> off;
    bool known = false;                     // false: the store did not answer, everything is off
    [[nodiscard]] Access access(std::string_view agent, std::string_view database, WallTime now) const;
    /// End of the grant that gives the access; WallTime::max() without one.
    [[nodiscard]] WallTime until(std::string_view agent, std::string_view database, WallTime now) const;
};
using PermissionsPtr = std::shared_ptr<const Permissions>;

using LogLine = std::function<void(config::LogLevel, std::string)>;

struct Shared {
    audit::Journal* journal = nullptr;
    bool group_durability = false;
    Desk* desk = nullptr;
    Catalogs* catalogs = nullptr;
    upstream::Connector* connector = nullptr;
    upstream::Canceller* canceller = nullptr;
    console::ConsoleHost* host = nullptr;
    Registry registry;
    Doorway doorway;
    policy::Allowances allowances;
    upstream::WarmPool warm;
    mutable Tally tally;
    RuleCounts rule_counts;
    std::atomic<std::uint64_t> next_session{1};
    std::atomic<Predecessor*> predecessor{nullptr};   // whose sessions this process's log and control serve as well
    std::atomic<std::size_t> kept{0};            // bytes that sessions make us keep for them
    std::vector<Worker*> workers;
    LogLine log;
};

}  // namespace pgveil::proxy
