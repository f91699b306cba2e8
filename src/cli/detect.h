// pgveil detect: content detection as a filter, JSON lines in, JSON lines out (contract.md).
// Main thread. Texts are hostile; they are never echoed, in errors neither.
#pragma once

#include <iosfwd>
#include <span>
#include <string>
#include <string_view>

#include "pgveil/masking/row_masker.h"

namespace pgveil::cli {

/// Exit: 0 done, 2 usage, rules or a line that is not `{"id":..,"text":".."}` (it is answered with "error").
[[nodiscard]] int run_detect(std::span<const std::string_view> args);

/// One line's answer, without its newline, appended to `to`. False if the line was not understood.
bool detect_line(std::string_view line, masking::RowMasker& masker, std::string& to);

/// Reads to the end of `in`; true if every line was understood.
[[nodiscard]] bool detect_all(std::istream& in, std::ostream& out, masking::RowMasker& masker);

}  // namespace pgveil::cli
