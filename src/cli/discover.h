// pgveil discover: proposes column tags, from names and from what a sample of the values looks like. Reads
// the database in a read-only transaction, prints no value, writes nothing.
// Main thread. Hostile: cell values, which only the detectors see.
#pragma once

#include "cli/command.h"

namespace pgveil::cli {

[[nodiscard]] int run_discover(Arguments arguments);

}  // namespace pgveil::cli
