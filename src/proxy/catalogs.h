// Catalogs: the thread that keeps every database's catalog fresh and turns it into views for the workers.
//
// Refreshes on an interval if the change stamp moved, and at once (at most once a second a database) when a
// statement names what is not known. A database that cannot be reached keeps its last view; one that was
// never reached has none, and sessions on it are refused. Saves each snapshot for `explain --offline`.
// Owner: proxy. Calls `publish` on its own thread. Not hostile: asks the server over libpq.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "catalog/pq_loader.h"
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
    /// Blocks until every view that can be made follows the last use(), five seconds at most.
    void wait_until_current();
    /// Blocks until each configured database was tried once; names those without a view.
    [[nodiscard]] std::vector<std::string> wait_for_first();

  private:
    struct Source {
        std::optional<catalog::Loader> loader;
        catalog::SnapshotPtr snapshot;
        relay::DatabaseViewPtr view;
        std::string stamp;
        bool tried = false, wanted = false, stale_view = true;
        MonotonicTime next{};
        MonotonicTime last_load{};
        std::string last_error;
    };
    void run();
    void visit(const std::string& name, Source& source, const WorldPtr& world, const ColumnVotesPtr& votes, bool wanted);
    [[nodiscard]] bool load(const config::Database& database, Source& source);
    [[nodiscard]] relay::DatabaseViewPtr view_of(const config::Database& database, const Source& source, const World& world, const ColumnVotesPtr& votes);

    std::string state_directory_;
    Publish publish_;
    Log log_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, Source> sources_;
    std::map<std::string, ColumnVotesPtr> votes_;
    WorldPtr world_;
    std::uint64_t versions_ = 0;
    bool ending_ = false;
    std::thread thread_;
};

/// The password of a configured connection, read now; empty if none is configured.
[[nodiscard]] Secret read_password(const config::Path& file);

}  // namespace pgveil::proxy
