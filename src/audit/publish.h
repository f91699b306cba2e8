// Publish: the log as C2SP tlog-tiles, so that witnesses and verifiers that never heard of us can check it.
//
//   <out>/checkpoint   <out>/tile/<level>/<index>[.p/<width>]   <out>/tile/entries/<index>[.p/<width>]
//
// Derived from the segments alone, up to the last signed checkpoint; may be deleted and made again. A full tile
// never changes, so one that is there is left alone. Whoever may read `entries` reads the log. Blocks.
// Hostile: the log's files.
#pragma once

#include <string>
#include <vector>

#include "audit/note.h"
#include "pgveil/core/result.h"

namespace pgveil::audit {

/// `1234067` -> `x001/x234/067`.
[[nodiscard]] std::string tile_index_path(std::uint64_t index);

/// The checkpoint that was published. Refusal: a sentence.
[[nodiscard]] Result<Checkpoint, std::string> publish_log(const std::vector<std::string>& dirs, const VerifierKey& key,
                                                          const std::string& out);

}  // namespace pgveil::audit
