// pgveil init: Writes a config in shadow mode with keys and verifiers, and prints passwords once.
// Main thread.
#pragma once

#include "cli/command.h"

namespace pgveil::cli {

[[nodiscard]] int run_init(Arguments arguments);

}  // namespace pgveil::cli
