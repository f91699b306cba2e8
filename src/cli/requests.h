// pgveil requests: What agents ask, listed, shown, approved and denied by a person, over the console.
// Main thread.
#pragma once

#include "cli/command.h"

namespace pgveil::cli {

[[nodiscard]] int run_requests(std::span<const std::string_view> args);

}  // namespace pgveil::cli
