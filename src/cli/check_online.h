// What only the servers can tell: does the upstream answer, is its role safe, is it UTF8. Connects through
// libpq; blocks. Not hostile: the operator's servers.
#pragma once

#include <string>
#include <vector>

#include "config/load.h"

namespace pgveil::cli {

[[nodiscard]] std::vector<config::Diagnostic> check_online(const config::Config& config, const std::string& file);

}  // namespace pgveil::cli
