// CopyOptions: how one COPY ... TO STDOUT writes its rows (manual, COPY; copy.c, ProcessCopyOptions).
//
// Value, any thread. Made by sql/ from the statement, read by masking's CopyRows. Not hostile: whatever the
// server would refuse is refused by the server.
#pragma once

#include <cstdint>
#include <string>

namespace pgveil {

enum class CopyFormat : std::uint8_t { Text, Csv, Binary };

struct CopyOptions {
    CopyFormat format = CopyFormat::Text;
    char delimiter = '\t', quote = '"', escape = '"';
    std::string null_text = "\\N";       // how NULL is written
    bool header = false;
    bool operator==(const CopyOptions&) const = default;
};

}  // namespace pgveil
