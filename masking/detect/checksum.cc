#include "detect/checksum.h"

#include <algorithm>
#include <array>

#include "detect/chars.h"

namespace pgveil::masking {
namespace {

bool all_digits(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_digit); }

// D5 multiplication and Verhoeff's permutation.
constexpr std::array<std::array<std::uint8_t, 10>, 10> kDihedral{{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9},
                                                                  {1, 2, 3, 4, 0, 6, 7, 8, 9, 5},
                                                                  {2, 3, 4, 0, 1, 7, 8, 9, 5, 6},
                                                                  {3, 4, 0, 1, 2, 8, 9, 5, 6, 7},
                                                                  {4, 0, 1, 2, 3, 9, 5, 6, 7, 8},
                                                                  {5, 9, 8, 7, 6, 0, 4, 3, 2, 1},
                                                                  {6, 5, 9, 8, 7, 1, 0, 4, 3, 2},
                                                                  {7, 6, 5, 9, 8, 2, 1, 0, 4, 3},
                                                                  {8, 7, 6, 5, 9, 3, 2, 1, 0, 4},
                                                                  {9, 8, 7, 6, 5, 4, 3, 2, 1, 0}}};
constexpr std::array<std::uint8_t, 10> kPermutation{1, 5, 7, 6, 2, 8, 3, 0, 9, 4};

std::uint8_t permuted(std::uint8_t digit, std::size_t times) {
    for (std::size_t i = 0; i < times % 8; ++i) digit = kPermutation[digit];
    return digit;
}

struct IbanCountry {
    std::string_view code;
    std::uint8_t length;
};
// ISO 13616 registry, plus the countries that use IBANs without being listed there.
constexpr std::array kIbanCountries = {
    IbanCountry{"AD", 24}, IbanCountry{"AE", 23}, IbanCountry{"AL", 28}, IbanCountry{"AO", 25}, IbanCountry{"AT", 20},
    IbanCountry{"AZ", 28}, IbanCountry{"BA", 20}, IbanCountry{"BE", 16}, IbanCountry{"BF", 28}, IbanCountry{"BG", 22},
    IbanCountry{"BH", 22}, IbanCountry{"BI", 27}, IbanCountry{"BJ", 28}, IbanCountry{"BR", 29}, IbanCountry{"BY", 28},
    IbanCountry{"CF", 27}, IbanCountry{"CG", 27}, IbanCountry{"CH", 21}, IbanCountry{"CI", 28}, IbanCountry{"CM", 27},
    IbanCountry{"CR", 22}, IbanCountry{"CV", 25}, IbanCountry{"CY", 28}, IbanCountry{"CZ", 24}, IbanCountry{"DE", 22},
    IbanCountry{"DJ", 27}, IbanCountry{"DK", 18}, IbanCountry{"DO", 28}, IbanCountry{"DZ", 26}, IbanCountry{"EE", 20},
    IbanCountry{"EG", 29}, IbanCountry{"ES", 24}, IbanCountry{"FI", 18}, IbanCountry{"FK", 18}, IbanCountry{"FO", 18},
    IbanCountry{"FR", 27}, IbanCountry{"GA", 27}, IbanCountry{"GB", 22}, IbanCountry{"GE", 22}, IbanCountry{"GI", 23},
    IbanCountry{"GL", 18}, IbanCountry{"GQ", 27}, IbanCountry{"GR", 27}, IbanCountry{"GT", 28}, IbanCountry{"GW", 25},
    IbanCountry{"HN", 28}, IbanCountry{"HR", 21}, IbanCountry{"HU", 28}, IbanCountry{"IE", 22}, IbanCountry{"IL", 23},
    IbanCountry{"IQ", 23}, IbanCountry{"IR", 26}, IbanCountry{"IS", 26}, IbanCountry{"IT", 27}, IbanCountry{"JO", 30},
    IbanCountry{"KM", 27}, IbanCountry{"KW", 30}, IbanCountry{"KZ", 20}, IbanCountry{"LB", 28}, IbanCountry{"LC", 32},
    IbanCountry{"LI", 21}, IbanCountry{"LT", 20}, IbanCountry{"LU", 20}, IbanCountry{"LV", 21}, IbanCountry{"LY", 25},
    IbanCountry{"MA", 28}, IbanCountry{"MC", 27}, IbanCountry{"MD", 24}, IbanCountry{"ME", 22}, IbanCountry{"MG", 27},
    IbanCountry{"MK", 19}, IbanCountry{"ML", 28}, IbanCountry{"MN", 20}, IbanCountry{"MR", 27}, IbanCountry{"MT", 31},
    IbanCountry{"MU", 30}, IbanCountry{"MZ", 25}, IbanCountry{"NE", 28}, IbanCountry{"NI", 28}, IbanCountry{"NL", 18},
    IbanCountry{"NO", 15}, IbanCountry{"OM", 23}, IbanCountry{"PK", 24}, IbanCountry{"PL", 28}, IbanCountry{"PS", 29},
    IbanCountry{"PT", 25}, IbanCountry{"QA", 29}, IbanCountry{"RO", 24}, IbanCountry{"RS", 22}, IbanCountry{"RU", 33},
    IbanCountry{"SA", 24}, IbanCountry{"SC", 31}, IbanCountry{"SD", 18}, IbanCountry{"SE", 24}, IbanCountry{"SI", 19},
    IbanCountry{"SK", 24}, IbanCountry{"SM", 27}, IbanCountry{"SN", 28}, IbanCountry{"SO", 23}, IbanCountry{"ST", 25},
    IbanCountry{"SV", 28}, IbanCountry{"TD", 27}, IbanCountry{"TG", 28}, IbanCountry{"TL", 23}, IbanCountry{"TN", 24},
    IbanCountry{"TR", 26}, IbanCountry{"UA", 29}, IbanCountry{"VA", 22}, IbanCountry{"VG", 24}, IbanCountry{"XK", 20},
    IbanCountry{"YE", 30}};

}  // namespace

