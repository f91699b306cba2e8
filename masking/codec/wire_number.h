// Numbers in network byte order, as every binary form of PostgreSQL has them. Pure; hostile bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace pgveil::masking {

/// Takes a number off the front of `rest`; false if there are too few bytes.
template <class Number>
[[nodiscard]] bool take_number(std::string_view& rest, Number& value) {
    using Bits = std::make_unsigned_t<Number>;
    if (rest.size() < sizeof(Number)) return false;
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < sizeof(Number); ++i) bits = (bits << 8U) | static_cast<unsigned char>(rest[i]);
    value = static_cast<Number>(static_cast<Bits>(bits));
    rest.remove_prefix(sizeof(Number));
    return true;
}

template <class Number>
void append_number(Number value, std::string& to) {
    const auto bits = static_cast<std::uint64_t>(value);
    for (std::size_t i = sizeof(Number); i-- > 0;) to.push_back(static_cast<char>((bits >> (8 * i)) & 0xFFU));
}

inline void put_int32(std::string& to, std::size_t at, std::int32_t value) {
    const auto bits = static_cast<std::uint32_t>(value);
    for (std::size_t i = 0; i < 4; ++i) to[at + i] = static_cast<char>((bits >> (24 - 8 * i)) & 0xFFU);
}

}  // namespace pgveil::masking
