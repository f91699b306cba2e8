// Terminal: passwords from stdin, without echo where it is a terminal. One thread. Not hostile.
#pragma once

#include <optional>
#include <string_view>

#include "pgveil/core/secret.h"

namespace pgveil::cli {

/// One line of stdin without its newline. On a terminal: prompt on stderr, no echo, asked twice; nullopt when
/// the two differ. Nullopt also at the end of input, or when the line is longer than 1 KiB.
[[nodiscard]] std::optional<Secret> read_password(std::string_view prompt);

}  // namespace pgveil::cli
