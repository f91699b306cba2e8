// copy_out: what must be known of a COPY ... TO STDOUT to read the rows it will send.
//
// Pure. Only what the server accepts has to be read as the server reads it (copy.c, ProcessCopyOptions): the rest never
// comes to a row. What is not known here (an option newer than us, another encoding) is said, not guessed.
#pragma once

#include "sql/analysis.h"
#include "sql/tree.h"

namespace pgveil::sql {

/// `statement`: judged, traced and placed; `text`: the whole text.
[[nodiscard]] CopyOut copy_out(const CopyStmt& node, const Statement& statement, std::string_view text);

}  // namespace pgveil::sql
