#include "auth/scram_text.h"

#include <algorithm>

namespace pgveil::auth {

bool ScramText::skip(char expected) {
    if (peek() != expected || left_.empty()) return false;
    left_.remove_prefix(1);
    return true;
}

std::optional<std::string_view> ScramText::value_of(char name) {
    if (!skip(name) || !skip('=')) return std::nullopt;
    return rest_value();
}

std::optional<std::string_view> ScramText::any_value(char& name) {
    const char c = peek();
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) return std::nullopt;
    name = c;
    return value_of(c);
}

std::string_view ScramText::rest_value() {
    const std::size_t comma = left_.find(',');
    const std::string_view value = left_.substr(0, comma);
    left_ = comma == std::string_view::npos ? std::string_view{} : left_.substr(comma + 1);
    return value;
}

bool is_scram_printable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= 0x21 && c <= 0x7e && c != ','; });
}

}  // namespace pgveil::auth
