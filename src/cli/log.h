// `pgveil log`: verify, search, show, prove and tail the audit log. Needs the directory, not the proxy.
// Exit: 0 done, 1 the answer is no (a verdict failed, nothing found, a proof that does not hold), 2 usage, 3 cannot.
// Hostile: the log's files.
#pragma once

#include <span>
#include <string_view>

namespace pgveil::cli {

/// `args` is what follows `pgveil log`. Data to stdout, talk to stderr.
[[nodiscard]] int run_log(std::span<const std::string_view> args);

}  // namespace pgveil::cli
