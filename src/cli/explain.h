// pgveil explain: What policy would make of statements, and why. Executes nothing.
// Main thread.
#pragma once

#include "cli/command.h"

namespace pgveil::cli {

[[nodiscard]] int run_explain(Arguments arguments);

}  // namespace pgveil::cli
