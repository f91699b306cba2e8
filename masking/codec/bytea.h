// bytea's text form: \x and hex digits. Pure; hostile bytes.
#pragma once

#include <string>
#include <string_view>

namespace pgveil::masking {

/// False if it is not the hex form of bytea_out; `to` is then unspecified.
[[nodiscard]] bool decode_bytea_hex(std::string_view text, std::string& to);
void append_bytea_hex(std::string_view bytes, std::string& to);

}  // namespace pgveil::masking
