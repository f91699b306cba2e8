// Sample: what the detectors find in some values of each column of a table.
//
// One read-only transaction with short timeouts, one query a table; the connection is the operator's. Values
// stay in memory for the length of a call. Blocks. Hostile: the values.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "catalog/catalog.h"
#include "config/config.h"
#include "pgveil/core/result.h"
#include "pgveil/masking/column_poll.h"
#include "pgveil/masking/row_masker.h"

namespace pgveil::cli {

/// Of one column: how many values there were; by class, how many are such a value and how many mention one.
struct ColumnSample {
    struct Seen {
        std::uint64_t are = 0, mention = 0;
        masking::Transform transform = masking::Transform::Redact;  // of the strictest rule that found it
    };
    std::uint64_t values = 0;
    std::map<std::string, Seen> found;
    masking::ColumnPoll::Verdict vote;   // what the values' check digits say, whatever the name
};

class Sampler {
  public:
    [[nodiscard]] static Result<Sampler, std::string> connect(const config::Database& database);
    Sampler(Sampler&&) noexcept;
    ~Sampler();

    /// By column name; only columns whose type can hold text or long numbers. The refusal is the server's word.
    [[nodiscard]] Result<std::map<std::string, ColumnSample>, std::string> sample(const catalog::Snapshot& catalog,
                                                                                  const catalog::Relation& table, std::uint32_t rows,
                                                                                  masking::RowMasker& masker, masking::ColumnPoll& poll);

  private:
    struct Connection;
    explicit Sampler(std::unique_ptr<Connection> connection);
    std::unique_ptr<Connection> connection_;
};

}  // namespace pgveil::cli
