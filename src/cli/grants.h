// pgveil grants: Access in time, listed, added and revoked by a person, over the console.
// Main thread.
#pragma once

#include "cli/command.h"

namespace pgveil::cli {

[[nodiscard]] int run_grants(std::span<const std::string_view> args);

}  // namespace pgveil::cli
