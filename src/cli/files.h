// Files the command line writes: private, never over something that exists. Blocks. Not hostile.
#pragma once

#include <string>

#include "pgveil/core/result.h"

namespace pgveil::cli {

/// Makes the directory and its parents (mode 0700 for the last); fine if it is there.
[[nodiscard]] Result<void, std::string> make_private_directory(const std::string& path);
/// O_EXCL, mode 0600, synced.
[[nodiscard]] Result<void, std::string> write_private_file(const std::string& path, std::string_view content);

}  // namespace pgveil::cli
