// Catalogs: keeps every database's catalog fresh and turns it into views for the workers. A thread for each database: a
// server that does not answer keeps nobody waiting but its own clients.
//
// Refreshes on an interval if the change stamp moved, and at once (a twentieth of the time at most, if the server is slow once
// a second) when a statement names what is not known. A database that cannot be reached keeps its last view; one that was
// never reached has none, and sessions on it are refused. Saves each snapshot for `explain --offline`.
// Owner: proxy. Calls `publish` on the database's thread. Not hostile: asks the server over libpq.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "proxy/world.h"
#include "relay/judge.h"

namespace pgveil::proxy {

/// What is remembered of a database's columns, as far as it counts. Immutable.
using ColumnVotesPtr = std::shared_ptr<const std::vector<ColumnVote>>;

class Catalogs {
  public:
    /// `refreshed`: somebody asked for it (unknown name); it is published even if nothing changed.
    using Publish = std::function<void(relay::DatabaseViewPtr, bool refreshed)>;
    using Log = std::function<void(std::string)>;
    Catalogs(std::string state_directory, Publish publish, Log log);
    ~Catalogs();
    Catalogs(const Catalogs&) = delete;
    Catalogs& operator=(const Catalogs&) = delete;

    /// New rules, tags or databases: every view is made anew, catalogs reloaded as they are due.
    void use(WorldPtr world);
    /// What samples said of the columns of `database`: its view is made anew.
    void use_votes(const std::string& database, ColumnVotesPtr votes);
    /// A statement names what the view of `database` lacks.
    void refresh(const std::string& database);
    /// Blocks until every view that can be made follows the last use(), five seconds at most. False: not yet.
    bool wait_until_current();
    /// Blocks until each configured database was tried once; names those without a view.
    [[nodiscard]] std::vector<std::string> wait_for_first();

  private:
    class Keeper;
    struct Source {
        bool configured = false;
        bool tried = false, has_view = false, stale_view = true, wanted = false;
        MonotonicTime next{}, last_load{};
        std::chrono::milliseconds pause{};           // after last_load, before an unknown name asks again
        std::string last_error;
        ColumnVotesPtr votes;
        std::thread thread;
    };
    void keep(const std::string& name, Source& source);
    void visit(Keeper& keeper, Source& source, std::unique_lock<std::mutex>& lock);
    [[nodiscard]] Source* find(const std::string& database);
    [[nodiscard]] static MonotonicTime due(const Source& source);

    const std::string state_directory_;
    const Publish publish_;
    const Log log_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, Source> sources_;   // every database there ever was; where there is a thread, it refers to its own
    WorldPtr world_;
    std::atomic<std::uint64_t> versions_{0};
    bool ending_ = false;
};

/// The password of a configured connection, read now; empty if none is configured.
[[nodiscard]] Secret read_password(const config::Path& file);

}  // namespace pgveil::proxy
