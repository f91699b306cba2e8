#include "cli/discover_sample.h"

#include <algorithm>

#include <fmt/format.h>
#include <libpq-fe.h>

#include "cli/upstream.h"

namespace pgveil::cli {
namespace {

using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;

std::string quoted(std::string_view identifier) {
    std::string out = "\"";
    for (const char c : identifier) out += c == '"' ? std::string("\"\"") : std::string(1, c);
    return out + "\"";
}

/// Values of it can carry personal data as text; numbers count because cards and national numbers are kept so.
bool can_carry(const catalog::Snapshot& catalog, Oid type) {
    const Oid base = catalog.base_type(type);
    for (const Oid plain : {type_oid::Text, type_oid::Varchar, type_oid::Bpchar, type_oid::Json, type_oid::Jsonb, type_oid::Xml, type_oid::Int8,
                            type_oid::Numeric, type_oid::Inet, type_oid::Cidr, type_oid::Macaddr, type_oid::TextArray, type_oid::VarcharArray}) {
        if (base == plain) return true;
    }
    const catalog::Type* known = catalog.type(base);
    return known != nullptr && known->category == 'S';
}

std::string first_line(const char* message) {
    std::string text(message == nullptr ? "" : message);
    return text.substr(0, text.find('\n'));
}

/// A random part of a large table, the first rows of a small one.
std::string query_for(const catalog::Relation& table, const std::vector<std::string>& columns, std::uint32_t rows) {
    std::string list;
    for (const std::string& column : columns) list += fmt::format("{}left({}::text, 4000)", list.empty() ? "" : ", ", quoted(column));
    const bool sampled = table.estimated_rows > std::int64_t{20} * rows &&
                         (table.kind == catalog::RelationKind::Table || table.kind == catalog::RelationKind::Materialized);
    const double percent = sampled ? std::clamp(300.0 * rows / static_cast<double>(table.estimated_rows), 0.001, 100.0) : 100.0;
    return fmt::format("SELECT {} FROM {}.{}{} LIMIT {}", list, quoted(table.schema), quoted(table.name),
                       sampled ? fmt::format(" TABLESAMPLE SYSTEM ({:.6f})", percent) : "", rows);
}

/// A finding that covers most of the value is the value; one inside a longer text is a mention.
void look(ColumnSample& sample, std::string_view value, std::string_view column, masking::RowMasker& masker) {
    ++sample.values;
    std::vector<std::string_view> seen;
    for (const masking::Finding& finding : masker.detect(value, column)) {
        if (std::ranges::find(seen, finding.class_name) != seen.end()) continue;
        seen.push_back(finding.class_name);
        const bool is_new = !sample.found.contains(std::string(finding.class_name));
        ColumnSample::Seen& counts = sample.found[std::string(finding.class_name)];
        ++((finding.end - finding.start) * 5 >= value.size() * 4 ? counts.are : counts.mention);
        counts.transform = is_new ? finding.transform : std::max(counts.transform, finding.transform);
    }
}

}  // namespace

struct Sampler::Connection {
    explicit Connection(PGconn* opened) : pg(opened, &PQfinish) {}
    std::unique_ptr<PGconn, decltype(&PQfinish)> pg;
    [[nodiscard]] Answer run(const std::string& text) const { return {PQexec(pg.get(), text.c_str()), &PQclear}; }
};

Sampler::Sampler(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
Sampler::Sampler(Sampler&&) noexcept = default;
Sampler::~Sampler() = default;

Result<Sampler, std::string> Sampler::connect(const config::Database& database) {
    const auto password = upstream_password(database, false);
    if (!password) return refuse(password.error());
    const std::string text(pgveil::text_of(password->reveal()));
    const std::string timeout = std::to_string(database.connect_timeout.count());
    const char* keys[] = {"password", "application_name", "connect_timeout", "client_encoding", "options", "dbname", nullptr};
    const char* values[] = {text.c_str(), "pgveil discover", timeout.c_str(), "UTF8",
                            "-c default_transaction_read_only=on -c statement_timeout=20s -c lock_timeout=1s -c search_path=",
                            database.upstream.c_str(), nullptr};
    // An empty password is passed by: libpq then looks where it always looks.
    const int skip = text.empty() ? 1 : 0;
    auto connection = std::make_unique<Connection>(PQconnectdbParams(keys + skip, values + skip, 1));
    if (PQstatus(connection->pg.get()) != CONNECTION_OK) return refuse(first_line(PQerrorMessage(connection->pg.get())));
    return Sampler(std::move(connection));
}

Result<std::map<std::string, ColumnSample>, std::string> Sampler::sample(const catalog::Snapshot& catalog, const catalog::Relation& table,
                                                                         std::uint32_t rows, masking::RowMasker& masker, masking::ColumnPoll& poll) {
    std::vector<std::string> columns;
    for (const catalog::Column& column : table.columns) {
        if (can_carry(catalog, column.type)) columns.push_back(column.name);
    }
    std::map<std::string, ColumnSample> samples;
    if (columns.empty() || rows == 0) return samples;
    const Answer answer = connection_->run(query_for(table, columns, rows));
    if (PQresultStatus(answer.get()) != PGRES_TUPLES_OK) return refuse(first_line(PQresultErrorMessage(answer.get())));
    for (int column = 0; column < PQnfields(answer.get()); ++column) {
        const std::string& name = columns[static_cast<std::size_t>(column)];
        poll.clear();
        for (int row = 0; row < PQntuples(answer.get()); ++row) {
            if (PQgetisnull(answer.get(), row, column) != 0) continue;
            const std::string_view value(PQgetvalue(answer.get(), row, column), static_cast<std::size_t>(PQgetlength(answer.get(), row, column)));
            look(samples[name], value, name, masker);
            poll.add(value);
        }
        const auto sampled = samples.find(name);
        if (sampled != samples.end()) sampled->second.vote = poll.verdict();
    }
    return samples;
}

}  // namespace pgveil::cli
