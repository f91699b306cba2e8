// The files a config names: are they there, readable, private where they must be? Reads metadata and
// rule packs; blocks. Not hostile.
#pragma once

#include <string>
#include <vector>

#include "config/load.h"

namespace pgveil::cli {

[[nodiscard]] std::vector<config::Diagnostic> check_files(const config::Config& config, const std::string& file);
/// The rule packs: read, compiled, their examples run.
[[nodiscard]] std::vector<config::Diagnostic> check_packs(const config::Config& config, const std::string& file);

}  // namespace pgveil::cli
