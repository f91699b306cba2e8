// Addresses of wallets that check themselves: Base58Check (Bitcoin, Litecoin, Dogecoin, Tron) and Bech32 (BIP 173, 350).
#include <algorithm>
#include <array>

#include "detect/chars.h"
#include "detect/confirm.h"
#include "detect/sha256.h"

namespace pgveil::masking {
namespace {

constexpr std::string_view kBase58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr std::string_view kBech32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// Twenty-five bytes: version, hash of a key or script, four bytes of a double SHA-256.
bool base58check_holds(std::string_view word) {
    std::array<std::uint8_t, 25> bytes{};
    for (const char c : word) {
        std::size_t carry = kBase58.find(c);
        if (carry == std::string_view::npos) return false;
        for (std::size_t i = bytes.size(); i-- > 0;) {
            carry += std::size_t{bytes[i]} * 58;
            bytes[i] = static_cast<std::uint8_t>(carry & 0xFFU);
            carry >>= 8U;
        }
        if (carry != 0) return false;
    }
    const auto once = short_sha256(std::span(bytes).first(21));
    const auto twice = short_sha256(once);
    return std::equal(bytes.begin() + 21, bytes.end(), twice.begin());
}

bool bech32_holds(std::string_view word) {
    const std::size_t one = word.rfind('1');
    if (one == std::string_view::npos || one == 0 || word.size() - one < 8) return false;
    std::uint32_t sum = 1;
    const auto step = [&](std::uint32_t value) {
        constexpr std::array<std::uint32_t, 5> generator{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
        const std::uint32_t top = sum >> 25U;
        sum = (sum & 0x1ffffffU) << 5U ^ value;
        for (std::size_t i = 0; i < 5; ++i) sum ^= (top >> i & 1U) != 0 ? generator[i] : 0U;
    };
    for (std::size_t i = 0; i < one; ++i) step(static_cast<std::uint32_t>(lower(word[i])) >> 5U);
    step(0);
    for (std::size_t i = 0; i < one; ++i) step(static_cast<std::uint32_t>(lower(word[i])) & 31U);
    for (std::size_t i = one + 1; i < word.size(); ++i) {
        const std::size_t value = kBech32.find(lower(word[i]));
        if (value == std::string_view::npos) return false;
        step(static_cast<std::uint32_t>(value));
    }
    return sum == 1 || sum == 0x2bc830a3;
}

}  // namespace

Answer confirm_wallet(const Candidate& c) {
    if (c.end == 0) return std::nullopt;
    // The pattern ends at the 26th letter or later: the word goes on to its own end.
    std::size_t start = c.end, end = c.end;
    while (start > 0 && c.end - start < 100 && is_alnum(c.text[start - 1])) --start;
    while (end < c.text.size() && end - start < 100 && is_alnum(c.text[end])) ++end;
    const std::string_view word = c.text.substr(start, end - start);
    if (word.size() < 26 || word.size() > 90 || is_word(peek(c.text, start - 1)) || is_word(peek(c.text, end))) return std::nullopt;
    const bool base58 = word.size() <= 35 && base58check_holds(word);
    return base58 || bech32_holds(word) ? Answer(Confirmed{start, end, 1.0}) : std::nullopt;
}

}  // namespace pgveil::masking
