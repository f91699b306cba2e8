// pgveil policy replay: a recorded log judged again under another config: what would be decided otherwise?
// Executes nothing; needs the log's directory and a catalog, not the proxy. Main thread. Hostile: the log.
#pragma once

#include "cli/command.h"

namespace pgveil::cli {

[[nodiscard]] int run_policy(Arguments arguments);

}  // namespace pgveil::cli
