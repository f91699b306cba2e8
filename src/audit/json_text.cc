#include "audit/json_text.h"

#include <charconv>

namespace pgveil::audit {
namespace {

constexpr char32_t Replacement = 0xfffd;

void append_utf8(std::string& out, char32_t c) {
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xc0 | c >> 6);
        out += static_cast<char>(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        out += static_cast<char>(0xe0 | c >> 12);
        out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
        out += static_cast<char>(0x80 | (c & 0x3f));
    } else {
        out += static_cast<char>(0xf0 | c >> 18);
        out += static_cast<char>(0x80 | (c >> 12 & 0x3f));
        out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
        out += static_cast<char>(0x80 | (c & 0x3f));
    }
}

void append_unit(std::string& out, unsigned unit) {
    constexpr std::string_view Digits = "0123456789abcdef";
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += Digits[unit >> shift & 15];
}

void append_escaped(std::string& out, char32_t c) {
    switch (c) {
        case '"': out += "\\\""; return;
        case '\\': out += "\\\\"; return;
        case '\n': out += "\\n"; return;
        case '\r': out += "\\r"; return;
        case '\t': out += "\\t"; return;
    }
    if (c < 0x10000) {
        append_unit(out, c);
        return;
    }
    append_unit(out, 0xd800 + (c - 0x10000) / 0x400);
    append_unit(out, 0xdc00 + (c - 0x10000) % 0x400);
}

bool is_plain(char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

template <class Number>
void append_digits(std::string& out, Number number) {
    char digits[24];
    const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
    out.append(digits, end);
}

}  // namespace

bool is_active(char32_t c) {
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0xad || c == 0x61c || c == 0x180e ||
           (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
           (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
           (c >= 0xe0000 && c <= 0xe0fff);
}

char32_t next_character(std::string_view text, std::size_t& at) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(at);
    if (first < 0x80) return byte(at++);
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() - at < length) return ++at, Replacement;
    char32_t c = first & (0xff >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(at + i) & 0xc0) != 0x80) return ++at, Replacement;
        c = c << 6 | (byte(at + i) & 0x3f);
    }
    const bool overlong = (length == 3 && c < 0x800) || (length == 4 && c < 0x10000);
    if (overlong || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) return ++at, Replacement;
    at += length;
    return c;
}

std::string shown(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const char32_t c = next_character(text, at);
        if (!is_active(c)) {
            append_utf8(out, c);
            continue;
        }
        char digits[12];
        const auto end = std::to_chars(digits, digits + sizeof digits, static_cast<std::uint32_t>(c), 16).ptr;
        out.append("\\u{").append(digits, end).append("}");
    }
    return out;
}

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    for (std::size_t at = 0; at < text.size();) {
        std::size_t plain = at;
        while (plain < text.size() && is_plain(text[plain])) ++plain;
        out.append(text, at, plain - at);
        at = plain;
        if (at == text.size()) break;
        const char32_t c = next_character(text, at);
        if (c == '"' || c == '\\' || is_active(c)) {
            append_escaped(out, c);
        } else {
            append_utf8(out, c);
        }
    }
    out += '"';
}

void append_number(std::string& out, std::int64_t number) { append_digits(out, number); }
void append_number(std::string& out, std::uint64_t number) { append_digits(out, number); }

std::nullopt_t JsonCursor::fail() {
    failed_ = true;
    return std::nullopt;
}

bool JsonCursor::take(char expected) {
    if (failed_ || left_.empty() || left_.front() != expected) {
        failed_ = true;
        return false;
    }
    left_.remove_prefix(1);
    return true;
}

std::optional<std::string> JsonCursor::string() {
    if (!take('"')) return std::nullopt;
    std::string out;
    while (!left_.empty()) {
        const char c = left_.front();
        left_.remove_prefix(1);
        if (c == '"') return out;
        if (static_cast<unsigned char>(c) < 0x20) return fail();
        if (c != '\\') {
            out += c;
        } else if (!escape(out)) {
            return fail();
        }
    }
    return fail();
}

bool JsonCursor::escape(std::string& out) {
    if (left_.empty()) return false;
    const char c = left_.front();
    left_.remove_prefix(1);
    switch (c) {
        case '"': out += '"'; return true;
        case '\\': out += '\\'; return true;
        case 'n': out += '\n'; return true;
        case 'r': out += '\r'; return true;
        case 't': out += '\t'; return true;
        case 'u': break;
        default: return false;  // the other short escapes are never written
    }
    const auto unit = hex4();
    if (!unit) return false;
    if (*unit < 0xd800 || *unit > 0xdfff) return append_utf8(out, *unit), true;
    if (*unit > 0xdbff || !left_.starts_with("\\u")) return false;
    left_.remove_prefix(2);
    const auto low = hex4();
    if (!low || *low < 0xdc00 || *low > 0xdfff) return false;
    append_utf8(out, 0x10000 + (*unit - 0xd800) * 0x400 + (*low - 0xdc00));
    return true;
}

std::optional<char32_t> JsonCursor::hex4() {
    if (left_.size() < 4) return std::nullopt;
    unsigned value = 0;
    const auto [end, error] = std::from_chars(left_.data(), left_.data() + 4, value, 16);
    if (error != std::errc() || end != left_.data() + 4) return std::nullopt;
    left_.remove_prefix(4);
    return static_cast<char32_t>(value);
}

template <class Number>
std::optional<Number> JsonCursor::number() {
    if (failed_) return std::nullopt;
    Number value = 0;
    const char* const begin = left_.data();
    const auto [end, error] = std::from_chars(begin, begin + left_.size(), value);
    if (error != std::errc()) return fail();
    const std::string_view digits(begin, static_cast<std::size_t>(end - begin));
    const std::string_view magnitude = digits.starts_with('-') ? digits.substr(1) : digits;
    if ((magnitude.size() > 1 && magnitude.front() == '0') || digits == "-0") return fail();
    left_.remove_prefix(digits.size());
    return value;
}

std::optional<std::int64_t> JsonCursor::integer() { return number<std::int64_t>(); }
std::optional<std::uint64_t> JsonCursor::natural() { return number<std::uint64_t>(); }

}  // namespace pgveil::audit
