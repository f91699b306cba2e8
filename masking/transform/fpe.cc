#include "transform/fpe.h"

#include <algorithm>
#include <array>
#include <bit>

#include "detect/chars.h"

namespace pgveil::masking {
namespace {

__extension__ using Wide = unsigned __int128;
constexpr std::size_t kMostLetters = 56;
constexpr unsigned kMostBits = 120;

ByteView tweak_of(std::string_view class_name) { return bytes_of(class_name.substr(0, kMostTweak)); }

/// Luhn's digit for what stands in front of the last of `digits`.
unsigned luhn_digit(std::span<const std::uint16_t> digits) {
    unsigned sum = 0;
    for (std::size_t i = 2; i <= digits.size(); ++i) {
        unsigned value = digits[digits.size() - i];
        if (i % 2 == 0) value = value * 2 > 9 ? value * 2 - 9 : value * 2;
        sum += value;
    }
    return (10 - sum % 10) % 10;
}

/// Digits alone. A card's last digit keeps its distance from Luhn's and moves one further: never right if it was.
bool transform_digits(const BlockCipher& cipher, Direction direction, std::string_view class_name, std::span<std::uint16_t> digits) {
    const bool card = class_name == "CREDIT_CARD" && digits.size() >= 12;
    const unsigned before = card ? luhn_digit(digits) : 0;
    if (!ff1(cipher, direction, 10, tweak_of(class_name), card ? digits.first(digits.size() - 1) : digits)) return false;
    if (!card) return true;
    const unsigned distance = (digits.back() + 10 - before) % 10, moved = direction == Direction::Encrypt ? distance + 1 : distance + 9;
    digits.back() = static_cast<std::uint16_t>((luhn_digit(digits) + moved) % 10);
    return true;
}

/// Numbers below `domain`: FF1 over their bits, again and again until the answer is below it too.
std::optional<Wide> walk(const BlockCipher& cipher, Direction direction, std::string_view class_name, Wide value, Wide domain) {
    std::array<std::uint16_t, kMostBits> bits{};
    unsigned size = 0;
    for (Wide left = domain - 1; left != 0; left >>= 1U) ++size;
    if (size > kMostBits || domain < kLeastDomain) return std::nullopt;
    const std::span<std::uint16_t> numerals(bits.data(), size);
    do {
        for (unsigned i = 0; i < size; ++i) numerals[size - 1 - i] = static_cast<std::uint16_t>(value >> i & 1U);
        if (!ff1(cipher, direction, 2, tweak_of(class_name), numerals)) return std::nullopt;
        value = 0;
        for (const std::uint16_t bit : numerals) value = value << 1U | bit;
    } while (value >= domain);
    return value;
}

struct Symbol {
    std::uint32_t base = 0;      // 10, 26, or 0 for what stays
    std::uint32_t value = 0;
};

Symbol symbol_of(char c) {
    if (is_digit(c)) return {10, digit_value(c)};
    return is_letter(c) ? Symbol{26, static_cast<std::uint32_t>(lower(c) - 'a')} : Symbol{};
}

char character_of(char like, std::uint32_t value) {
    if (is_digit(like)) return static_cast<char>('0' + value);
    return static_cast<char>((is_upper(like) ? 'A' : 'a') + static_cast<char>(value));
}

bool transform_mixed(const BlockCipher& cipher, Direction direction, std::string_view class_name, std::string_view value, std::string& to) {
    Wide number = 0, domain = 1;
    for (const char c : value) {
        const Symbol symbol = symbol_of(c);
        if (symbol.base == 0) continue;
        if (domain > (Wide{1} << kMostBits) / symbol.base) return false;
        number = number * symbol.base + symbol.value;
        domain *= symbol.base;
    }
    auto moved = walk(cipher, direction, class_name, number, domain);
    if (!moved) return false;
    const std::size_t from = to.size();
    to.append(value);
    for (std::size_t i = to.size(); i-- > from;) {
        const Symbol symbol = symbol_of(to[i]);
        if (symbol.base == 0) continue;
        to[i] = character_of(to[i], static_cast<std::uint32_t>(*moved % symbol.base));
        *moved /= symbol.base;
    }
    return true;
}

}  // namespace

bool append_fpe(const BlockCipher& cipher, Direction direction, std::string_view class_name, std::string_view value, std::string& to) {
    std::array<std::uint16_t, kMostLetters> digits{};
    std::size_t count = 0;
    for (const char c : value) {
        if (is_high(c) || static_cast<unsigned char>(c) < 0x20) return false;
        if (is_letter(c)) return transform_mixed(cipher, direction, class_name, value, to);
        if (!is_digit(c)) continue;
        if (count == digits.size()) return false;
        digits[count++] = static_cast<std::uint16_t>(digit_value(c));
    }
    if (count < 6 || !transform_digits(cipher, direction, class_name, std::span(digits).first(count))) return false;
    std::size_t next = 0;
    for (const char c : value) to.push_back(is_digit(c) ? static_cast<char>('0' + digits[next++]) : c);
    return true;
}

std::optional<std::int64_t> fpe_integer(const BlockCipher& cipher, Direction direction, std::string_view class_name, std::int64_t value) {
    constexpr std::uint64_t small = std::uint64_t{1} << 31U, large = std::uint64_t{1} << 63U;
    const auto size = value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
    if (size == large) return std::nullopt;
    const Wide from = size < small ? 0 : small, domain = size < small ? small : large - small;
    const auto moved = walk(cipher, direction, class_name, size - from, domain);
    if (!moved) return std::nullopt;
    const auto made = static_cast<std::int64_t>(static_cast<std::uint64_t>(*moved + from));
    return value < 0 ? -made : made;
}

bool fpe_bytes(const BlockCipher& cipher, Direction direction, std::string_view class_name, std::span<Byte> bytes) {
    std::array<std::uint16_t, kMostNumerals> bits{};
    if (bytes.size() * 8 > bits.size()) return false;
    const std::span<std::uint16_t> numerals(bits.data(), bytes.size() * 8);
    for (std::size_t i = 0; i < numerals.size(); ++i) numerals[i] = static_cast<std::uint16_t>(bytes[i / 8] >> (7 - i % 8) & 1U);
    if (!ff1(cipher, direction, 2, tweak_of(class_name), numerals)) return false;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        unsigned value = 0;
        for (std::size_t bit = 0; bit < 8; ++bit) value = value << 1U | numerals[i * 8 + bit];
        bytes[i] = static_cast<Byte>(value);
    }
    return true;
}

}  // namespace pgveil::masking
