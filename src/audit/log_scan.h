// LogScan: every leaf of a log in order, across segments, and what is wrong where.
//
// A leaf is a line that ends in LF, parses, has its checksum and the next index. Bytes after the last leaf of a
// segment are allowed in two cases: a later segment's first record declares them (torn by a crash, or written
// without a successful sync), or they are the end of the log, where a crash may just have happened.
// Used by recovery, verify, search. Blocks. One thread. Hostile: everything read.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "audit/layout.h"
#include "audit/line.h"

namespace pgveil::audit {

/// What a segment's first record says about bytes of earlier segments: `prev` in `more`.
struct TornSegment {
    std::string file;
    std::uint64_t valid = 0;            // bytes that hold leaves
    std::optional<std::uint64_t> torn;  // bytes after them; absent: unknown, a sync had failed
    std::string sha256;                 // of the torn bytes, hex; "?" when unknown
    bool operator==(const TornSegment&) const = default;
};
/// file:valid:torn:sha256, joined by ';'.
[[nodiscard]] std::string print_torn(const std::vector<TornSegment>& torn);
[[nodiscard]] std::vector<TornSegment> parse_torn(std::string_view text);

struct LeafView {
    const StoredRecord& stored;
    std::string_view line;
    const std::string& file;
    std::uint64_t offset;
};

struct Trouble {
    std::uint64_t index = 0;  // the first leaf that is missing or bad
    std::string file;
    std::uint64_t offset = 0;
    std::string what;
};

struct ScanResult {
    std::uint64_t first = 0, next = 0;  // leaves [first, next) were read
    std::size_t segments = 0, bytes = 0;
    std::optional<Trouble> trouble;
    std::vector<TornSegment> tail;  // undeclared bytes at the end of the log
    bool tail_has_lines = false;    // among them a line end: a killed writer leaves a piece of a line, no whole one
};

/// Calls `leaf` for each leaf until it answers false. The view's contents live during the call.
[[nodiscard]] ScanResult scan_log(const std::vector<std::string>& dirs, const std::function<bool(const LeafView&)>& leaf);

}  // namespace pgveil::audit
