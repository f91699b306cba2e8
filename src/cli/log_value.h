// The value somebody searches for: asked for without echo, turned into tokens, forgotten.
#pragma once

#include <string>
#include <vector>

#include "pgveil/core/result.h"

namespace pgveil::cli {

/// Reads one line from the terminal without echo, or from standard input when that is no terminal, and gives the
/// tokens the log would hold for it as a literal. `key_file`: the log's token.key. Refusal: a sentence.
[[nodiscard]] Result<std::vector<std::string>, std::string> tokens_of_value(const std::string& key_file);

}  // namespace pgveil::cli
