// Layout: what lies where in a log's directory, and the identity in log.json.
//
//   log.json    seg/<first index, 20 digits>[-<copy>].jsonl    ckpt/<yyyymm>[-<copy>].notes    blob/<2>/<sha256>
//
// A log may continue in a fallback directory of the same shape, without log.json; functions take both, main
// directory first. A copy number is used when a segment of the same first index could not be written. Blocks.
// Hostile: file names and log.json, when a verifier reads a log from elsewhere.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pgveil/core/clock.h"
#include "pgveil/core/result.h"

namespace pgveil::audit {

struct LogIdentity {
    std::string origin;
    WallTime created{};
    std::vector<std::string> keys;  // verifier key lines, newest last
};

struct SegmentName {
    std::uint64_t first = 0;
    std::uint32_t copy = 0;
    std::string path;
    [[nodiscard]] std::string file() const;  // without directory: how records name it
};

[[nodiscard]] bool log_exists(const std::string& dir);
[[nodiscard]] Result<LogIdentity, std::string> read_identity(const std::string& dir);
/// Writes log.json, which must not exist: the last act of making a log.
[[nodiscard]] Result<void, std::string> write_identity(const std::string& dir, const LogIdentity& identity);
/// seg, ckpt and blob below `dir`, which is made too.
[[nodiscard]] Result<void, std::string> create_parts(const std::string& dir);

/// By first index, then copy. A strange name in seg/ is a refusal: nothing there may go unread.
[[nodiscard]] Result<std::vector<SegmentName>, std::string> list_segments(const std::vector<std::string>& dirs);
/// Paths of notes files in the order of their names.
[[nodiscard]] Result<std::vector<std::string>, std::string> list_notes(const std::vector<std::string>& dirs);

[[nodiscard]] std::string segment_path(const std::string& dir, std::uint64_t first, std::uint32_t copy);
[[nodiscard]] std::string notes_path(const std::string& dir, WallTime now, std::uint32_t copy);
[[nodiscard]] std::string blob_path(const std::string& dir, const std::string& name);
[[nodiscard]] std::string file_name_of(const std::string& path);

}  // namespace pgveil::audit
