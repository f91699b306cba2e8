#include "crypto/encode.h"

#include <array>

namespace pgveil::crypto {
namespace {

constexpr std::string_view HexDigits = "0123456789abcdef";
constexpr std::string_view Base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view Base32Digits = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr Byte Foreign = 0xff;

constexpr std::array<Byte, 256> table_of(std::string_view digits) {
    std::array<Byte, 256> table{};
    table.fill(Foreign);
    for (std::size_t i = 0; i < digits.size(); ++i) table[static_cast<Byte>(digits[i])] = static_cast<Byte>(i);
    return table;
}

constexpr auto Base64Values = table_of(Base64Digits);

constexpr std::array<Byte, 256> hex_table() {
    auto table = table_of(HexDigits);
    for (std::size_t i = 10; i < 16; ++i) table['A' + (i - 10)] = static_cast<Byte>(i);
    return table;
}

constexpr auto HexValues = hex_table();

/// How many '=' end a text of full quads; 3 when the padding is impossible.
std::size_t padding_of(std::string_view text) {
    std::size_t count = 0;
    while (count < text.size() && text[text.size() - 1 - count] == '=') ++count;
    return count <= 2 ? count : 3;
}

}  // namespace

std::string hex(ByteView bytes) {
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const Byte b : bytes) {
        out += HexDigits[b >> 4];
        out += HexDigits[b & 15];
    }
    return out;
}

std::optional<Bytes> from_hex(std::string_view text) {
    if (text.size() % 2 != 0) return std::nullopt;
    Bytes out;
    out.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const Byte high = HexValues[static_cast<Byte>(text[i])];
        const Byte low = HexValues[static_cast<Byte>(text[i + 1])];
        if (high == Foreign || low == Foreign) return std::nullopt;
        out.push_back(static_cast<Byte>(high << 4 | low));
    }
    return out;
}

std::string base64(ByteView bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t group = static_cast<std::uint32_t>(bytes[i]) << 16;
        if (have > 1) group |= static_cast<std::uint32_t>(bytes[i + 1]) << 8;
        if (have > 2) group |= bytes[i + 2];
        out += Base64Digits[group >> 18];
        out += Base64Digits[group >> 12 & 63];
        out += have > 1 ? Base64Digits[group >> 6 & 63] : '=';
        out += have > 2 ? Base64Digits[group & 63] : '=';
    }
    return out;
}

std::optional<Bytes> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    const std::size_t padding = padding_of(text);
    if (padding > 2) return std::nullopt;
    text.remove_suffix(padding);
    Bytes out;
    out.reserve(text.size() * 3 / 4);
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (const char c : text) {
        const Byte value = Base64Values[static_cast<Byte>(c)];
        if (value == Foreign) return std::nullopt;
        bits = bits << 6 | value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out.push_back(static_cast<Byte>(bits >> held));
            bits &= (1U << held) - 1;
        }
    }
    // Two texts must never mean the same bytes: what does not fill a byte has to be zero.
    if (bits != 0) return std::nullopt;
    return out;
}

std::string base32(ByteView bytes) {
    std::string out;
    out.reserve((bytes.size() * 8 + 4) / 5);
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (const Byte b : bytes) {
        bits = (bits << 8 | b) & 0xfff;
        held += 8;
        while (held >= 5) {
            held -= 5;
            out += Base32Digits[bits >> held & 31];
        }
    }
    if (held > 0) out += Base32Digits[bits << (5 - held) & 31];
    return out;
}

}  // namespace pgveil::crypto
