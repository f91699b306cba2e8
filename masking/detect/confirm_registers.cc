// Numbers of businesses and tax offices with check digits, country by country.
#include <algorithm>

#include "detect/chars.h"
#include "detect/checksum.h"
#include "detect/confirm_parts.h"

namespace pgveil::masking {

/// ABN: the first digit less one, weights 10 1 3 5 .. 19, a multiple of 89.
Answer confirm_au_abn(const Candidate& c) {
    DigitRun run;
    if (!read_digits(c, 11, " ", run) || run.digits[0] == '0') return std::nullopt;
    run.digits[0] = static_cast<char>(run.digits[0] - 1);
    const std::int64_t sum = weighted_sum(run.text(), {10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19});
    return sum % 89 == 0 ? found(run, c, 0.8) : std::nullopt;
}

Answer confirm_au_acn(const Candidate& c) {
    DigitRun run;
    if (!read_digits(c, 9, " ", run)) return std::nullopt;
    const std::int64_t sum = weighted_sum(run.text().substr(0, 8), {8, 7, 6, 5, 4, 3, 2, 1});
    return (10 - sum % 10) % 10 == digit_value(run.digits[8]) ? found(run, c, 0.6) : std::nullopt;
}

/// Partita IVA: eleven digits, Luhn, an office of 001 to 121 or 888, 999.
Answer confirm_it_vat(const Candidate& c) {
    DigitRun run;
    if (!read_digits(c, 11, "", run)) return std::nullopt;
    return luhn_holds(run.text()) ? found(run, c, 0.7) : std::nullopt;
}

Answer confirm_de_vat(const Candidate& c) {
    Word word;
    if (!read_word(c, 11, " ", word) || !word.text().starts_with("DE") || !all_digits_in(word.text().substr(2)) || word.letters[2] == '0') return std::nullopt;
    return mod11_10_holds(word.text().substr(2)) ? found(word, c, 0.85) : std::nullopt;
}

/// Organisationsnummer: ten digits, Luhn, the third at least 2.
Answer confirm_se_organisation(const Candidate& c) {
    DigitRun run;
    if (!read_digits(c, 10, "-", run) || run.digits[2] < '2') return std::nullopt;
    return luhn_holds(run.text()) ? found(run, c, run.separator != '\0' ? 0.8 : 0.6) : std::nullopt;
}

/// Business registration number: weights 1 3 7 1 3 7 1 3 5, and the tens of the ninth product.
Answer confirm_kr_brn(const Candidate& c) {
    DigitRun run;
    if (!read_digits(c, 10, "-", run)) return std::nullopt;
    const std::int64_t sum = weighted_sum(run.text().substr(0, 9), {1, 3, 7, 1, 3, 7, 1, 3, 5}) + digit_value(run.digits[8]) * 5 / 10;
    return (10 - sum % 10) % 10 == digit_value(run.digits[9]) ? found(run, c, 0.7) : std::nullopt;
}

/// UEN: businesses 8 digits and a letter; companies year, 5 digits and a letter; others Tyy, entity type, 4 digits, letter.
Answer confirm_sg_uen(const Candidate& c) {
    Word word;
    if (read_word(c, 9, "", word) && all_digits_in(word.text().substr(0, 8))) {
        const std::int64_t sum = weighted_sum(word.text().substr(0, 8), {10, 4, 9, 3, 8, 2, 7, 1});
        return word.letters[8] == std::string_view("XMKECAWLJDB")[static_cast<std::size_t>(sum % 11)] ? found(word, c, 0.7) : std::nullopt;
    }
    if (!read_word(c, 10, "", word)) return std::nullopt;
    const std::string_view w = word.text();
    if (all_digits_in(w.substr(0, 9))) {
        const std::int64_t sum = weighted_sum(w.substr(0, 9), {10, 8, 6, 4, 9, 7, 5, 3, 1});
        return w[9] == std::string_view("ZKCMDNERGWH")[static_cast<std::size_t>(sum % 11)] ? found(word, c, 0.7) : std::nullopt;
    }
    if (std::string_view("RST").find(w[0]) == std::string_view::npos || !all_digits_in(w.substr(1, 2)) || !is_letter(w[3]) || !is_alnum(w[4]) ||
        !all_digits_in(w.substr(5, 4))) {
        return std::nullopt;
    }
    constexpr std::string_view alphabet = "ABCDEFGHJKLMNPQRSTUVWX0123456789";
    constexpr std::array<std::size_t, 9> weights{4, 3, 5, 3, 10, 2, 2, 5, 7};
    std::size_t sum = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const std::size_t value = alphabet.find(w[i]);
        if (value == std::string_view::npos) return std::nullopt;
        sum += value * weights[i];
    }
    return w[9] == alphabet[(sum + 11 * 9 - 5) % 11] ? found(word, c, 0.85) : std::nullopt;
}

/// GSTIN: state, PAN, entity, Z, and a check character modulo 36 over alternating weights.
Answer confirm_in_gstin(const Candidate& c) {
    constexpr std::string_view alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    Word word;
    if (!read_word(c, 15, "", word)) return std::nullopt;
    const std::string_view w = word.text();
    const unsigned state = number(w.substr(0, 2));
    if (!all_digits_in(w.substr(0, 2)) || !((state >= 1 && state <= 38) || state == 97 || state == 99) || w[13] != 'Z') return std::nullopt;
    std::size_t sum = 0;
    for (std::size_t i = 0; i < 14; ++i) {
        const std::size_t product = alphabet.find(w[i]) * (i % 2 == 0 ? 1 : 2);
        sum += product / 36 + product % 36;
    }
    return w[14] == alphabet[(36 - sum % 36) % 36] ? found(word, c, 1.0) : std::nullopt;
}

/// Vehicle identification number: letters as digits, weights by position, modulo 11 in the ninth place (ISO 3779, 49 CFR 565).
Answer confirm_vin(const Candidate& c) {
    constexpr std::string_view letters = "ABCDEFGHJKLMNPRSTUVWXYZ", values = "12345678123457923456789";
    constexpr std::array<unsigned, 17> weights{8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2};
    Word word;
    if (!read_word(c, 17, "", word)) return std::nullopt;
    unsigned sum = 0;
    for (std::size_t i = 0; i < 17; ++i) {
        const char x = word.letters[i];
        const std::size_t at = letters.find(x);
        if (!is_digit(x) && at == std::string_view::npos) return std::nullopt;
        sum += weights[i] * (is_digit(x) ? digit_value(x) : digit_value(values[at]));
    }
    const char check = sum % 11 == 10 ? 'X' : static_cast<char>('0' + sum % 11);
    // Europe's makers use the ninth place freely: under a hint the shape must do.
    return word.letters[8] == check || c.hinted ? found(word, c, 0.85) : std::nullopt;
}

}  // namespace pgveil::masking
