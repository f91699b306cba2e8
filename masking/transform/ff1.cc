#include "transform/ff1.h"

#include <algorithm>
#include <array>
#include <bit>

namespace pgveil::masking {
namespace {

__extension__ using Wide = unsigned __int128;
constexpr unsigned kWidest = 120;   // bits of half a string: a byte more still fits into Wide

unsigned bits_of(Wide value) {
    const auto high = static_cast<std::uint64_t>(value >> 64U), low = static_cast<std::uint64_t>(value);
    return static_cast<unsigned>(high != 0 ? 64 + std::bit_width(high) : std::bit_width(low));
}

/// radix^exponent, or 0 if it is wider than kWidest.
Wide power(std::uint32_t radix, std::size_t exponent) {
    Wide value = 1;
    for (std::size_t i = 0; i < exponent; ++i) {
        value *= radix;
        if (bits_of(value) > kWidest) return 0;
    }
    return value;
}

Wide number_of(std::span<const std::uint16_t> numerals, std::uint32_t radix) {
    Wide value = 0;
    for (const std::uint16_t numeral : numerals) value = value * radix + numeral;
    return value;
}

void write_number(Wide value, std::uint32_t radix, std::span<std::uint16_t> numerals) {
    for (std::size_t i = numerals.size(); i-- > 0; value /= radix) numerals[i] = static_cast<std::uint16_t>(value % radix);
}

/// What does not change from round to round.
struct Rounds {
    const BlockCipher& cipher;
    std::uint32_t radix;
    ByteView tweak;
    std::size_t n, u, v;
    Wide radix_u, radix_v;
    std::size_t b, d;            // bytes of half a string, bytes of pseudorandom number

    /// The round function: y of steps 6.i to 6.iv, modulo radix^m.
    [[nodiscard]] Wide y(unsigned round, Wide b_number) const {
        std::array<Byte, 16 * 8> q{};
        const std::size_t zeros = (16 - (tweak.size() + b + 1) % 16) % 16, size = tweak.size() + zeros + 1 + b;
        std::ranges::copy(tweak, q.begin());
        q[tweak.size() + zeros] = static_cast<Byte>(round);
        for (std::size_t i = 0; i < b; ++i) q[size - 1 - i] = static_cast<Byte>(b_number >> (8 * i));
        BlockCipher::Block block = header();
        block = cipher.encrypt(block);
        for (std::size_t at = 0; at < size; at += 16) {
            for (std::size_t i = 0; i < 16; ++i) block[i] ^= q[at + i];
            block = cipher.encrypt(block);
        }
        const Wide modulus = round % 2 == 0 ? radix_u : radix_v;
        Wide value = 0;
        BlockCipher::Block part = block;
        for (std::size_t i = 0; i < d; ++i) {
            if (i != 0 && i % 16 == 0) {
                part = block;
                part[15] ^= static_cast<Byte>(i / 16);
                part = cipher.encrypt(part);
            }
            value = ((value << 8U) | part[i % 16]) % modulus;
        }
        return value;
    }

    [[nodiscard]] BlockCipher::Block header() const {
        BlockCipher::Block p{1, 2, 1};
        for (unsigned i = 0; i < 3; ++i) p[3 + i] = static_cast<Byte>(radix >> (16 - 8 * i));
        p[6] = 10;
        p[7] = static_cast<Byte>(u);
        for (unsigned i = 0; i < 4; ++i) {
            p[8 + i] = static_cast<Byte>(n >> (24 - 8 * i));
            p[12 + i] = static_cast<Byte>(tweak.size() >> (24 - 8 * i));
        }
        return p;
    }
};

}  // namespace

bool ff1(const BlockCipher& cipher, Direction direction, std::uint32_t radix, ByteView tweak, std::span<std::uint16_t> numerals) {
    const std::size_t n = numerals.size(), u = n / 2, v = n - u;
    if (n < 2 || n > kMostNumerals || radix < 2 || radix > 65536 || tweak.size() > kMostTweak) return false;
    const Wide radix_u = power(radix, u), radix_v = power(radix, v);
    if (radix_v == 0) return false;
    if (bits_of(radix_v) <= 32 && radix_u * radix_v < kLeastDomain) return false;
    if (std::ranges::any_of(numerals, [&](std::uint16_t numeral) { return numeral >= radix; })) return false;
    const std::size_t b = (bits_of(radix_v - 1) + 7) / 8;
    const Rounds rounds{cipher, radix, tweak, n, u, v, radix_u, radix_v, b, 4 * ((b + 3) / 4) + 4};
    Wide a = number_of(numerals.first(u), radix), c = number_of(numerals.last(v), radix);
    for (unsigned i = 0; i < 10; ++i) {
        if (direction == Direction::Encrypt) {
            const Wide modulus = i % 2 == 0 ? radix_u : radix_v;
            const Wide next = (a + rounds.y(i, c)) % modulus;
            a = c;
            c = next;
        } else {
            const unsigned round = 9 - i;
            const Wide modulus = round % 2 == 0 ? radix_u : radix_v;
            const Wide previous = (c + modulus - rounds.y(round, a)) % modulus;
            c = a;
            a = previous;
        }
    }
    write_number(a, radix, numerals.first(u));
    write_number(c, radix, numerals.last(v));
    return true;
}

}  // namespace pgveil::masking
