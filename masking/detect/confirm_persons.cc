// Numbers that states and insurers give to people, beside those of confirm_national.cc.
#include <algorithm>

#include "detect/chars.h"
#include "detect/checksum.h"
#include "detect/confirm_parts.h"

namespace pgveil::masking {
namespace {

unsigned digit_sum(unsigned value) { return value / 10 + value % 10; }

/// ICAO 9303: weights 7 3 1, letters from ten on.
bool icao_holds(std::string_view word) {
    constexpr std::array<unsigned, 3> weights{7, 3, 1};
    unsigned sum = 0;
    for (std::size_t i = 0; i + 1 < word.size(); ++i) {
        sum += weights[i % 3] * (is_digit(word[i]) ? digit_value(word[i]) : static_cast<unsigned>(upper(word[i]) - 'A') + 10);
    }
    return is_digit(word.back()) && sum % 10 == digit_value(word.back());
}

}  // namespace

Answer confirm_es_nie(const Candidate& c) {
    Word word;
    if (!read_word(c, 9, "-. ", word) || std::string_view("XYZ").find(word.letters[0]) == std::string_view::npos) return std::nullopt;
    if (!all_digits_in(word.text().substr(1, 7))) return std::nullopt;
    const unsigned value = static_cast<unsigned>(word.letters[0] - 'X') * 10'000'000 + number(word.text().substr(1, 7));
    return word.letters[8] == std::string_view("TRWAGMYFPDXBNJZSQVHLCKE")[value % 23] ? found(word, c, 0.9) : std::nullopt;
}

/// Pension insurance number: area, birth date, initial, serial, check (VKVV section 4).
Answer confirm_de_pension(const Candidate& c) {
    Word word;
    if (!read_word(c, 12, " ", word)) return std::nullopt;
    const std::string_view w = word.text();
    if (!all_digits_in(w.substr(0, 8)) || !is_letter(w[8]) || !all_digits_in(w.substr(9))) return std::nullopt;
    const unsigned day = number(w.substr(2, 2)), letter = static_cast<unsigned>(w[8] - 'A') + 1;
    if (!is_month_day(number(w.substr(4, 2)), day > 50 ? day - 50 : day)) return std::nullopt;
    std::array<unsigned, 12> digits{};
    for (std::size_t i = 0; i < 8; ++i) digits[i] = digit_value(w[i]);
    digits[8] = letter / 10;
    digits[9] = letter % 10;
    digits[10] = digit_value(w[9]);
    digits[11] = digit_value(w[10]);
    constexpr std::array<unsigned, 12> weights{2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1};
    unsigned sum = 0;
    for (std::size_t i = 0; i < 12; ++i) sum += digit_sum(digits[i] * weights[i]);
    return sum % 10 == digit_value(w[11]) ? found(word, c, 0.9) : std::nullopt;
}

/// Health insurance number: a letter as two digits, eight digits, check; weights 1 2.
Answer confirm_de_health(const Candidate& c) {
    Word word;
    if (!read_word(c, 10, "", word) || !is_letter(word.letters[0]) || !all_digits_in(word.text().substr(1))) return std::nullopt;
    const unsigned letter = static_cast<unsigned>(word.letters[0] - 'A') + 1;
    unsigned sum = letter / 10 + digit_sum(letter % 10 * 2);
    for (std::size_t i = 0; i < 8; ++i) sum += digit_sum(digit_value(word.letters[i + 1]) * (i % 2 == 0 ? 1 : 2));
    return sum % 10 == digit_value(word.letters[9]) ? found(word, c, 0.7) : std::nullopt;
}

/// Identity card and passport: nine characters of the reduced alphabet, with or without ICAO's check digit.
Answer confirm_de_document(const Candidate& c) {
    const auto fits = [](std::string_view w) {
        return std::ranges::all_of(w.substr(0, 9), [](char x) { return is_digit(x) || std::string_view("CFGHJKLMNPRTVWXYZ").find(x) != std::string_view::npos; }) &&
               (is_letter(w[0]) || w[0] == 'T') && std::ranges::any_of(w, is_digit);
    };
    Word word;
    if (read_word(c, 10, "", word)) return fits(word.text()) && icao_holds(word.text()) ? found(word, c, 0.85) : std::nullopt;
    return c.hinted && read_word(c, 9, "", word) && (fits(word.text()) || all_digits_in(word.text().substr(1))) ? found(word, c, 0.7) : std::nullopt;
}

/// Lifelong doctor's number: weights 4 9 over six digits, then the specialty.
Answer confirm_de_doctor(const Candidate& c) {
    DigitRun run;
    if (!read_digits(c, 9, "", run)) return std::nullopt;
    const std::int64_t sum = weighted_sum(run.text().substr(0, 6), {4, 9, 4, 9, 4, 9});
    return (10 - sum % 10) % 10 == digit_value(run.digits[6]) ? found(run, c, 0.6) : std::nullopt;
}

/// Foreigner's registration number: as the resident's, the seventh digit 5 to 8.
Answer confirm_kr_frn(const Candidate& c) {
    DigitRun run;
    if (!read_digits(c, 13, "-", run)) return std::nullopt;
    const std::string_view d = run.text();
    const bool shaped = run.separator == '-' && c.text[run.start + 6] == '-' && run.end - run.start == 14;
    if (!is_month_day(number(d.substr(2, 2)), number(d.substr(4, 2))) || d[6] < '5' || d[6] > '8') return std::nullopt;
    return shaped || c.hinted ? found(run, c, 0.85) : std::nullopt;
}

/// Identity number: birth date, sequence, citizenship, Luhn.
Answer confirm_za_id(const Candidate& c) {
    DigitRun run;
    if (!read_digits(c, 13, " ", run)) return std::nullopt;
    const std::string_view d = run.text();
    return is_month_day(number(d.substr(2, 2)), number(d.substr(4, 2))) && d[10] <= '2' && luhn_holds(d) ? found(run, c, 0.8) : std::nullopt;
}

Answer confirm_ng_nin(const Candidate& c) {
    DigitRun run;
    return read_digits(c, 11, " -", run) && verhoeff_holds(run.text()) ? found(run, c, 0.6) : std::nullopt;
}

/// IMEI: fifteen digits, Luhn.
Answer confirm_imei(const Candidate& c) {
    DigitRun run;
    if (!read_digits(c, 15, " -", run)) return std::nullopt;
    return luhn_holds(run.text()) ? found(run, c, 0.6) : std::nullopt;
}

/// Driver number: surname padded with nines, decade, month (fifty more for women), day, year, initials, check (DVLA).
Answer confirm_uk_driving_licence(const Candidate& c) {
    Word word;
    if (!read_word(c, 16, "", word)) return std::nullopt;
    const std::string_view surname = word.text().substr(0, 5);
    const std::size_t letters = std::min(surname.find('9'), surname.size());
    const bool padded = letters >= 1 && std::ranges::all_of(surname.substr(0, letters), is_letter) &&
                        std::ranges::all_of(surname.substr(letters), [](char x) { return x == '9'; });
    return padded ? found(word, c, 0.9) : std::nullopt;
}

}  // namespace pgveil::masking
