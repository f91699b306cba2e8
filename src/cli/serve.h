// pgveil serve: runs the proxy in the foreground. SIGHUP reloads, SIGTERM and SIGINT drain, a second one ends
// at once. Main thread.
#pragma once

#include <span>
#include <string_view>

namespace pgveil::cli {

[[nodiscard]] int run_serve(std::span<const std::string_view> arguments);

}  // namespace pgveil::cli
