// Recovery: what a log on disk amounts to before anything is added to it.
//
// Reads all leaves, finds the last checkpoint, and refuses when that checkpoint is not a prefix of the leaves:
// somebody changed or removed records, and going on would sign it. Changes nothing on disk. Blocks.
// Hostile: everything read.
#pragma once

#include <string>
#include <vector>

#include "audit/log_scan.h"
#include "audit/merkle.h"
#include "audit/note.h"
#include "pgveil/core/result.h"

namespace pgveil::audit {

struct Recovered {
    CompactRange tree;
    std::uint64_t signed_size = 0;
    bool clean = false;              // the last record is log.stop, and everything is signed
    WallTime last_time{};
    std::vector<TornSegment> tail;   // what the next first record has to declare
    std::string torn_notes;          // file:offset:length of note bytes torn by a crash, joined by ';'
};

/// Refusal: a sentence for the operator.
[[nodiscard]] Result<Recovered, std::string> recover(const std::vector<std::string>& dirs, const VerifierKey& key);

}  // namespace pgveil::audit
