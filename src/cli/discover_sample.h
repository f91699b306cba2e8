// What the detectors find in some values of each column of a table. Values stay in memory for the length of a call.
// Blocks. Main thread. Hostile: the values.
#pragma once

#include <map>
#include <string>

#include "catalog/sampler.h"
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

/// By column name; only columns whose type can hold text or long numbers. The refusal is the server's word.
[[nodiscard]] Result<std::map<std::string, ColumnSample>, std::string> sample_columns(catalog::Sampler& sampler, const catalog::Snapshot& catalog,
                                                                                      const catalog::Relation& table, std::uint32_t rows,
                                                                                      masking::RowMasker& masker, masking::ColumnPoll& poll);

}  // namespace pgveil::cli
