// pgveil scram: A password on stdin becomes a SCRAM-SHA-256 verifier for the config. The password is not kept.
// Main thread.
#pragma once

#include "cli/command.h"

namespace pgveil::cli {

[[nodiscard]] int run_scram(Arguments arguments);

}  // namespace pgveil::cli
