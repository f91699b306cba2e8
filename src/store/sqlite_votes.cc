#include "store/sqlite_store.h"

// The part of SqliteStore that keeps what samples said of columns.
namespace pgveil::store {
namespace {

std::uint32_t count_of(const Statement& s, int column) { return static_cast<std::uint32_t>(s.integer(column)); }

std::optional<ColumnVote> read_vote(const Statement& s) {
    const std::int64_t relation = s.integer(0), attribute = s.integer(1), shapes = s.integer(8);
    if (relation <= 0 || relation > 0xFFFFFFFF || attribute <= 0 || attribute > 0x7FFF || shapes < 0 || shapes > 0xFF) return std::nullopt;
    ColumnVote vote;
    vote.column = {Oid(static_cast<std::uint32_t>(relation)), AttrNumber(static_cast<std::int16_t>(attribute))};
    vote.type = Oid(count_of(s, 2));
    vote.relation = s.text(3);
    vote.name = s.text(4);
    vote.revision = s.text(5);
    vote.rule = s.text(6);
    vote.passed = count_of(s, 7);
    vote.look_alikes = static_cast<std::uint8_t>(shapes);
    vote.distinct = count_of(s, 9);
    vote.failed = count_of(s, 10);
    vote.shaped = count_of(s, 11);
    vote.at = s.time(12);
    return vote;
}

Kept<void> insert(Database& db, std::string_view database, const ColumnVote& vote) {
    Statement s(db, "INSERT INTO votes (relation, attribute, type, relation_name, column_name, revision, rule, passed, look_alikes, "
                    "distinct_values, failed, shaped, at, database) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
    s.bind(std::int64_t{vote.column.relation.value}).bind(std::int64_t{vote.column.attribute.value}).bind(std::int64_t{vote.type.value});
    s.bind(vote.relation).bind(vote.name).bind(vote.revision).bind(vote.rule).bind(std::int64_t{vote.passed});
    s.bind(std::int64_t{vote.look_alikes}).bind(std::int64_t{vote.distinct}).bind(std::int64_t{vote.failed}).bind(std::int64_t{vote.shaped});
    s.bind(vote.at).bind(database);
    return s.done();
}

}  // namespace

Kept<std::vector<ColumnVote>> SqliteStore::votes(std::string_view database) {
    Statement s(*db_, "SELECT relation, attribute, type, relation_name, column_name, revision, rule, passed, look_alikes, distinct_values, "
                      "failed, shaped, at FROM votes WHERE database = ? ORDER BY relation, attribute");
    s.bind(database);
    std::vector<ColumnVote> all;
    for (;;) {
        const auto at = s.step();
        if (at == Statement::Step::Failed) return refuse(s.fault());
        if (at == Statement::Step::Done) return all;
        auto vote = read_vote(s);
        if (!vote) return refuse(Fault{"store/row", "a vote does not read back as it was written"});
        all.push_back(std::move(*vote));
    }
}

Kept<void> SqliteStore::keep_votes(std::string_view database, Oid relation, const std::vector<ColumnVote>& votes) {
    if (auto begun = begin(); !begun) return begun;
    const auto write = [&]() -> Kept<void> {
        Statement s(*db_, "DELETE FROM votes WHERE database = ? AND relation = ?");
        s.bind(database).bind(std::int64_t{relation.value});
        if (auto done = s.done(); !done) return done;
        for (const ColumnVote& vote : votes) {
            if (auto done = insert(*db_, database, vote); !done) return done;
        }
        return commit();
    };
    auto written = write();
    if (!written) rollback();
    return written;
}

}  // namespace pgveil::store
