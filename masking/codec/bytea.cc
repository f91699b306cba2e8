#include "codec/bytea.h"

#include "detect/chars.h"

namespace pgveil::masking {
namespace {

int hex_value(char c) { return is_digit(c) ? c - '0' : lower(c) - 'a' + 10; }

}  // namespace

bool decode_bytea_hex(std::string_view text, std::string& to) {
    to.clear();
    if (!text.starts_with("\\x") || text.size() % 2 != 0) return false;
    for (std::size_t i = 2; i < text.size(); i += 2) {
        if (!is_hex(text[i]) || !is_hex(text[i + 1])) return false;
        to.push_back(static_cast<char>(hex_value(text[i]) * 16 + hex_value(text[i + 1])));
    }
    return true;
}

void append_bytea_hex(std::string_view bytes, std::string& to) {
    constexpr std::string_view digits = "0123456789abcdef";
    to.append("\\x");
    for (const char c : bytes) {
        to.push_back(digits[static_cast<unsigned char>(c) >> 4U]);
        to.push_back(digits[static_cast<unsigned char>(c) & 15U]);
    }
}

}  // namespace pgveil::masking
