// pq_loader: asks a server what its database contains. The only part of the room that does I/O.
//
// Blocking; for the control thread and the command line, never a worker. Needs no privilege beyond
// CONNECT: PostgreSQL shows its catalogs to every role. Runs read-only in one REPEATABLE READ transaction
// with search_path = '', so that view and policy texts come out qualified. PostgreSQL 13 to 18. Answers
// come from the server, which is trusted for structure; no row of a user table is read.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <libpq-fe.h>

#include "catalog/catalog.h"
#include "pgveil/core/result.h"
#include "pgveil/core/secret.h"

namespace pgveil::catalog {

struct LoadError {
    enum class What { Connection, Query, NotUtf8 } what = What::Connection;
    std::string sqlstate;    // empty when the connection itself failed
    std::string message;     // the server's primary message or libpq's, first line
};

/// A server connection of the loader's own; keep it between refreshes. One thread at a time.
class Loader {
  public:
    /// Connects; `password` may be empty (libpq's own sources apply then).
    [[nodiscard]] static Result<Loader, LoadError> connect(const std::string& conninfo, const Secret& password,
                                                           std::chrono::seconds timeout = std::chrono::seconds(10));

    /// Everything. A failure leaves the connection usable unless it is lost.
    [[nodiscard]] Result<Snapshot::Contents, LoadError> load();

    /// A short text that differs whenever a catalog row that `load` reads may have changed. A few
    /// milliseconds: cheap enough for every refresh interval.
    [[nodiscard]] Result<std::string, LoadError> change_stamp();

    [[nodiscard]] bool alive() const;

  private:
    struct Close {
        void operator()(PGconn* connection) const { PQfinish(connection); }
    };
    explicit Loader(PGconn* connection) : connection_(connection) {}
    std::unique_ptr<PGconn, Close> connection_;
};

/// The same over a connection that the caller keeps; it must be idle, outside a transaction.
[[nodiscard]] Result<Snapshot::Contents, LoadError> load(PGconn& connection);
[[nodiscard]] Result<std::string, LoadError> change_stamp(PGconn& connection);

}  // namespace pgveil::catalog
