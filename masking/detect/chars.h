// Byte classes used by detectors: ASCII only, locale-free. Bytes from 0x80 up count as letters of a
// word, so that a candidate glued to other scripts' letters is seen as glued. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace pgveil::masking {

[[nodiscard]] constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr unsigned digit_value(char c) { return static_cast<unsigned>(c - '0'); }
[[nodiscard]] constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
[[nodiscard]] constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
[[nodiscard]] constexpr bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }
[[nodiscard]] constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
[[nodiscard]] constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
[[nodiscard]] constexpr bool is_alnum(char c) { return is_digit(c) || is_letter(c); }
[[nodiscard]] constexpr bool is_high(char c) { return static_cast<unsigned char>(c) >= 0x80; }
[[nodiscard]] constexpr bool is_hex(char c) { return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f'); }
[[nodiscard]] constexpr bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
[[nodiscard]] constexpr bool is_word(char c) { return is_alnum(c) || c == '_' || is_high(c); }
[[nodiscard]] constexpr bool is_base64url(char c) { return is_alnum(c) || c == '-' || c == '_'; }

/// The byte at `at`, or NUL beyond either end (`at` may be size_t(-1)).
[[nodiscard]] constexpr char peek(std::string_view text, std::size_t at) { return at < text.size() ? text[at] : '\0'; }

}  // namespace pgveil::masking
