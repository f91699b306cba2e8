// pgveil check: All problems of a config at once; with --online, of the servers it names too. Reads, never writes.
// Main thread.
#pragma once

#include "cli/command.h"

namespace pgveil::cli {

[[nodiscard]] int run_check(Arguments arguments);

}  // namespace pgveil::cli
