// Sqlite: SQLite's C interface as two owning types, and the only place in the program that names it.
//
// Database owns the connection, Statement a prepared statement for one run. Failure is kept in the
// statement until done() or next() reports it, so that a chain of binds reads as one sentence; after a
// failure nothing is executed. One thread. Values read back are checked for their type by the caller's column.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "pgveil/core/bytes.h"
#include "pgveil/core/clock.h"
#include "pgveil/core/result.h"

namespace pgveil::store {

class Database {
  public:
    /// The file exists already (open.cc made it with its mode).
    [[nodiscard]] static Result<std::unique_ptr<Database>, Fault> open(const std::string& path);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    /// Several statements without results: schema and pragmas.
    [[nodiscard]] Result<void, Fault> run(const char* sql);
    [[nodiscard]] Fault fault(std::string_view where) const;
    [[nodiscard]] sqlite3* handle() const { return db_; }
    [[nodiscard]] std::int64_t changes() const { return sqlite3_changes64(db_); }
    [[nodiscard]] bool in_transaction() const { return sqlite3_get_autocommit(db_) == 0; }

  private:
    explicit Database(sqlite3* db) : db_(db) {}
    sqlite3* db_;
};

class Statement {
  public:
    Statement(Database& db, std::string_view sql);
    ~Statement();
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    // Parameters in order: ?1, ?2, ...
    Statement& bind(std::int64_t value);
    Statement& bind(std::string_view text);
    Statement& bind(ByteView blob);
    Statement& bind(WallTime time);
    Statement& bind_null();

    enum class Step : std::uint8_t { Failed, Done, Row };
    [[nodiscard]] Step step();
    /// Runs to the end, ignoring rows.
    [[nodiscard]] Result<void, Fault> done();
    [[nodiscard]] Fault fault() const;

    // Columns of the current row, in order from 0; views live until the next step.
    [[nodiscard]] std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
    [[nodiscard]] std::string text(int column) const;
    [[nodiscard]] Bytes blob(int column) const;
    [[nodiscard]] WallTime time(int column) const;
    [[nodiscard]] bool is_null(int column) const {
        return sqlite3_column_type(statement_, column) == SQLITE_NULL;
    }

  private:
    Database& db_;
    sqlite3_stmt* statement_ = nullptr;
    int next_ = 1;
    bool failed_ = false;
};

}  // namespace pgveil::store
