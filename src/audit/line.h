// Lines: a Record as one line of the log, and back.
//
// Keys in this order, absent when they say nothing: i ts kind agent person database session statement address
// sql literals class decision rule request task relations rows bytes masked sqlstate tag duration_us more ck
// crc. `ck` stands in the first record of a commit: the size of the tree last signed when it was written.
// `crc` is CRC-32C of all bytes before `,"crc":`. A value too long for the line stands as
// {"blob":"<sha256>","bytes":n}; its JSON text is the blob.
// Values, any thread. Hostile: parse_line reads files that somebody may have changed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/record.h"

namespace pgveil::audit {

inline constexpr std::size_t MaxLine = 65535;        // a C2SP entry has a 16-bit length
inline constexpr std::size_t MaxInlineValue = 32768;  // longer ones go to a blob

struct Blob {
    std::string name;     // SHA-256 of the content, hex
    std::string content;  // JSON text of the value
};

struct RenderedLine {
    std::string text;  // without LF
    std::vector<Blob> blobs;
};

/// Appends nothing: gives the line of `record` as leaf `index`. `signed_size` becomes `ck`.
[[nodiscard]] RenderedLine render_line(std::uint64_t index, const Record& record,
                                       std::optional<std::uint64_t> signed_size = std::nullopt);

struct BlobReference {
    std::string key, name;
    std::uint64_t bytes = 0;
};

struct StoredRecord {
    std::uint64_t index = 0;
    Record record;
    std::optional<std::uint64_t> signed_size;
    std::vector<BlobReference> blobs;  // values that are not in the line
};

/// nullopt unless the line, without LF, is one render_line could have written and its checksum fits.
[[nodiscard]] std::optional<StoredRecord> parse_line(std::string_view line);

/// Puts the value of a blob back where it belongs; false if the content is not that value.
[[nodiscard]] bool restore_blob(StoredRecord& stored, const BlobReference& reference, std::string_view content);

}  // namespace pgveil::audit