bool luhn_holds(std::string_view digits) {
    if (!all_digits(digits)) return false;
    unsigned sum = 0;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        unsigned value = digit_value(digits[digits.size() - 1 - i]);
        if (i % 2 == 1) value = value * 2 > 9 ? value * 2 - 9 : value * 2;
        sum += value;
    }
    return sum % 10 == 0;
}

bool iban_mod97_holds(std::string_view compact) {
    if (compact.size() < 5) return false;
    unsigned rest = 0;
    for (std::size_t i = 0; i < compact.size(); ++i) {
        const char c = compact[(i + 4) % compact.size()];
        if (is_digit(c)) {
            rest = (rest * 10 + digit_value(c)) % 97;
        } else if (is_letter(c)) {
            rest = (rest * 100 + static_cast<unsigned>(lower(c) - 'a') + 10) % 97;
        } else {
            return false;
        }
    }
    return rest == 1;
}

bool verhoeff_holds(std::string_view digits) {
    if (!all_digits(digits)) return false;
    std::uint8_t check = 0;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        const auto value = static_cast<std::uint8_t>(digit_value(digits[digits.size() - 1 - i]));
        check = kDihedral[check][permuted(value, i)];
    }
    return check == 0;
}

bool mod11_10_holds(std::string_view digits) {
    if (!all_digits(digits) || digits.size() < 2) return false;
    unsigned product = 10;
    for (const char c : digits.substr(0, digits.size() - 1)) {
        const unsigned sum = (digit_value(c) + product) % 10;
        product = (sum == 0 ? 10 : sum) * 2 % 11;
    }
    return (11 - product) % 10 == digit_value(digits.back());
}

std::int64_t weighted_sum(std::string_view digits, std::initializer_list<int> weights) {
    if (!all_digits(digits) || digits.size() != weights.size()) return -1;
    std::int64_t sum = 0;
    std::size_t i = 0;
    for (const int weight : weights) sum += static_cast<std::int64_t>(digit_value(digits[i++])) * weight;
    return sum;
}

bool one_digit_repeated(std::string_view digits) {
    return !digits.empty() && std::ranges::all_of(digits, [&](char c) { return c == digits.front(); });
}

std::size_t iban_length(std::string_view country) {
    const auto* found = std::ranges::lower_bound(kIbanCountries, country, {}, &IbanCountry::code);
    return found != kIbanCountries.end() && found->code == country ? found->length : 0;
}

}  // namespace pgveil::masking
