// Records for people's eyes and programs' mouths. Whatever a record holds, what is printed is inert: control,
// bidirectional and invisible characters are escaped, and no CSV cell begins a formula.
#pragma once

#include <string>

#include "audit/line.h"
#include "audit/verify.h"
#include "cli/log_options.h"

namespace pgveil::cli {

/// One record on one line or a few, with its line end.
[[nodiscard]] std::string print_record(const audit::StoredRecord& stored, LogFormat format);
/// Every field on its own line.
[[nodiscard]] std::string print_record_in_full(const audit::StoredRecord& stored);
[[nodiscard]] std::string csv_heading();
[[nodiscard]] std::string csv_cell(std::string_view text);
[[nodiscard]] std::string print_report(const audit::VerifyReport& report, LogFormat format);

}  // namespace pgveil::cli
