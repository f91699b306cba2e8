// `pgveil log tail`: the newest records, and with -f those that come.
#pragma once

#include "cli/log_options.h"

namespace pgveil::cli {

/// The exit code. With --follow it ends only when its output does.
[[nodiscard]] int run_log_tail(const LogOptions& options);

}  // namespace pgveil::cli
