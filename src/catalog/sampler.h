// Sampler: some values of a table's columns, read politely. For whoever judges columns by their values.
//
// Each sample is a transaction of its own: read only, short statement and lock timeouts, search_path = ''. Asks first what
// the role may read, so that a missing privilege is an answer and no error in the server's log. A large table is read
// by TABLESAMPLE. Blocks; one thread at a time. The connection is the upstream role's. Hostile: the values.
#pragma once

#include <optional>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/pq_loader.h"

namespace pgveil::catalog {

/// A sampled table's values, rows by columns. Views live as long as this.
class Sample {
  public:
    explicit Sample(PGresult* result) : result_(result, &PQclear) {}
    [[nodiscard]] std::size_t rows() const { return static_cast<std::size_t>(PQntuples(result_.get())); }
    /// nullopt: NULL.
    [[nodiscard]] std::optional<std::string_view> value(std::size_t row, std::size_t column) const;

  private:
    std::unique_ptr<PGresult, decltype(&PQclear)> result_;
};

struct SampleTerms {
    std::uint32_t rows = 200, width = 4000;           // characters of a value
    std::chrono::milliseconds statement{20'000}, lock{1'000};
    /// The table's own rows only, not those of its children; and none if the name is another table's by now.
    bool alone = false;
};

class Sampler {
  public:
    [[nodiscard]] static Result<Sampler, LoadError> connect(const std::string& conninfo, const Secret& password, std::chrono::seconds timeout,
                                                            const char* application);

    /// Columns of `table` whose type can hold text or long numbers.
    [[nodiscard]] static std::vector<const Column*> candidates(const Snapshot& catalog, const Relation& table);
    /// Of these the ones with one text or number a value: no documents, which would have to be read whole, no arrays.
    [[nodiscard]] static std::vector<const Column*> singles(const Snapshot& catalog, const Relation& table);
    /// Those of `columns` that this role may read now, in the same order. None while the server is a standby in trouble.
    [[nodiscard]] Result<std::vector<const Column*>, LoadError> readable(const Relation& table, const std::vector<const Column*>& columns);
    /// Values of `columns`, at least one.
    [[nodiscard]] Result<Sample, LoadError> sample(const Relation& table, const std::vector<const Column*>& columns, const SampleTerms& terms);
    [[nodiscard]] bool alive() const { return PQstatus(connection_.get()) == CONNECTION_OK; }

  private:
    explicit Sampler(PGconn* connection) : connection_(connection, &PQfinish) {}
    std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
};

}  // namespace pgveil::catalog
