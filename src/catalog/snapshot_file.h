// snapshot_file: a Snapshot's contents as lines of text, for `explain --offline` and for tests.
//
// One object a line, fields separated by tabs, lists preceded by their count. Not a protocol: a file of
// another format version is refused, and the catalog is loaded anew. Holds names, view and function texts
// and policies of the database, no row of it. Any thread. Reads hostile bytes: bounds are checked, but the
// file lies in the proxy's own state directory.
#pragma once

#include <filesystem>

#include "catalog/catalog.h"
#include "pgveil/core/result.h"

namespace pgveil::catalog {

[[nodiscard]] std::string to_text(const Snapshot::Contents& contents);

enum class FileRefusal { Unreadable, WrongFormat };
[[nodiscard]] Result<Snapshot::Contents, FileRefusal> from_text(std::string_view text);

/// Writes beside `file` and renames over it; false when that failed.
[[nodiscard]] bool save(const Snapshot::Contents& contents, const std::filesystem::path& file);
[[nodiscard]] Result<Snapshot::Contents, FileRefusal> read(const std::filesystem::path& file);

}  // namespace pgveil::catalog
