// UTF-8: validity, code points, lengths. Pure functions over hostile bytes, any thread, no allocation.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pgveil::masking {

/// A code point and how many bytes it took; `size` 0 means malformed or at the end.
struct CodePoint {
    std::uint32_t value = 0;
    std::uint8_t size = 0;
};

/// The code point at `at`. Refuses overlong forms, surrogates and values beyond U+10FFFF (RFC 3629).
[[nodiscard]] CodePoint code_point_at(std::string_view text, std::size_t at);
/// Bytes from the start that are well-formed; equals the size when all of it is.
[[nodiscard]] std::size_t valid_utf8_prefix(std::string_view text);
[[nodiscard]] inline bool is_utf8(std::string_view text) { return valid_utf8_prefix(text) == text.size(); }
[[nodiscard]] bool is_ascii(std::string_view text);
/// Appends one code point; what is not one (a lone surrogate) becomes U+FFFD.
void append_utf8(std::string& to, std::uint32_t code_point);
/// Code points in well-formed text; bytes that are not continuations otherwise.
[[nodiscard]] std::size_t count_code_points(std::string_view text);

}  // namespace pgveil::masking
