// Numbers with structure: payment cards, IBANs, US SSN and ITIN, and any digits under a hint.
#include <algorithm>
#include <array>

#include "detect/chars.h"
#include "detect/checksum.h"
#include "detect/confirm.h"

namespace pgveil::masking {

DigitRun digit_run_before(std::string_view text, std::size_t end, std::string_view separators) {
    DigitRun run{end, end};
    std::size_t at = end;
    while (at > 0) {
        const char c = text[at - 1];
        const bool separates = separators.find(c) != std::string_view::npos;
        if (!is_digit(c) && !(separates && at >= 2 && is_digit(text[at - 2]) && at < end)) break;
        --at;
        if (!is_digit(c)) {
            run.mixed = run.mixed || (run.separator != '\0' && run.separator != c);
            run.separator = c;
            continue;
        }
        if (run.count == sizeof run.digits) {
            run.too_long = true;
            break;
        }
        run.digits[run.count++] = c;
        run.start = at;
    }
    std::reverse(run.digits, run.digits + run.count);
    return run;
}

bool stands_free(std::string_view text, std::size_t start, std::size_t end) {
    const char before = peek(text, start - 1), after = peek(text, end);
    if (is_word(before) || is_word(after)) return false;
    if ((before == '.' || before == '-' || before == '/') && start >= 2 && is_word(text[start - 2])) return false;
    if (after == '.' && is_digit(peek(text, end + 1))) return false;
    return after != '-' || !is_word(peek(text, end + 1));
}

namespace {

struct IssuerRange {
    unsigned low, high;         // first six digits
    std::uint32_t lengths;      // bit n: n digits
};
constexpr std::uint32_t len(unsigned n) { return 1U << n; }
constexpr std::array kIssuers = {
    IssuerRange{220000, 220499, len(16) | len(17) | len(18) | len(19)},         // Mir
    IssuerRange{222100, 272099, len(16)},                                       // Mastercard
    IssuerRange{300000, 305999, len(14)},                                       // Diners Club
    IssuerRange{309500, 309599, len(14)},
    IssuerRange{340000, 349999, len(15)},                                       // American Express
    IssuerRange{352800, 358999, len(16)},                                       // JCB
    IssuerRange{360000, 369999, len(14)},
    IssuerRange{370000, 379999, len(15)},
    IssuerRange{380000, 399999, len(14)},
    IssuerRange{400000, 499999, len(16) | len(19)},                             // Visa; 13 digits are extinct and look like EANs
    IssuerRange{501800, 501899, len(16)},                                       // Maestro
    IssuerRange{502000, 502099, len(16)},
    IssuerRange{503800, 503899, len(16)},
    IssuerRange{508500, 508999, len(16)},                                       // RuPay
    IssuerRange{510000, 559999, len(16)},                                       // Mastercard
    IssuerRange{589300, 589399, len(16)},
    IssuerRange{601100, 601199, len(16) | len(19)},                             // Discover
    IssuerRange{620000, 629999, len(16) | len(17) | len(18) | len(19)},         // UnionPay
    IssuerRange{630400, 630499, len(16)},
    IssuerRange{644000, 659999, len(16) | len(19)},                             // Discover, RuPay
    IssuerRange{675900, 675999, len(16)},
    IssuerRange{676100, 676399, len(16)},
    IssuerRange{810000, 829999, len(16)},                                       // UnionPay, RuPay
};

bool issued(std::string_view digits) {
    unsigned first = 0;
    for (const char c : digits.substr(0, 6)) first = first * 10 + digit_value(c);
    return std::ranges::any_of(kIssuers, [&](const IssuerRange& range) {
        return first >= range.low && first <= range.high && (range.lengths & len(static_cast<unsigned>(digits.size()))) != 0;
    });
}

/// Groups as printed on cards: fours, or 4-6-5 (15 digits), 4-6-4 (14 digits).
bool grouped_like_a_card(std::string_view text, const DigitRun& run) {
    std::array<std::uint8_t, 16> groups{};
    std::size_t count = 0;
    for (std::size_t i = run.start; i < run.end; ++i) {
        if (!is_digit(text[i])) {
            if (++count == groups.size()) return false;
        } else {
            ++groups[count];
        }
    }
    ++count;
    const bool fours = std::all_of(groups.begin(), groups.begin() + count - 1, [](auto g) { return g == 4; });
    return (fours && groups[count - 1] <= 4) || (count == 3 && groups[0] == 4 && groups[1] == 6);
}

/// Judges the digits of `text` from `from` to `end` as one card.
Answer judge_card(const Candidate& c, std::size_t from, std::string_view separators) {
    DigitRun run = digit_run_before(c.text.substr(from, c.end - from), c.end - from, separators);
    run.start += from;
    run.end += from;
    if (run.too_long || run.count < 13 || run.count > 19 || run.mixed || one_digit_repeated(run.text())) return std::nullopt;
    if (run.separator != '\0' && !grouped_like_a_card(c.text, run)) return std::nullopt;
    if (!stands_free(c.text, run.start, run.end) || !luhn_holds(run.text())) return std::nullopt;
    if (!issued(run.text()) && !c.hinted) return std::nullopt;
    return Confirmed{run.start, run.end, c.hinted ? 1.0 : run.separator != '\0' ? 0.95 : 0.75};
}

}  // namespace

Answer confirm_card(const Candidate& c) {
    if (is_digit(peek(c.text, c.end)) || c.end == 0 || !is_digit(c.text[c.end - 1])) return std::nullopt;
    const bool bare = digit_run_before(c.text, c.end, "").count >= 13;
    if (const Answer found = judge_card(c, 0, bare ? "" : " -.")) return found;
    // Behind other numbers ("2 4111 1111 1111 1111") the last groups alone may be a card.
    for (const std::size_t size : {19U, 17U, 16U}) {
        const std::size_t from = c.end - size;
        if (c.end > size && c.text[from - 1] == ' ' && is_digit(c.text[from])) {
            if (const Answer found = judge_card(c, from, " -")) return found;
        }
    }
    return std::nullopt;
}

namespace {

/// Reads an IBAN forward from `start`; its end, or 0.
std::size_t iban_end(std::string_view text, std::size_t start) {
    std::array<char, 34> compact{};
    const std::array country{upper(text[start]), upper(peek(text, start + 1))};
    const std::size_t length = iban_length({country.data(), 2});
    if (length == 0) return 0;
    std::size_t count = 0, at = start;
    while (at < text.size() && count < length) {
        const char c = text[at];
        if (is_alnum(c)) {
            compact[count++] = c;
        } else if ((c != ' ' && c != '-' && c != '.') || count < 4 || !is_alnum(text[at - 1])) {
            return 0;
        }
        ++at;
    }
    if (count != length || is_word(peek(text, at))) return 0;
    if (!is_digit(compact[2]) || !is_digit(compact[3])) return 0;
    return iban_mod97_holds({compact.data(), count}) ? at : 0;
}

}  // namespace

Answer confirm_iban(const Candidate& c) {
    // The pattern ends within the IBAN, 15 to 22 characters after its start.
    for (std::size_t back = 12; back <= 40 && back <= c.end; ++back) {
        const std::size_t start = c.end - back;
        if (!is_letter(c.text[start]) || is_word(peek(c.text, start - 1))) continue;
        const std::size_t end = iban_end(c.text, start);
        if (end != 0) return Confirmed{start, end, 1.0};
    }
    return std::nullopt;
}

namespace {

/// nnn?nn?nnnn ending at `end`, same separator; false if it is not there or not free.
bool read_ssn(const Candidate& c, DigitRun& run) {
    if (c.end == 0 || is_digit(peek(c.text, c.end))) return false;
    run = digit_run_before(c.text, c.end, "- ");
    if (run.count != 9 || run.mixed || !stands_free(c.text, run.start, run.end)) return false;
    if (run.separator == '\0') return run.end - run.start == 9;
    return run.end - run.start == 11 && c.text[run.start + 3] == run.separator && c.text[run.start + 6] == run.separator;
}

}  // namespace

Answer confirm_us_ssn(const Candidate& c) {
    DigitRun run;
    if (!read_ssn(c, run) || (run.separator != '-' && !c.hinted)) return std::nullopt;
    const std::string_view d = run.text();
    // Never issued: area 000, 666, 9xx; group 00; serial 0000 (SSA).
    if (d.starts_with("000") || d.starts_with("666") || d[0] == '9') return std::nullopt;
    if (d.substr(3, 2) == "00" || d.ends_with("0000") || one_digit_repeated(d)) return std::nullopt;
    return Confirmed{run.start, run.end, c.hinted ? 1.0 : 0.85};
}

Answer confirm_us_itin(const Candidate& c) {
    DigitRun run;
    if (!read_ssn(c, run) || (run.separator != '-' && !c.hinted)) return std::nullopt;
    const std::string_view d = run.text();
    const unsigned group = digit_value(d[3]) * 10 + digit_value(d[4]);
    const bool in_range = (group >= 50 && group <= 65) || (group >= 70 && group <= 88) || (group >= 90 && group <= 92) || group >= 94;
    if (d[0] != '9' || !in_range) return std::nullopt;
    return Confirmed{run.start, run.end, c.hinted ? 1.0 : 0.8};
}

Answer confirm_digits(const Candidate& c) {
    if (!c.hinted || c.end == 0 || is_digit(peek(c.text, c.end))) return std::nullopt;
    const DigitRun run = digit_run_before(c.text, c.end, "- ./");
    if (run.too_long) return Confirmed{run.start, run.end, 0.6};
    if (run.count < 3 || is_word(peek(c.text, run.end))) return std::nullopt;
    std::size_t start = run.start;
    while (start > 0 && run.start - start < 4 && is_letter(c.text[start - 1])) --start;  // prefix letters of the number
    return Confirmed{start, run.end, 0.6};
}

}  // namespace pgveil::masking
