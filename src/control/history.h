// History: the log's records about requests, grants and switches, for ServiceOptions::history.
//
// Reads the whole log once, at start, after Journal::open, which has recovered it and compared it with the last
// checkpoint. Blocks. Hostile: the files may have been changed; a log that does not read to its end is refused, since
// what it hides could be a revocation.
#pragma once

#include <string>
#include <vector>

#include "audit/record.h"
#include "pgveil/core/result.h"

namespace pgveil::control {

/// `dirs`: the log's directory, and the fallback directory if there is one. Refusal: a sentence for the operator.
[[nodiscard]] Result<std::vector<audit::Record>, std::string> read_history(const std::vector<std::string>& dirs);

/// What read_history keeps of these records: nothing of requests over for two days and of grants that ended, no
/// statement texts. In the same order, with one record of the newest time at the end.
[[nodiscard]] std::vector<audit::Record> keep_useful(std::vector<audit::Record> records);

}  // namespace pgveil::control
