#include "codec/utf8.h"

#include <cstring>

namespace pgveil::masking {
namespace {

bool continues(unsigned char byte) { return (byte & 0xC0U) == 0x80U; }

struct Lead {
    std::uint8_t size;
    std::uint32_t bits, least;
};

Lead lead_of(unsigned char byte) {
    if (byte < 0x80) return {1, byte, 0};
    if (byte >= 0xC2 && byte <= 0xDF) return {2, byte & 0x1FU, 0x80};
    if (byte >= 0xE0 && byte <= 0xEF) return {3, byte & 0x0FU, 0x800};
    if (byte >= 0xF0 && byte <= 0xF4) return {4, byte & 0x07U, 0x10000};
    return {0, 0, 0};
}

}  // namespace

CodePoint code_point_at(std::string_view text, std::size_t at) {
    if (at >= text.size()) return {};
    const Lead lead = lead_of(static_cast<unsigned char>(text[at]));
    if (lead.size == 0 || text.size() - at < lead.size) return {};
    std::uint32_t value = lead.bits;
    for (std::size_t i = 1; i < lead.size; ++i) {
        const auto byte = static_cast<unsigned char>(text[at + i]);
        if (!continues(byte)) return {};
        value = (value << 6U) | (byte & 0x3FU);
    }
    if (value < lead.least || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return {};
    return {value, lead.size};
}

std::size_t valid_utf8_prefix(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        std::uint64_t word = 0;
        if (text.size() - at >= 8) {
            std::memcpy(&word, text.data() + at, 8);
            if ((word & 0x8080808080808080ULL) == 0) {
                at += 8;
                continue;
            }
        }
        const CodePoint point = code_point_at(text, at);
        if (point.size == 0) return at;
        at += point.size;
    }
    return at;
}

bool is_ascii(std::string_view text) {
    std::size_t at = 0;
    for (; text.size() - at >= 8; at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + at, 8);
        if ((word & 0x8080808080808080ULL) != 0) return false;
    }
    for (; at < text.size(); ++at) {
        if (static_cast<unsigned char>(text[at]) >= 0x80) return false;
    }
    return true;
}

void append_utf8(std::string& to, std::uint32_t value) {
    if (value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) value = 0xFFFD;
    const auto low = [&](unsigned shift) { return static_cast<char>(0x80U | ((value >> shift) & 0x3FU)); };
    if (value < 0x80) {
        to.push_back(static_cast<char>(value));
    } else if (value < 0x800) {
        to.push_back(static_cast<char>(0xC0U | (value >> 6U)));
        to.push_back(low(0));
    } else if (value < 0x10000) {
        to.push_back(static_cast<char>(0xE0U | (value >> 12U)));
        to.push_back(low(6));
        to.push_back(low(0));
    } else {
        to.push_back(static_cast<char>(0xF0U | (value >> 18U)));
        to.push_back(low(12));
        to.push_back(low(6));
        to.push_back(low(0));
    }
}

std::size_t count_code_points(std::string_view text) {
    std::size_t count = 0;
    for (const char c : text) count += continues(static_cast<unsigned char>(c)) ? 0 : 1;
    return count;
}

}  // namespace pgveil::masking
