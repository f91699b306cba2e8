#include "control/visible_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace pgveil::control {
namespace {

struct Range {
    std::uint32_t first, last;
};

// Unicode 15: categories Cc, Cf, Zl, Zp, Zs but the space, Co, Cs, and the letters and marks that show nothing.
constexpr std::array kInert{
    Range{0x00, 0x1F},       Range{0x7F, 0xA0},       Range{0xAD, 0xAD},       Range{0x34F, 0x34F},
    Range{0x600, 0x605},     Range{0x61C, 0x61C},     Range{0x6DD, 0x6DD},     Range{0x70F, 0x70F},
    Range{0x890, 0x891},     Range{0x8E2, 0x8E2},     Range{0x115F, 0x1160},   Range{0x1680, 0x1680},
    Range{0x17B4, 0x17B5},   Range{0x180B, 0x180F},   Range{0x2000, 0x200F},   Range{0x2028, 0x202F},
    Range{0x205F, 0x206F},   Range{0x2800, 0x2800},   Range{0x3000, 0x3000},   Range{0x3164, 0x3164},
    Range{0xD800, 0xF8FF},   Range{0xFE00, 0xFE0F},   Range{0xFEFF, 0xFEFF},   Range{0xFFA0, 0xFFA0},
    Range{0xFFF0, 0xFFFF},   Range{0x110BD, 0x110BD}, Range{0x110CD, 0x110CD}, Range{0x13430, 0x1343F},
    Range{0x1BCA0, 0x1BCA3}, Range{0x1D173, 0x1D17A}, Range{0xE0000, 0x10FFFF}};

bool is_inert(std::uint32_t point) {
    return std::ranges::any_of(kInert, [point](Range r) { return point >= r.first && point <= r.last; });
}

struct Decoded {
    std::uint32_t point = 0;
    std::size_t size = 0;   // 0: not UTF-8
};

Decoded decode(std::string_view text) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = at(0);
    if (lead < 0x80) return {lead, 1};
    const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
    if (size == 0 || lead > 0xF4 || size > text.size()) return {};
    std::uint32_t point = lead & (0x7FU >> size);
    for (std::size_t i = 1; i < size; ++i) {
        if ((at(i) & 0xC0) != 0x80) return {};
        point = point << 6 | (at(i) & 0x3FU);
    }
    constexpr std::array<std::uint32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
    if (point < least[size] || point > 0x10FFFF) return {};
    return {point, size};
}

/// Appends one character of `text`, made visible, and takes it off.
void take_one(std::string& out, std::string_view& text, Lines lines) {
    const auto [point, size] = decode(text);
    if (size == 0) {
        out += fmt::format("<0x{:02X}>", static_cast<unsigned char>(text.front()));
        text.remove_prefix(1);
        return;
    }
    const bool layout = lines == Lines::Many && (point == '\n' || point == '\t');
    if (is_inert(point) && !layout) out += fmt::format("<U+{:04X}>", point);
    else out += text.substr(0, size);
    text.remove_prefix(size);
}

}  // namespace

std::string visible(std::string_view text, Lines lines) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) take_one(out, text, lines);
    return out;
}

std::string excerpt(std::string_view text, std::size_t most) {
    std::string out;
    for (std::size_t taken = 0; !text.empty(); ++taken) {
        if (taken == most) return out + "...";
        if (text.front() == '\n' || text.front() == '\t') {   // a plain line break is no trick: show it as a space
            out += ' ';
            text.remove_prefix(1);
        } else {
            take_one(out, text, Lines::One);
        }
    }
    return out;
}

}  // namespace pgveil::control
