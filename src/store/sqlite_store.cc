#include "store/sqlite_store.h"

#include <fmt/format.h>

#include "store/row_codec.h"
#include "store/schema.h"

namespace pgveil::store {
namespace {

std::optional<std::int64_t> pragma(Database& db, const char* sql) {
    Statement s(db, sql);
    if (s.step() != Statement::Step::Row) return std::nullopt;
    return s.integer(0);
}

/// One transaction: a start that dies half way leaves the old version.
Result<void, std::string> bring_forward(Database& db, std::int64_t version) {
    if (version == kSchemaVersion) return {};
    bool ok = db.run("BEGIN IMMEDIATE").has_value();
    for (auto step = version; ok && step < kSchemaVersion; ++step) ok = db.run(kSchemaSteps[step]).has_value();
    ok = ok && db.run(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplicationId, kSchemaVersion).c_str());
    ok = ok && db.run("COMMIT").has_value();
    if (!ok) return refuse("the store's tables cannot be made: " + db.fault("schema").what);
    return {};
}

std::optional<GrantRow> read_grant(const Statement& s) {
    GrantRow row;
    const auto access = access_of(s.text(3));
    if (!access) return std::nullopt;
    row.grant = {s.text(0), s.text(1), s.text(2), *access,   s.text(4),
                 s.text(5), s.text(6), s.time(7), s.time(8), s.integer(9) != 0};
    row.revoked_by = s.text(10);
    row.request = s.text(11);
    row.record = static_cast<std::uint64_t>(s.integer(12));
    return row;
}

Kept<std::vector<GrantRow>> read_grants(Statement& s) {
    std::vector<GrantRow> rows;
    for (;;) {
        const auto at = s.step();
        if (at == Statement::Step::Failed) return refuse(s.fault());
        if (at == Statement::Step::Done) return rows;
        auto row = read_grant(s);
        if (!row) return refuse(Fault{"store/row", "a grant does not read back as it was written"});
        rows.push_back(std::move(*row));
    }
}

constexpr std::string_view kGrantColumns =
    "id, agent, database, access, reason, task, created_by, not_before, until, revoked, revoked_by, request, record";

}  // namespace

Result<std::unique_ptr<ControlStore>, std::string> SqliteStore::open(const std::string& path) {
    auto db = Database::open(path);
    if (!db) return refuse("the store " + path + " cannot be opened: " + db.error().what);
    // secure_delete: an erased statement must not stay readable in a free page.
    const auto set = (*db)->run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; "
                                "PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON");
    if (!set) return refuse("the store " + path + " cannot be used: " + set.error().what);
    const auto version = pragma(**db, "PRAGMA user_version");
    const auto application = pragma(**db, "PRAGMA application_id");
    if (!version || !application) return refuse("the store " + path + " cannot be read");
    if (*application != kApplicationId && !(*application == 0 && *version == 0)) {
        return refuse("the store " + path + " belongs to another program");
    }
    if (*version > kSchemaVersion || *version < 0) {
        return refuse(fmt::format("the store {} has version {}, this pgveil knows versions up to {}", path, *version,
                                  kSchemaVersion));
    }
    if (auto made = bring_forward(**db, *version); !made) return refuse(made.error());
    return std::unique_ptr<ControlStore>(new SqliteStore(std::move(*db)));
}

Kept<void> SqliteStore::begin() { return db_->run("BEGIN IMMEDIATE"); }
Kept<void> SqliteStore::commit() { return db_->run("COMMIT"); }
void SqliteStore::rollback() noexcept {
    if (db_->in_transaction()) (void)db_->run("ROLLBACK");
}

Kept<bool> SqliteStore::changed(Statement& statement) {
    if (auto done = statement.done(); !done) return refuse(done.error());
    return db_->changes() > 0;
}

Kept<void> SqliteStore::add_grant(const GrantRow& row) {
    const Grant& g = row.grant;
    Statement s(*db_, fmt::format("INSERT INTO grants ({}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)", kGrantColumns));
    s.bind(g.id).bind(g.agent).bind(g.database).bind(name_of(g.access)).bind(g.reason).bind(g.task).bind(g.created_by);
    s.bind(g.not_before).bind(g.until).bind(std::int64_t{g.revoked}).bind(row.revoked_by).bind(row.request);
    s.bind(static_cast<std::int64_t>(row.record));
    return s.done();
}

Kept<std::optional<GrantRow>> SqliteStore::find_grant(std::string_view id) {
    Statement s(*db_, fmt::format("SELECT {} FROM grants WHERE id = ?", kGrantColumns));
    s.bind(id);
    auto rows = read_grants(s);
    if (!rows) return refuse(rows.error());
    return rows->empty() ? std::optional<GrantRow>() : std::optional<GrantRow>(std::move(rows->front()));
}

Kept<std::vector<GrantRow>> SqliteStore::grants(WallTime since) {
    Statement s(*db_, fmt::format("SELECT {} FROM grants WHERE until > ? ORDER BY not_before DESC, id", kGrantColumns));
    s.bind(since);
    return read_grants(s);
}

Kept<bool> SqliteStore::revoke_grant(std::string_view id, std::string_view by) {
    Statement s(*db_, "UPDATE grants SET revoked = 1, revoked_by = ? WHERE id = ? AND revoked = 0");
    s.bind(by).bind(id);
    return changed(s);
}

Kept<void> SqliteStore::set_switch(const SwitchRow& row) {
    Statement s(*db_, "INSERT INTO switches (kind, name, person, reason, at, record) VALUES (?,?,?,?,?,?) "
                      "ON CONFLICT DO UPDATE SET person = excluded.person, reason = excluded.reason, at = excluded.at, "
                      "record = excluded.record");
    s.bind(name_of(row.kind)).bind(row.name).bind(row.person).bind(row.reason).bind(row.at);
    s.bind(static_cast<std::int64_t>(row.record));
    return s.done();
}

Kept<bool> SqliteStore::clear_switch(SwitchKind kind, std::string_view name) {
    Statement s(*db_, "DELETE FROM switches WHERE kind = ? AND name = ?");
    s.bind(name_of(kind)).bind(name);
    return changed(s);
}

Kept<std::vector<SwitchRow>> SqliteStore::switches() {
    Statement s(*db_, "SELECT kind, name, person, reason, at, record FROM switches ORDER BY kind, name");
    std::vector<SwitchRow> rows;
    for (;;) {
        const auto at = s.step();
        if (at == Statement::Step::Failed) return refuse(s.fault());
        if (at == Statement::Step::Done) return rows;
        const auto kind = switch_kind_of(s.text(0));
        if (!kind) return refuse(Fault{"store/row", "a switch does not read back as it was written"});
        rows.push_back({*kind, s.text(1), s.text(2), s.text(3), s.time(4), static_cast<std::uint64_t>(s.integer(5))});
    }
}

}  // namespace pgveil::store
