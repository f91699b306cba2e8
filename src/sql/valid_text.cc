#include <cstring>

#include "sql/analyze.h"

namespace pgveil::sql {

namespace {

/// Bytes of the UTF-8 character at `at` (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF); 0 if invalid.
std::size_t character_at(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
    const std::size_t left = text.size() - at;
    const unsigned char first = byte(0);
    const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
    if (first >= 0xC2 && first <= 0xDF) return left >= 2 && follows(1) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        if (left < 3 || !follows(1) || !follows(2)) return 0;
        if ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F)) return 0;
        return 3;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        if (left < 4 || !follows(1) || !follows(2) || !follows(3)) return 0;
        if ((first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F)) return 0;
        return 4;
    }
    return 0;
}

}  // namespace

bool valid_text(std::string_view text) {
    constexpr std::uint64_t kHigh = 0x8080808080808080ULL;
    constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
    std::size_t at = 0;
    while (at < text.size()) {
        if (text.size() - at >= 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, text.data() + at, 8);
            // No byte has its high bit, none is zero (the borrow of x - 1 reaches the high bit only from 0).
            if ((word & kHigh) == 0 && ((word - kOnes) & ~word & kHigh) == 0) {
                at += 8;
                continue;
            }
        }
        const auto first = static_cast<unsigned char>(text[at]);
        if (first == 0) return false;
        const std::size_t length = first < 0x80 ? 1 : character_at(text, at);
        if (length == 0) return false;
        at += length;
    }
    return true;
}

}  // namespace pgveil::sql
