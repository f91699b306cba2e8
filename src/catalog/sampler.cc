#include "catalog/sampler.h"

#include <algorithm>

#include <fmt/format.h>

#include "catalog/pq_answer.h"

namespace pgveil::catalog {
namespace {

std::string quoted(std::string_view identifier) {
    std::string out = "\"";
    for (const char c : identifier) out += c == '"' ? std::string("\"\"") : std::string(1, c);
    return out + "\"";
}

/// One text or long number a value; numbers count because cards and national numbers are kept so.
bool is_single(const Snapshot& catalog, Oid base) {
    for (const Oid plain : {type_oid::Text, type_oid::Varchar, type_oid::Bpchar, type_oid::Int8, type_oid::Numeric}) {
        if (base == plain) return true;
    }
    const Type* known = catalog.type(base);
    return known != nullptr && known->category == 'S';
}

/// Values of it can carry personal data as text.
bool can_carry(const Snapshot& catalog, Oid base) {
    for (const Oid other : {type_oid::Json, type_oid::Jsonb, type_oid::Xml, type_oid::Inet, type_oid::Cidr, type_oid::Macaddr, type_oid::TextArray,
                            type_oid::VarcharArray}) {
        if (base == other) return true;
    }
    return is_single(catalog, base);
}

/// Pages at random of a large table; rows at random of a middling one, which is read through; of a small one all. Half as
/// many again as are wanted, so that LIMIT ends the reading near the table's end.
std::string tablesample(const Relation& table, std::uint32_t rows) {
    const auto estimate = static_cast<double>(table.estimated_rows);
    const bool stored = table.kind == RelationKind::Table || table.kind == RelationKind::Materialized;
    if (!stored || estimate <= 1.5 * rows) return {};
    const double percent = std::clamp(150.0 * rows / estimate, 0.000001, 100.0);
    return fmt::format(" TABLESAMPLE {} ({:.6f})", estimate > 20.0 * rows ? "SYSTEM" : "BERNOULLI", percent);
}

std::string query_for(const Relation& table, const std::vector<const Column*>& columns, const SampleTerms& terms) {
    std::string list;
    for (const Column* column : columns) list += fmt::format("pg_catalog.left(t.{}::pg_catalog.text, {}), ", quoted(column->name), terms.width);
    const std::string name = quoted(table.schema) + "." + quoted(table.name);
    return fmt::format("SELECT {}t.tableoid FROM {}{} AS t{}{} LIMIT {}", list, terms.alone ? "ONLY " : "", name, tablesample(table, terms.rows),
                       terms.alone ? fmt::format(" WHERE t.tableoid = {}", table.oid.value) : "", terms.rows);
}

// A standby that lags or is paused has better things to do, and a query there may be what replay waits for.
constexpr const char* kReadable = R"(
SELECT a.attnum FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
 WHERE a.attrelid = {} AND a.attnum = ANY ('{{{}}}') AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'm')
   AND (c.relkind <> 'm' OR c.relispopulated)
   AND pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE')
   AND pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT')
   AND CASE WHEN pg_catalog.pg_is_in_recovery() THEN c.relpersistence = 'p' AND NOT pg_catalog.pg_is_wal_replay_paused()
        AND COALESCE(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_last_wal_receive_lsn(), pg_catalog.pg_last_wal_replay_lsn()), 0) < 16777216
       ELSE true END)";

}  // namespace

std::optional<std::string_view> Sample::value(std::size_t row, std::size_t column) const {
    const int r = static_cast<int>(row), c = static_cast<int>(column);
    if (PQgetisnull(result_.get(), r, c) != 0) return std::nullopt;
    return std::string_view(PQgetvalue(result_.get(), r, c), static_cast<std::size_t>(PQgetlength(result_.get(), r, c)));
}

Result<Sampler, LoadError> Sampler::connect(const std::string& conninfo, const Secret& password, std::chrono::seconds timeout,
                                            const char* application) {
    auto opened = open_connection(conninfo, password, timeout, {.name = application, .always = true});
    if (!opened) return refuse(std::move(opened.error()));
    return Sampler(*opened);
}

std::vector<const Column*> Sampler::candidates(const Snapshot& catalog, const Relation& table) {
    std::vector<const Column*> all;
    for (const Column& column : table.columns) {
        if (can_carry(catalog, catalog.base_type(column.type))) all.push_back(&column);
    }
    return all;
}

std::vector<const Column*> Sampler::singles(const Snapshot& catalog, const Relation& table) {
    std::vector<const Column*> all;
    for (const Column& column : table.columns) {
        if (is_single(catalog, catalog.base_type(column.type))) all.push_back(&column);
    }
    return all;
}

Result<std::vector<const Column*>, LoadError> Sampler::readable(const Relation& table, const std::vector<const Column*>& columns) {
    std::string numbers;
    for (const Column* column : columns) numbers += fmt::format("{}{}", numbers.empty() ? "" : ",", column->number.value);
    auto answer = query(*connection_, fmt::format(fmt::runtime(kReadable), table.oid.value, numbers), std::chrono::seconds(10));
    if (!answer) return refuse(std::move(answer.error()));
    const Sample rows(answer->release());
    std::vector<const Column*> may;
    for (const Column* column : columns) {
        const std::string number = std::to_string(column->number.value);
        for (std::size_t row = 0; row < rows.rows(); ++row) {
            if (rows.value(row, 0) == number) may.push_back(column);
        }
    }
    return may;
}

Result<Sample, LoadError> Sampler::sample(const Relation& table, const std::vector<const Column*>& columns, const SampleTerms& terms) {
    const std::string text = fmt::format(
        "BEGIN READ ONLY; SET LOCAL statement_timeout = {}; SET LOCAL lock_timeout = {}; SET LOCAL search_path = ''; "
        "SET LOCAL client_encoding = 'UTF8'; {}", terms.statement.count(), terms.lock.count(), query_for(table, columns, terms));
    auto answer = query(*connection_, text, terms.statement + std::chrono::seconds(10));
    if (alive()) (void)query(*connection_, "ROLLBACK", std::chrono::seconds(10));   // nothing was written; also ends a failed one
    if (!answer) return refuse(std::move(answer.error()));
    return Sample(answer->release());
}

}  // namespace pgveil::catalog
