// Connector: opens and authenticates server connections with libpq on threads of its own, and hands over
// the transport. Canceller: sends cancel requests, likewise. Both block where libpq blocks (DNS, SCRAM, TLS,
// connect), which is why no loop's thread does this.
//
// Callbacks come on a pool thread (post to a loop from there), or on the destroying thread for what was still
// queued. Hostile: the server's answers, which libpq reads. Any thread may call; the owner destroys, and
// waits for a connect under way to notice (a quarter of a second, DNS aside).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "net/stream.h"
#include "pgveil/core/clock.h"
#include "pgveil/core/result.h"
#include "upstream/conninfo.h"

struct pg_cancel;
struct pg_conn;

namespace pgveil::upstream {

class WorkerPool;

/// What the role we connect as may do that no masking or approval survives.
struct RoleFacts {
    std::string session_user;
    bool superuser = true, replication = true, bypass_rls = true, create_role = true, read_server_files = true,
         write_server_files = true, execute_server_program = true, signal_backend = true;
    [[nodiscard]] bool dangerous() const;
    /// "SUPERUSER, member of pg_signal_backend"; empty if not dangerous.
    [[nodiscard]] std::string why() const;
};

/// Enough to cancel what a backend runs, from any thread, as long as it lives. libpq 15 sends it unencrypted.
using CancelHandle = std::shared_ptr<pg_cancel>;

struct Handover {
    net::HandedOver connection;       // non-blocking, idle, nothing buffered in libpq
    std::uint32_t backend_pid = 0;
    CancelHandle cancel;
    /// Every reported setting PostgreSQL 13 to 18 knows and this server sent, in the server's spelling. Reports of
    /// extensions' own settings cannot be enumerated through libpq and are missing.
    std::vector<std::pair<std::string, std::string>> parameters;
    std::string server_encoding;
    int server_version = 0;           // 150004
    bool encrypted = false;
    std::optional<RoleFacts> role;    // if it was asked for
    MonotonicTime opened{};
};

class Connector {
  public:
    using Callback = std::move_only_function<void(Result<Handover, ConnectFailure>)>;
    explicit Connector(unsigned threads = 8, std::chrono::seconds role_cache = std::chrono::seconds(60));
    ~Connector();
    Connector(const Connector&) = delete;
    Connector& operator=(const Connector&) = delete;

    void connect(ConnectRequest request, Callback done);
    /// Blocking, on the calling thread: for start-up checks.
    [[nodiscard]] Result<Handover, ConnectFailure> connect_now(const ConnectRequest& request);

  private:
    struct CachedRole {
        RoleFacts facts;
        MonotonicTime until;
    };
    [[nodiscard]] std::optional<ConnectFailure> find_role(pg_conn* connection, const ConnectRequest& request,
                                                          Handover& handover);
    struct Closing {
        std::atomic<bool> flag{false};
    };
    std::unique_ptr<Closing> closing_;
    std::chrono::seconds role_cache_;
    std::mutex mutex_;
    std::map<std::string, CachedRole> roles_;
    std::unique_ptr<WorkerPool> pool_;   // last: its threads use the rest
};

class Canceller {
  public:
    using Callback = std::move_only_function<void(bool sent)>;
    explicit Canceller(unsigned threads = 4);
    ~Canceller();
    Canceller(const Canceller&) = delete;
    Canceller& operator=(const Canceller&) = delete;
    /// Beyond 1000 waiting ones it is dropped and `done(false)` called at once. `done` may be empty.
    void cancel(std::string destination, CancelHandle handle, Callback done);

  private:
    std::unique_ptr<WorkerPool> pool_;
};

}  // namespace pgveil::upstream
