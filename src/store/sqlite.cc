#include "store/sqlite.h"

namespace pgveil::store {

Result<std::unique_ptr<Database>, Fault> Database::open(const std::string& path) {
    sqlite3* raw = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, nullptr);
    std::unique_ptr<Database> db(new Database(raw));
    if (code != SQLITE_OK) return refuse(db->fault("open"));
    sqlite3_extended_result_codes(raw, 1);
    sqlite3_busy_timeout(raw, 5000);
    return db;
}

Database::~Database() { sqlite3_close_v2(db_); }

Result<void, Fault> Database::run(const char* sql) {
    if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return refuse(fault("run"));
    return {};
}

// sqlite3_errmsg may quote a value of ours; sqlite3_errstr is a fixed text per code.
Fault Database::fault(std::string_view where) const {
    if (!db_) return {"store", "out of memory"};
    return {"store/" + std::string(where), sqlite3_errstr(sqlite3_extended_errcode(db_))};
}

Statement::Statement(Database& db, std::string_view sql) : db_(db) {
    failed_ = sqlite3_prepare_v2(db.handle(), sql.data(), static_cast<int>(sql.size()), &statement_, nullptr) != SQLITE_OK;
}

Statement::~Statement() { sqlite3_finalize(statement_); }

Statement& Statement::bind(std::int64_t value) {
    failed_ = failed_ || sqlite3_bind_int64(statement_, next_++, value) != SQLITE_OK;
    return *this;
}

Statement& Statement::bind(std::string_view text) {
    const char* data = text.data() ? text.data() : "";
    failed_ = failed_ || sqlite3_bind_text64(statement_, next_++, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8) != SQLITE_OK;
    return *this;
}

Statement& Statement::bind(ByteView blob) {
    const void* data = blob.data() ? static_cast<const void*>(blob.data()) : "";
    failed_ = failed_ || sqlite3_bind_blob64(statement_, next_++, data, blob.size(), SQLITE_TRANSIENT) != SQLITE_OK;
    return *this;
}

Statement& Statement::bind(WallTime time) { return bind(static_cast<std::int64_t>(time.time_since_epoch().count())); }

Statement& Statement::bind_null() {
    failed_ = failed_ || sqlite3_bind_null(statement_, next_++) != SQLITE_OK;
    return *this;
}

Statement::Step Statement::step() {
    if (failed_) return Step::Failed;
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return Step::Row;
    if (code == SQLITE_DONE) return Step::Done;
    failed_ = true;
    return Step::Failed;
}

Result<void, Fault> Statement::done() {
    Step at = step();
    while (at == Step::Row) at = step();
    if (at == Step::Failed) return refuse(fault());
    return {};
}

Fault Statement::fault() const { return db_.fault("statement"); }

std::string Statement::text(int column) const {
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    const int size = sqlite3_column_bytes(statement_, column);
    return data && size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

Bytes Statement::blob(int column) const {
    const auto* data = static_cast<const Byte*>(sqlite3_column_blob(statement_, column));
    const int size = sqlite3_column_bytes(statement_, column);
    return data && size > 0 ? Bytes(data, data + size) : Bytes();
}

WallTime Statement::time(int column) const { return WallTime(std::chrono::microseconds(integer(column))); }

}  // namespace pgveil::store
