// RecordCodec: a record as bytes, for the process that keeps the log. Not the log's own format (line.h).
//
// Pure. Hostile: the bytes may be anything; what is not a record is none.
#pragma once

#include <optional>

#include "audit/record.h"
#include "pgveil/core/bytes.h"

namespace pgveil::audit {

[[nodiscard]] Bytes encode(const Record& record);
[[nodiscard]] std::optional<Record> decode_record(ByteView bytes);

}  // namespace pgveil::audit
