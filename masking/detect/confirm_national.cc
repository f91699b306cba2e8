// National numbers with check digits. Each function states the scheme it knows; what is weak (one check digit over
// bare digits) is used by hinted rules only, which is the pack's word, not this file's.
#include <algorithm>
#include <array>

#include "detect/chars.h"
#include "detect/checksum.h"
#include "detect/confirm_parts.h"

namespace pgveil::masking {
Answer confirm_uk_nhs(const Candidate& c) {
    DigitRun run;
    if (!read_digits(c, 10, " -", run)) return std::nullopt;
    const std::int64_t sum = weighted_sum(run.text().substr(0, 9), {10, 9, 8, 7, 6, 5, 4, 3, 2});
    const std::int64_t check = (11 - sum % 11) % 11;
    return check != 10 && check == digit_value(run.digits[9]) ? found(run, c, 0.6) : std::nullopt;
}

Answer confirm_uk_nino(const Candidate& c) {
    Word word;
    if (!read_word(c, 9, " ", word)) return std::nullopt;
    const std::string_view w = word.text(), prefix = w.substr(0, 2);
    for (const std::string_view never : {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}) {
        if (prefix == never) return std::nullopt;
    }
    if (std::string_view("DFIQUV").find(w[0]) != std::string_view::npos || std::string_view("DFIOQUV").find(w[1]) != std::string_view::npos) return std::nullopt;
    if (!is_letter(w[0]) || !is_letter(w[1]) || !std::ranges::all_of(w.substr(2, 6), is_digit) || w[8] < 'A' || w[8] > 'D') return std::nullopt;
    const bool spaced = c.end - word.start == 13;
    return spaced || c.hinted ? Answer(Confirmed{word.start, c.end, spaced ? 0.9 : 0.8}) : std::nullopt;
}

Answer confirm_de_tax_id(const Candidate& c) {
    DigitRun run;
    if (!read_digits(c, 11, " ", run) || run.digits[0] == '0') return std::nullopt;
    return mod11_10_holds(run.text()) ? found(run, c, 0.6) : std::nullopt;
}

Answer confirm_es_nif(const Candidate& c) {
    Word word;
    if (!read_word(c, 9, "-. ", word)) return std::nullopt;
    std::array<char, 8> digits{};
    std::ranges::copy(word.text().substr(0, 8), digits.begin());
    if (!std::ranges::all_of(digits, is_digit)) return std::nullopt;
    if (word.letters[8] != std::string_view("TRWAGMYFPDXBNJZSQVHLCKE")[number({digits.data(), 8}) % 23]) return std::nullopt;
    return Confirmed{word.start, c.end, c.hinted ? 0.95 : 0.7};
}

Answer confirm_it_fiscal_code(const Candidate& c) {
    constexpr std::array<std::uint8_t, 36> odd = {1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17,
                                                  19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
    Word word;
    if (!read_word(c, 16, "", word)) return std::nullopt;
    const std::string_view w = word.text();
    for (std::size_t i = 0; i < 6; ++i) {
        if (!is_letter(w[i])) return std::nullopt;
    }
    if (!is_letter(w[8]) || !is_letter(w[11]) || !is_letter(w[15])) return std::nullopt;
    unsigned sum = 0;
    for (std::size_t i = 0; i < 15; ++i) {
        const unsigned value = is_digit(w[i]) ? digit_value(w[i]) : static_cast<unsigned>(w[i] - 'A');
        sum += i % 2 == 0 ? odd[is_digit(w[i]) ? value : value + 10] : value;
    }
    return static_cast<char>('A' + sum % 26) == w[15] ? Answer(Confirmed{word.start, c.end, 1.0}) : std::nullopt;
}

Answer confirm_fr_nir(const Candidate& c) {
    Word word;
    if (!read_word(c, 15, " ", word)) return std::nullopt;
    const std::string_view w = word.text();
    std::array<char, 13> body{};
    std::ranges::copy(w.substr(0, 13), body.begin());
    if (w.substr(5, 2) == "2A" || w.substr(5, 2) == "2B") body[5] = '1', body[6] = w[6] == 'A' ? '9' : '8';
    if (!std::ranges::all_of(body, is_digit) || !is_digit(w[13]) || !is_digit(w[14])) return std::nullopt;
    const unsigned month = number(w.substr(3, 2));
    const bool month_fits = (month >= 1 && month <= 12) || (month >= 20 && month <= 42) || month >= 50;
    if ((w[0] != '1' && w[0] != '2') || !month_fits) return std::nullopt;
    return 97 - long_number({body.data(), 13}) % 97 == number(w.substr(13)) ? Answer(Confirmed{word.start, c.end, 0.9}) : std::nullopt;
}

Answer confirm_fi_hetu(const Candidate& c) {
    if (c.end < 11 || is_word(peek(c.text, c.end))) return std::nullopt;
    const std::size_t start = c.end - 11;
    const std::string_view w = c.text.substr(start, 11);
    if (is_word(peek(c.text, start - 1)) || std::string_view("+-ABCDEFUVWXY").find(w[6]) == std::string_view::npos) return std::nullopt;
    if (!std::ranges::all_of(w.substr(0, 6), is_digit) || !std::ranges::all_of(w.substr(7, 3), is_digit)) return std::nullopt;
    if (!is_month_day(number(w.substr(2, 2)), number(w.substr(0, 2)))) return std::nullopt;
    const unsigned rest = (number(w.substr(0, 6)) * 1000 + number(w.substr(7, 3))) % 31;
    return upper(w[10]) == std::string_view("0123456789ABCDEFHJKLMNPRSTUVWXY")[rest] ? Answer(Confirmed{start, c.end, 0.9}) : std::nullopt;
}

Answer confirm_pl_pesel(const Candidate& c) {
    DigitRun run;
    if (!read_digits(c, 11, "", run)) return std::nullopt;
    const std::int64_t sum = weighted_sum(run.text().substr(0, 10), {1, 3, 7, 9, 1, 3, 7, 9, 1, 3});
    const unsigned month = number(run.text().substr(2, 2)) % 20, day = number(run.text().substr(4, 2));
    return is_month_day(month, day) && (10 - sum % 10) % 10 == digit_value(run.digits[10]) ? found(run, c, 0.7) : std::nullopt;
}

Answer confirm_se_personal_number(const Candidate& c) {
    DigitRun run;
    const bool ten = read_digits(c, 10, "-+", run);
    if (!ten && !read_digits(c, 12, "-+", run)) return std::nullopt;
    const std::string_view d = run.text().substr(ten ? 0 : 2);
    const unsigned day = number(d.substr(4, 2));
    return is_month_day(number(d.substr(2, 2)), day > 60 ? day - 60 : day) && luhn_holds(d) ? found(run, c, run.separator != '\0' ? 0.8 : 0.6) : std::nullopt;
}

Answer confirm_br_cpf(const Candidate& c) {
    DigitRun run;
    if (c.end == 0 || is_digit(peek(c.text, c.end))) return std::nullopt;
    run = digit_run_before(c.text, c.end, ".-");
    if (run.count != 11 || !stands_free(c.text, run.start, run.end) || one_digit_repeated(run.text())) return std::nullopt;
    const std::string_view d = run.text();
    const auto check = [&](std::int64_t sum) { return static_cast<unsigned>(sum * 10 % 11 % 10); };
    if (check(weighted_sum(d.substr(0, 9), {10, 9, 8, 7, 6, 5, 4, 3, 2})) != digit_value(d[9])) return std::nullopt;
    if (check(weighted_sum(d.substr(0, 10), {11, 10, 9, 8, 7, 6, 5, 4, 3, 2})) != digit_value(d[10])) return std::nullopt;
    const bool dotted = run.end - run.start == 14;
    return dotted || c.hinted ? found(run, c, dotted ? 0.95 : 0.7) : std::nullopt;
}

Answer confirm_in_aadhaar(const Candidate& c) {
    DigitRun run;
    if (!read_digits(c, 12, " -", run) || run.digits[0] < '2') return std::nullopt;
    return verhoeff_holds(run.text()) ? found(run, c, 0.6) : std::nullopt;
}

Answer confirm_luhn(const Candidate& c) {
    DigitRun run;
    if (c.end == 0 || is_digit(peek(c.text, c.end))) return std::nullopt;
    run = digit_run_before(c.text, c.end, " -");
    if (run.too_long || run.count < 8 || run.mixed || !stands_free(c.text, run.start, run.end)) return std::nullopt;
    return luhn_holds(run.text()) && !one_digit_repeated(run.text()) ? found(run, c, 0.6) : std::nullopt;
}

Answer confirm_us_npi(const Candidate& c) {
    DigitRun run;
    if (!read_digits(c, 10, "", run) || (run.digits[0] != '1' && run.digits[0] != '2')) return std::nullopt;
    std::array<char, 15> prefixed{'8', '0', '8', '4', '0'};
    std::ranges::copy(run.text(), prefixed.begin() + 5);
    return luhn_holds({prefixed.data(), prefixed.size()}) ? found(run, c, 0.7) : std::nullopt;
}

Answer confirm_us_routing(const Candidate& c) {
    DigitRun run;
    if (!read_digits(c, 9, "-", run)) return std::nullopt;
    const std::int64_t sum = weighted_sum(run.text(), {3, 7, 1, 3, 7, 1, 3, 7, 1});
    const unsigned district = number(run.text().substr(0, 2));
    const bool issued = district <= 12 || (district >= 21 && district <= 32) || (district >= 61 && district <= 72) || district == 80;
    return issued && sum % 10 == 0 ? found(run, c, 0.6) : std::nullopt;
}

Answer confirm_us_dea(const Candidate& c) {
    Word word;
    if (!read_word(c, 9, "", word)) return std::nullopt;
    const std::string_view d = word.text().substr(2);
    if (!is_letter(word.letters[0]) || !is_alnum(word.letters[1]) || !std::ranges::all_of(d, is_digit)) return std::nullopt;
    const std::int64_t sum = weighted_sum(d.substr(0, 6), {1, 2, 1, 2, 1, 2});
    return sum % 10 == digit_value(d[6]) ? Answer(Confirmed{word.start, c.end, 0.6}) : std::nullopt;
}

Answer confirm_cn_resident_id(const Candidate& c) {
    Word word;
    if (!read_word(c, 18, "", word)) return std::nullopt;
    const std::string_view w = word.text();
    const unsigned year = number(w.substr(6, 4));
    if (!std::ranges::all_of(w.substr(0, 17), is_digit) || year < 1900 || year > 2035 || !is_month_day(number(w.substr(10, 2)), number(w.substr(12, 2)))) return std::nullopt;
    const std::int64_t sum = weighted_sum(w.substr(0, 17), {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2});
    return w[17] == std::string_view("10X98765432")[static_cast<std::size_t>(sum % 11)] ? Answer(Confirmed{word.start, c.end, 0.9}) : std::nullopt;
}

Answer confirm_kr_rrn(const Candidate& c) {
    DigitRun run;
    if (!read_digits(c, 13, "-", run)) return std::nullopt;
    const std::string_view d = run.text();
    const bool shaped = run.separator == '-' && c.text[run.start + 6] == '-' && run.end - run.start == 14;
    if (!is_month_day(number(d.substr(2, 2)), number(d.substr(4, 2))) || (d[6] > '4' && d[6] != '9')) return std::nullopt;
    // Numbers given since October 2020 have no check digit: the dashed shape must do.
    return shaped || c.hinted ? found(run, c, 0.85) : std::nullopt;
}

Answer confirm_sg_nric(const Candidate& c) {
    Word word;
    if (!read_word(c, 9, "", word)) return std::nullopt;
    const std::string_view w = word.text();
    if (!std::ranges::all_of(w.substr(1, 7), is_digit)) return std::nullopt;
    std::int64_t sum = weighted_sum(w.substr(1, 7), {2, 7, 6, 5, 4, 3, 2});
    if (w[0] == 'T' || w[0] == 'G') sum += 4;
    if (w[0] == 'M') sum += 3;
    const auto at = static_cast<std::size_t>(sum % 11);
    char check = '\0';
    if (w[0] == 'S' || w[0] == 'T') check = std::string_view("JZIHGFEDCBA")[at];
    if (w[0] == 'F' || w[0] == 'G') check = std::string_view("XWUTRQPNMLK")[at];
    if (w[0] == 'M') check = std::string_view("KLJNPQRTUWX")[10 - at];
    return check == w[8] ? Answer(Confirmed{word.start, c.end, 0.8}) : std::nullopt;
}

Answer confirm_be_national(const Candidate& c) {
    DigitRun run;
    if (c.end == 0 || is_digit(peek(c.text, c.end))) return std::nullopt;
    run = digit_run_before(c.text, c.end, ".- ");
    if (run.count != 11 || !stands_free(c.text, run.start, run.end)) return std::nullopt;
    const std::string_view d = run.text();
    const std::uint64_t body = long_number(d.substr(0, 9)), check = long_number(d.substr(9));
    const bool holds = 97 - body % 97 == check || 97 - (body + 2000000000ULL) % 97 == check;
    const bool dotted = run.end - run.start == 15;
    return holds && (dotted || c.hinted) ? found(run, c, dotted ? 0.95 : 0.8) : std::nullopt;
}

Answer confirm_ch_ahv(const Candidate& c) {
    DigitRun run;
    if (!read_digits(c, 13, ".", run) || !run.text().starts_with("756")) return std::nullopt;
    const std::int64_t sum = weighted_sum(run.text().substr(0, 12), {1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3});
    if ((10 - sum % 10) % 10 != digit_value(run.digits[12])) return std::nullopt;
    return run.separator == '.' || c.hinted ? found(run, c, run.separator == '.' ? 0.95 : 0.8) : std::nullopt;
}

Answer confirm_nl_bsn(const Candidate& c) {
    DigitRun run;
    if (!read_digits(c, 9, ". ", run)) return std::nullopt;
    return weighted_sum(run.text(), {9, 8, 7, 6, 5, 4, 3, 2, -1}) % 11 == 0 ? found(run, c, 0.6) : std::nullopt;
}

Answer confirm_au_tfn(const Candidate& c) {
    DigitRun run;
    if (!read_digits(c, 9, " -", run)) return std::nullopt;
    return weighted_sum(run.text(), {1, 4, 3, 7, 5, 8, 6, 9, 10}) % 11 == 0 ? found(run, c, 0.6) : std::nullopt;
}

Answer confirm_au_medicare(const Candidate& c) {
    DigitRun run;
    if (!read_digits(c, 10, " -", run) && !read_digits(c, 11, " -", run)) return std::nullopt;
    const std::string_view d = run.text();
    if (d[0] < '2' || d[0] > '6') return std::nullopt;
    return weighted_sum(d.substr(0, 8), {1, 3, 7, 9, 1, 3, 7, 9}) % 10 == digit_value(d[8]) ? found(run, c, 0.6) : std::nullopt;
}

Answer confirm_tr_national(const Candidate& c) {
    DigitRun run;
    if (!read_digits(c, 11, "", run) || run.digits[0] == '0') return std::nullopt;
    const std::string_view d = run.text();
    const auto at = [&](std::size_t i) { return static_cast<int>(digit_value(d[i])); };
    const int odd = at(0) + at(2) + at(4) + at(6) + at(8), even = at(1) + at(3) + at(5) + at(7);
    const int tenth = ((odd * 7 - even) % 10 + 10) % 10, eleventh = (odd + even + at(9)) % 10;
    return tenth == at(9) && eleventh == at(10) ? found(run, c, 0.7) : std::nullopt;
}

Answer confirm_th_national(const Candidate& c) {
    DigitRun run;
    if (!read_digits(c, 13, "- ", run)) return std::nullopt;
    const std::int64_t sum = weighted_sum(run.text().substr(0, 12), {13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2});
    return (11 - sum % 11) % 10 == digit_value(run.digits[12]) ? found(run, c, 0.7) : std::nullopt;
}

}  // namespace pgveil::masking
