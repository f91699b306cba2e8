#include <algorithm>

#include "store/row_codec.h"
#include "store/sqlite_store.h"

// The part of SqliteStore that keeps requests and what people decided about them.
namespace pgveil::store {
namespace {

#define PGVEIL_REQUEST_COLUMNS                                                                              \
    "id, kind, state, agent, owner, database, task, reason, sql_class, rule, shape, digest, "               \
    "masked_statement, relations, why, approvers, approvals_needed, approved_for, created, expires, decided, " \
    "decided_by, decision_reason, outcome_tag, attempts, max_rows, sealed, record"

Fault malformed() { return {"store/row", "a row does not read back as it was written"}; }

std::optional<RequestRow> read_request(const Statement& s) {
    RequestRow row;
    RequestView& v = row.view;
    const auto kind = request_kind_of(s.text(1));
    const auto state = state_of(s.text(2));
    const Bytes digest = s.blob(11);
    auto relations = unpack_list(s.text(13));
    auto why = unpack_list(s.text(14));
    auto approvers = unpack_list(s.text(15));
    if (!kind || !state || !relations || !why || !approvers || digest.size() != v.digest.size()) return std::nullopt;
    v.id = s.text(0);
    v.kind = *kind;
    v.state = *state;
    v.agent = s.text(3);
    v.owner = s.text(4);
    v.database = s.text(5);
    v.task = s.text(6);
    v.reason = s.text(7);
    v.sql_class = s.text(8);
    v.rule = s.text(9);
    v.shape = s.text(10);
    std::ranges::copy(digest, v.digest.begin());
    v.masked_statement = s.text(12);
    v.relations = std::move(*relations);
    v.why = std::move(*why);
    v.approvers = std::move(*approvers);
    v.approvals_needed = static_cast<std::uint32_t>(s.integer(16));
    row.approved_for = std::chrono::seconds(s.integer(17));
    v.created = s.time(18);
    v.expires = s.time(19);
    v.decided = s.time(20);
    v.decided_by = s.text(21);
    v.decision_reason = s.text(22);
    v.outcome_tag = s.text(23);
    v.attempts = static_cast<std::uint32_t>(s.integer(24));
    v.max_rows = s.integer(25);
    row.sealed = s.blob(26);
    row.record = static_cast<std::uint64_t>(s.integer(27));
    return row;
}

Kept<std::vector<RequestRow>> read_all(Statement& s) {
    std::vector<RequestRow> rows;
    for (;;) {
        const auto at = s.step();
        if (at == Statement::Step::Failed) return refuse(s.fault());
        if (at == Statement::Step::Done) return rows;
        auto row = read_request(s);
        if (!row) return refuse(malformed());
        rows.push_back(std::move(*row));
    }
}

Kept<std::optional<RequestRow>> read_one(Statement& s) {
    auto rows = read_all(s);
    if (!rows) return refuse(rows.error());
    if (rows->empty()) return std::optional<RequestRow>();
    return std::optional<RequestRow>(std::move(rows->front()));
}

Statement& bind_optional(Statement& s, const std::optional<std::string>& text) {
    return text ? s.bind(std::string_view(*text)) : s.bind_null();
}

}  // namespace

Kept<void> SqliteStore::add_request(const RequestRow& row) {
    const RequestView& v = row.view;
    Statement s(*db_, "INSERT INTO requests (" PGVEIL_REQUEST_COLUMNS
                      ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
    s.bind(v.id).bind(name_of(v.kind)).bind(pgveil::name_of(v.state)).bind(v.agent).bind(v.owner).bind(v.database);
    s.bind(v.task).bind(v.reason).bind(v.sql_class).bind(v.rule).bind(v.shape).bind(ByteView(v.digest));
    s.bind(v.masked_statement).bind(pack_list(v.relations)).bind(pack_list(v.why)).bind(pack_list(v.approvers));
    s.bind(std::int64_t{v.approvals_needed}).bind(static_cast<std::int64_t>(row.approved_for.count()));
    s.bind(v.created).bind(v.expires).bind(v.decided).bind(v.decided_by).bind(v.decision_reason).bind(v.outcome_tag);
    s.bind(std::int64_t{v.attempts}).bind(v.max_rows).bind(ByteView(row.sealed));
    s.bind(static_cast<std::int64_t>(row.record));
    return s.done();
}

Kept<std::optional<RequestRow>> SqliteStore::find_request(std::string_view id) {
    Statement s(*db_, "SELECT " PGVEIL_REQUEST_COLUMNS " FROM requests WHERE id = ?");
    s.bind(id);
    return read_one(s);
}

Kept<std::optional<RequestRow>> SqliteStore::newest_of(std::string_view agent, std::string_view database,
                                                       const Digest& digest) {
    Statement s(*db_, "SELECT " PGVEIL_REQUEST_COLUMNS
                      " FROM requests WHERE agent = ? AND database = ? AND digest = ? ORDER BY created DESC, id LIMIT 1");
    s.bind(agent).bind(database).bind(ByteView(digest));
    return read_one(s);
}

Kept<std::vector<RequestRow>> SqliteStore::requests(std::string_view agent, std::size_t limit) {
    Statement s(*db_, "SELECT " PGVEIL_REQUEST_COLUMNS
                      " FROM requests WHERE ?1 = '' OR agent = ?1 ORDER BY created DESC, id LIMIT ?2");
    s.bind(agent).bind(static_cast<std::int64_t>(limit));
    return read_all(s);
}

Kept<std::vector<RequestRow>> SqliteStore::requests_in(RequestState state) {
    Statement s(*db_, "SELECT " PGVEIL_REQUEST_COLUMNS " FROM requests WHERE state = ? ORDER BY created, id");
    s.bind(pgveil::name_of(state));
    return read_all(s);
}

Kept<std::vector<RequestRow>> SqliteStore::due(WallTime now) {
    Statement s(*db_, "SELECT " PGVEIL_REQUEST_COLUMNS
                      " FROM requests WHERE state IN ('pending', 'approved') AND expires <= ? ORDER BY expires, id");
    s.bind(now);
    return read_all(s);
}

Kept<std::optional<WallTime>> SqliteStore::next_due() {
    Statement s(*db_, "SELECT min(expires) FROM requests WHERE state IN ('pending', 'approved')");
    if (s.step() != Statement::Step::Row) return refuse(s.fault());
    return s.is_null(0) ? std::optional<WallTime>() : std::optional<WallTime>(s.time(0));
}

Kept<bool> SqliteStore::move(std::string_view id, RequestState from, const Move& move) {
    Statement s(*db_,
                "UPDATE requests SET state = ?1, decided = ?2, decided_by = coalesce(?3, decided_by), "
                "decision_reason = coalesce(?4, decision_reason), outcome_tag = coalesce(?5, outcome_tag), "
                "expires = coalesce(?6, expires), max_rows = coalesce(?7, max_rows), "
                "sealed = CASE WHEN ?8 THEN NULL ELSE sealed END WHERE id = ?9 AND state = ?10");
    s.bind(pgveil::name_of(move.to)).bind(move.at);
    bind_optional(s, move.decided_by);
    bind_optional(s, move.decision_reason);
    bind_optional(s, move.outcome_tag);
    move.expires ? s.bind(*move.expires) : s.bind_null();
    move.max_rows ? s.bind(*move.max_rows) : s.bind_null();
    s.bind(std::int64_t{move.erase_body}).bind(id).bind(pgveil::name_of(from));
    return changed(s);
}

Kept<std::optional<RequestRow>> SqliteStore::consume(std::string_view id, WallTime now) {
    Statement s(*db_, "UPDATE requests SET state = 'executing', attempts = attempts + 1 "
                      "WHERE id = ? AND state = 'approved' AND expires > ? RETURNING " PGVEIL_REQUEST_COLUMNS);
    s.bind(id).bind(now);
    return read_one(s);
}

Kept<std::int64_t> SqliteStore::count_pending(std::string_view agent) {
    Statement s(*db_, "SELECT count(*) FROM requests WHERE agent = ? AND state = 'pending'");
    s.bind(agent);
    if (s.step() != Statement::Step::Row) return refuse(s.fault());
    return s.integer(0);
}

Kept<std::vector<WallTime>> SqliteStore::filed_since(std::string_view agent, WallTime since) {
    Statement s(*db_, "SELECT created FROM requests WHERE agent = ? AND created > ? ORDER BY created");
    s.bind(agent).bind(since);
    std::vector<WallTime> times;
    for (;;) {
        const auto at = s.step();
        if (at == Statement::Step::Failed) return refuse(s.fault());
        if (at == Statement::Step::Done) return times;
        times.push_back(s.time(0));
    }
}

Kept<bool> SqliteStore::add_approval(const ApprovalRow& row) {
    Statement s(*db_, "INSERT INTO approvals (request, person, reason, at, max_rows, record) VALUES (?,?,?,?,?,?) "
                      "ON CONFLICT DO NOTHING");
    s.bind(row.request).bind(row.person).bind(row.reason).bind(row.at).bind(row.max_rows);
    s.bind(static_cast<std::int64_t>(row.record));
    return changed(s);
}

Kept<std::vector<ApprovalRow>> SqliteStore::approvals(std::string_view request) {
    Statement s(*db_, "SELECT request, person, reason, at, max_rows, record FROM approvals WHERE request = ? "
                      "ORDER BY at, person");
    s.bind(request);
    std::vector<ApprovalRow> rows;
    for (;;) {
        const auto at = s.step();
        if (at == Statement::Step::Failed) return refuse(s.fault());
        if (at == Statement::Step::Done) return rows;
        rows.push_back({s.text(0), s.text(1), s.text(2), s.time(3), s.integer(4),
                        static_cast<std::uint64_t>(s.integer(5))});
    }
}

Kept<void> SqliteStore::add_denial(const DenialRow& row) {
    Statement s(*db_, "INSERT INTO denials (request, agent, shape, wording, person, at) VALUES (?,?,?,?,?,?) "
                      "ON CONFLICT DO NOTHING");
    s.bind(row.request).bind(row.agent).bind(row.shape).bind(row.wording).bind(row.person).bind(row.at);
    return s.done();
}

Kept<std::vector<DenialRow>> SqliteStore::denials_since(std::string_view agent, WallTime since) {
    Statement s(*db_, "SELECT request, agent, shape, wording, person, at FROM denials "
                      "WHERE agent = ? AND at > ? ORDER BY at DESC");
    s.bind(agent).bind(since);
    std::vector<DenialRow> rows;
    for (;;) {
        const auto at = s.step();
        if (at == Statement::Step::Failed) return refuse(s.fault());
        if (at == Statement::Step::Done) return rows;
        rows.push_back({s.text(0), s.text(1), s.text(2), s.text(3), s.text(4), s.time(5)});
    }
}

}  // namespace pgveil::store
