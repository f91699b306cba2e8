// Proof: one record of the log in one file that can be checked without the log, in C2SP's tlog-proof format.
//
// `extra` carries the record's line, so that the file is complete by itself. Hostile: check_proof reads files.
#pragma once

#include <string>
#include <vector>

#include "audit/line.h"
#include "audit/note.h"
#include "pgveil/core/result.h"

namespace pgveil::audit {

/// The proof of record `index` under the log's last checkpoint. Reads the whole log. Refusal: a sentence.
[[nodiscard]] Result<std::string, std::string> make_proof(const std::vector<std::string>& dirs, const VerifierKey& key,
                                                          std::uint64_t index);

struct ProvenRecord {
    std::uint64_t index = 0;
    std::string line;
    Checkpoint checkpoint;
};
/// Refusal: why the text proves nothing under this key.
[[nodiscard]] Result<ProvenRecord, std::string> check_proof(std::string_view text, const VerifierKey& key);

}  // namespace pgveil::audit
