#include "relay/canonical.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <optional>

namespace pgveil::relay {
namespace {

using namespace type_oid;

std::optional<std::uint64_t> big_endian(ByteView bytes, std::size_t size) {
    if (bytes.size() != size) return std::nullopt;
    std::uint64_t value = 0;
    for (const Byte b : bytes) value = value << 8U | b;
    return value;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    if (text.starts_with('+')) text.remove_prefix(1);
    return text;
}

template <class Number>
std::optional<std::string> number_text(std::string_view text) {
    Number value{};
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
    char out[64];
    return std::string(out, std::to_chars(out, out + sizeof out, value).ptr);
}

template <class Number>
std::string printed(Number value) {
    char out[64];
    return {out, std::to_chars(out, out + sizeof out, value).ptr};
}

std::optional<std::string> integer(const BoundParameter& p, std::size_t size) {
    if (p.format == Format::Text) return number_text<std::int64_t>(trimmed(text_of(p.value)));
    const auto raw = big_endian(p.value, size);
    if (!raw) return std::nullopt;
    const unsigned shift = 64 - 8 * static_cast<unsigned>(size);
    return printed(static_cast<std::int64_t>(*raw << shift) >> shift);   // sign-extended
}

std::optional<std::string> floating(const BoundParameter& p, std::size_t size) {
    if (p.format == Format::Text) return number_text<double>(trimmed(text_of(p.value)));
    const auto raw = big_endian(p.value, size);
    if (!raw) return std::nullopt;
    return size == 4 ? printed(std::bit_cast<float>(static_cast<std::uint32_t>(*raw))) : printed(std::bit_cast<double>(*raw));
}

std::optional<std::string> boolean(const BoundParameter& p) {
    if (p.format == Format::Binary) return p.value.size() == 1 ? std::optional<std::string>(p.value[0] != 0 ? "t" : "f") : std::nullopt;
    std::string word(trimmed(text_of(p.value)));
    std::ranges::transform(word, word.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    for (const char* yes : {"t", "true", "y", "yes", "on", "1"}) if (word == yes) return "t";
    for (const char* no : {"f", "false", "n", "no", "off", "0"}) if (word == no) return "f";
    return std::nullopt;
}

std::string hex(ByteView bytes) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (const Byte b : bytes) {
        out.push_back(digits[b >> 4U]);
        out.push_back(digits[b & 15U]);
    }
    return out;
}

std::optional<std::string> uuid(const BoundParameter& p) {
    if (p.format == Format::Binary) {
        if (p.value.size() != 16) return std::nullopt;
        std::string out = hex(p.value);
        for (const std::size_t at : {8U, 13U, 18U, 23U}) out.insert(at, "-");
        return out;
    }
    std::string out(text_of(p.value));
    std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
    return out.size() == 36 ? std::optional(out) : std::nullopt;
}

std::optional<std::string> text_form(const BoundParameter& p) {
    const Oid type = p.type;
    if (type == Int2) return integer(p, 2);
    if (type == Int4) return integer(p, 4);
    if (type == Int8) return integer(p, 8);
    if (type == Float4) return floating(p, 4);
    if (type == Float8) return floating(p, 8);
    if (type == Bool) return boolean(p);
    if (type == Uuid) return uuid(p);
    if (type == Bytea && p.format == Format::Binary) return "\\x" + hex(p.value);
    if (type == Jsonb && p.format == Format::Binary) {
        return !p.value.empty() && p.value[0] == 1 ? std::optional(std::string(text_of(ByteView(p.value).subspan(1)))) : std::nullopt;
    }
    if (type == Text || type == Varchar || type == Bpchar || type == Name || type == Json || type == Xml || type == Unknown) {
        return std::string(text_of(p.value));   // the same bytes in both formats
    }
    return std::nullopt;
}

}  // namespace

BoundParameter canonical(BoundParameter parameter) {
    if (parameter.is_null) {
        parameter.value.clear();
        parameter.format = Format::Text;
        return parameter;
    }
    if (auto text = text_form(parameter)) {
        parameter.value = copy_of(bytes_of(*text));
        parameter.format = Format::Text;
    }
    return parameter;
}

}  // namespace pgveil::relay
