// pgveil version: What this is and what it was built with.
// Main thread.
#pragma once

#include "cli/command.h"

namespace pgveil::cli {

[[nodiscard]] int run_version(Arguments arguments);

}  // namespace pgveil::cli
