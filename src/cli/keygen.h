// pgveil keygen: Makes the key that signs the audit log and prints the public verifier key line.
// Main thread.
#pragma once

#include "cli/command.h"

namespace pgveil::cli {

[[nodiscard]] int run_keygen(Arguments arguments);

}  // namespace pgveil::cli
