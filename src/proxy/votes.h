// Votes: the thread that samples the databases' tables and remembers what each column's values said.
//
// A table is looked at when it is new or changed, while it has few rows (after seconds, then ever later), and
// again every masking.sample. As the reading upstream role over a connection of its own, one table after the other with
// pauses (catalog/sampler); stored rows only: no views, foreign tables, system schemas. Values live for the length of a
// look and are never kept, logged or stored. A table that cannot be read has no vote, said once in the log.
// A vote for a rule stays until its column is gone or the packs change; one against must be found again each time.
// Owner: proxy. Calls `publish` on its own thread and within use(), `keep` on its own. Hostile: the values, which only the poll sees.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "proxy/catalogs.h"
#include "proxy/looker.h"

namespace pgveil::proxy {

/// With sampling off (`period` 0) nobody would notice that what was said against is true no more: it is forgotten.
void forget_unattended(std::vector<ColumnVote>& votes, std::chrono::seconds period);

class Votes {
  public:
    using Remembered = std::map<std::string, std::vector<ColumnVote>>;   // by database
    using Publish = std::function<void(const std::string& database, ColumnVotesPtr)>;
    using Keep = std::function<void(const std::string& database, Oid relation, std::vector<ColumnVote>)>;
    using Log = std::function<void(std::string)>;
    Votes(Remembered remembered, Publish publish, Keep keep, Log log);
    ~Votes();
    Votes(const Votes&) = delete;
    Votes& operator=(const Votes&) = delete;

    /// Rules, databases, period. Publishes at once what is remembered and counts.
    void use(WorldPtr world);
    /// A catalog as it is now: its new and changed tables are due.
    void saw(const std::string& database, catalog::SnapshotPtr snapshot);
    /// Ends the thread after the look at hand; the others are harmless then. finish() does not wait for that.
    void stop();
    void finish();

  private:
    /// What is known of one table.
    struct Table {
        std::vector<ColumnVote> votes;        // one a column that could be sampled
        std::uint64_t looked = 0;             // what the table was when it was looked at (signature_of)
        MonotonicTime next{};
        std::chrono::seconds period{0};       // that `next` was reckoned with
        std::chrono::seconds pause{0};        // before the next look at a table that could not tell
        std::string last_error;
    };
    struct Source {
        catalog::SnapshotPtr snapshot;
        std::map<Oid, Table> tables;
        MonotonicTime retry{};                // of the connection
        std::string last_error;
        std::size_t named = 0;                // tables the log has named
        bool changed = false;                 // since the last publish
    };
    struct Due {
        std::string database;
        catalog::SnapshotPtr snapshot;
        const catalog::Relation* table = nullptr;
        std::vector<ColumnVote> before;
    };
    void run();
    [[nodiscard]] std::optional<Due> next_due(MonotonicTime now);
    void settle(const std::string& database, Source& source, MonotonicTime now);
    [[nodiscard]] std::chrono::seconds period() const;
    void take(const Due& due, Look look, MonotonicTime now);
    void replace(const Due& due, Table& table, Source& source, std::vector<ColumnVote> votes);
    void publish_changed(bool idle, std::unique_lock<std::mutex>& lock);
    [[nodiscard]] ColumnVotesPtr counting(const Source& source) const;

    Publish publish_;
    Keep keep_;
    Log log_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, Source> sources_;
    WorldPtr world_;
    std::string revision_;                    // of world_'s rules
    MonotonicTime published_{};
    bool ending_ = false;
    Looker looker_;                           // the thread's own
    std::thread thread_;
};

}  // namespace pgveil::proxy
