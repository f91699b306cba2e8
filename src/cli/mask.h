// pgveil mask: stdin to stdout with findings masked (contract.md). Main thread; the input is hostile.
#pragma once

#include <iosfwd>
#include <span>
#include <string_view>

#include "pgveil/masking/row_masker.h"

namespace pgveil::cli {

/// Exit: 0 done, 1 something was withheld because it could not be understood, 2 usage or rules.
[[nodiscard]] int run_mask(std::span<const std::string_view> args);

/// Plain text. Blocks end at line ends and never inside a PEM block.
[[nodiscard]] bool mask_text_stream(std::istream& in, std::ostream& out, masking::RowMasker& masker);
/// CSV (RFC 4180, comma), first record: column names, which count as hints.
[[nodiscard]] bool mask_csv_stream(std::istream& in, std::ostream& out, masking::RowMasker& masker);
/// One JSON value a line; a line that is no JSON becomes null (and false is returned).
[[nodiscard]] bool mask_jsonl_stream(std::istream& in, std::ostream& out, masking::RowMasker& masker);

}  // namespace pgveil::cli
