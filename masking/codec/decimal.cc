#include "codec/decimal.h"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

#include "codec/wire_number.h"
#include "detect/chars.h"

namespace pgveil::masking {
namespace {

constexpr std::size_t kMostDigits = 400;     // beyond it nobody keeps an identity

template <class Number>
std::optional<std::string> read_integer(std::string_view value) {
    Number number = 0;
    if (!take_number(value, number) || !value.empty()) return std::nullopt;
    return std::to_string(number);
}

std::optional<std::string> from_double(double value) {
    if (!std::isfinite(value) || std::fabs(value) >= 1e300) return std::nullopt;
    std::array<char, 400> text{};
    const auto done = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (done.ec != std::errc{}) return std::nullopt;
    return canonical_decimal({text.data(), static_cast<std::size_t>(done.ptr - text.data())});
}

/// A float4's own shortest digits, so that its text and its binary form are the same number.
std::optional<std::string> from_float(float value) {
    if (!std::isfinite(value)) return std::nullopt;
    std::array<char, 100> text{};
    const auto done = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (done.ec != std::errc{}) return std::nullopt;
    return canonical_decimal({text.data(), static_cast<std::size_t>(done.ptr - text.data())});
}

std::optional<std::string> read_binary_float(Oid type, std::string_view value) {
    if (type == type_oid::Float4) {
        std::uint32_t bits = 0;
        return take_number(value, bits) && value.empty() ? from_float(std::bit_cast<float>(bits)) : std::nullopt;
    }
    std::uint64_t bits = 0;
    return take_number(value, bits) && value.empty() ? from_double(std::bit_cast<double>(bits)) : std::nullopt;
}

std::optional<std::string> read_binary_numeric(std::string_view value) {
    std::int16_t count = 0, weight = 0, scale = 0;
    std::uint16_t sign = 0;
    if (!take_number(value, count) || !take_number(value, weight) || !take_number(value, sign) || !take_number(value, scale)) return std::nullopt;
    if (count < 0 || value.size() != static_cast<std::size_t>(count) * 2 || (sign != 0 && sign != 0x4000)) return std::nullopt;
    if (weight > 90 || weight < -90 || count > 180) return std::nullopt;
    std::string text = sign == 0 ? "" : "-";
    if (weight < 0) text += "0.";
    for (int i = -1; i > weight; --i) text += "0000";
    for (std::int16_t i = 0; i < count; ++i) {
        std::int16_t digit = 0;
        if (!take_number(value, digit) || digit < 0 || digit > 9999) return std::nullopt;
        if (i == weight + 1 && weight >= 0) text += '.';
        const std::string four = std::to_string(10000 + digit);
        text.append(four, 1);
    }
    for (int i = count; i <= weight; ++i) text += "0000";
    return canonical_decimal(text);
}

/// "$1,234.50", "-1 234,50 €": the digits count hundredths.
std::optional<std::string> read_money(std::string_view text) {
    std::string digits;
    for (const char c : text) {
        if (is_digit(c)) digits += c;
        if ((c == '-' || c == '(') && digits.empty()) digits = "-";
    }
    return canonical_decimal(digits);
}

std::optional<std::string> read_text(Oid type, std::string_view value) {
    if (type == type_oid::Money) return read_money(value);
    if (const auto plain = canonical_decimal(value)) return plain;
    if (type != type_oid::Float4 && type != type_oid::Float8) return std::nullopt;
    double number = 0;
    const auto done = std::from_chars(value.data(), value.data() + value.size(), number);
    if (done.ec != std::errc{} || done.ptr != value.data() + value.size()) return std::nullopt;
    return type == type_oid::Float4 ? from_float(static_cast<float>(number)) : from_double(number);
}

void append_binary_numeric(std::int64_t value, std::string& to) {
    auto rest = value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
    std::array<std::int16_t, 5> digits{};
    std::int16_t count = 0;
    for (; rest != 0; rest /= 10000) digits[static_cast<std::size_t>(count++)] = static_cast<std::int16_t>(rest % 10000);
    append_number(count, to);
    append_number(static_cast<std::int16_t>(count == 0 ? 0 : count - 1), to);
    append_number(static_cast<std::uint16_t>(value < 0 ? 0x4000 : 0), to);
    append_number(std::int16_t{0}, to);
    while (count > 0) append_number(digits[static_cast<std::size_t>(--count)], to);
}

template <class Number>
bool fits(std::int64_t value) {
    return value >= std::numeric_limits<Number>::min() && value <= std::numeric_limits<Number>::max();
}

bool append_binary(std::int64_t value, Oid type, std::string& to) {
    if (type == type_oid::Int2) append_number(static_cast<std::int16_t>(value), to);
    else if (type == type_oid::Int4) append_number(static_cast<std::int32_t>(value), to);
    else if (type == type_oid::Int8 || type == type_oid::Money) append_number(value, to);
    else if (type == type_oid::Numeric) append_binary_numeric(value, to);
    else if (type == type_oid::Float4) append_number(std::bit_cast<std::uint32_t>(static_cast<float>(value)), to);
    else append_number(std::bit_cast<std::uint64_t>(static_cast<double>(value)), to);
    return true;
}

}  // namespace

bool is_number_type(Oid type) {
    for (const Oid known : {type_oid::Int2, type_oid::Int4, type_oid::Int8, type_oid::Numeric, type_oid::Float4, type_oid::Float8, type_oid::Money}) {
        if (type == known) return true;
    }
    return false;
}

std::optional<std::string> canonical_decimal(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    const std::size_t dot = text.find('.');
    std::string_view whole = text.substr(0, dot), fraction = dot == std::string_view::npos ? std::string_view() : text.substr(dot + 1);
    if (text.size() > kMostDigits || (whole.empty() && fraction.empty())) return std::nullopt;
    for (const std::string_view part : {whole, fraction}) {
        for (const char c : part) {
            if (!is_digit(c)) return std::nullopt;
        }
    }
    while (whole.size() > 1 && whole.front() == '0') whole.remove_prefix(1);
    while (!fraction.empty() && fraction.back() == '0') fraction.remove_suffix(1);
    if (whole.empty()) whole = "0";
    std::string canonical = negative && (whole != "0" || !fraction.empty()) ? "-" : "";
    canonical.append(whole);
    if (!fraction.empty()) canonical.append(".").append(fraction);
    return canonical;
}

std::optional<std::string> read_decimal(Oid type, Format format, std::string_view value) {
    if (format == Format::Text) return read_text(type, value);
    if (type == type_oid::Int2) return read_integer<std::int16_t>(value);
    if (type == type_oid::Int4) return read_integer<std::int32_t>(value);
    if (type == type_oid::Int8 || type == type_oid::Money) return read_integer<std::int64_t>(value);
    return type == type_oid::Numeric ? read_binary_numeric(value) : read_binary_float(type, value);
}

bool append_integer(std::int64_t value, Oid type, Format format, std::string& to) {
    if (type == type_oid::Int2 && !fits<std::int16_t>(value)) return false;
    if (type == type_oid::Int4 && !fits<std::int32_t>(value)) return false;
    if (type == type_oid::Float4 && (value > 16'777'216 || value < -16'777'216)) return false;
    if (type == type_oid::Float8 && (value > 9'007'199'254'740'992 || value < -9'007'199'254'740'992)) return false;
    if (type == type_oid::Money && value % 100 != 0) return false;
    if (format == Format::Binary) return append_binary(value, type, to);
    to += std::to_string(type == type_oid::Money ? value / 100 : value);
    return true;
}

}  // namespace pgveil::masking
