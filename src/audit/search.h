// Search: records of a log by what they say, streamed in order.
//
// Reads what is there and stops at damage; whether it is whole and genuine is verify's question. Names take
// `*` and `?`. Blocks; constant memory. Hostile: every file of the log.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "audit/line.h"
#include "audit/log_scan.h"

namespace pgveil::audit {

struct Filter {
    std::optional<WallTime> since, until;      // until is exclusive
    std::optional<std::uint64_t> from_index;   // first index wanted
    std::string agent, person, database, relation, column, sql_class, kind, decision, rule, request, sqlstate, task;
    std::optional<std::uint64_t> session;
    std::vector<std::string> tokens;           // any of these value tokens
};

/// `text` against `pattern`, where * stands for any run and ? for one byte.
[[nodiscard]] bool matches_pattern(std::string_view pattern, std::string_view text);
[[nodiscard]] bool matches(const Filter& filter, const StoredRecord& stored);

/// Values kept in blobs are put back; false if one is missing or changed.
[[nodiscard]] bool load_blobs(const std::vector<std::string>& dirs, StoredRecord& stored);

/// Calls `found` for each match, blobs loaded, until it answers false.
[[nodiscard]] ScanResult search_log(const std::vector<std::string>& dirs, const Filter& filter,
                                    const std::function<bool(const StoredRecord&, std::string_view line)>& found);

/// One record, without reading the segments before it; nullopt inside: there is none. Refusal: a sentence.
[[nodiscard]] Result<std::optional<StoredRecord>, std::string> find_record(const std::vector<std::string>& dirs,
                                                                           std::uint64_t index);
/// The last `count` records in order, reading only the segments that hold them.
[[nodiscard]] Result<std::vector<StoredRecord>, std::string> last_records(const std::vector<std::string>& dirs,
                                                                          std::uint64_t count);

}  // namespace pgveil::audit
