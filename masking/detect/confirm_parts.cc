#include "detect/confirm_parts.h"

#include <algorithm>

#include "detect/chars.h"
#include "detect/checksum.h"

namespace pgveil::masking {

bool read_digits(const Candidate& c, std::size_t count, std::string_view separators, DigitRun& run) {
    if (c.end == 0 || is_digit(peek(c.text, c.end))) return false;
    run = digit_run_before(c.text, c.end, separators);
    return run.count == count && !run.mixed && stands_free(c.text, run.start, run.end) && !one_digit_repeated(run.text());
}

bool read_word(const Candidate& c, std::size_t size, std::string_view separators, Word& word) {
    if (is_word(peek(c.text, c.end)) || size > word.letters.size()) return false;
    std::size_t at = c.end;
    word.size = size;
    for (std::size_t left = size; left > 0 && at > 0; --at) {
        const char x = c.text[at - 1];
        if (is_alnum(x)) {
            word.letters[--left] = upper(x);
            word.start = at - 1;
            if (left == 0) return !is_word(peek(c.text, at - 2));
        } else if (separators.find(x) == std::string_view::npos) {
            return false;
        }
    }
    return false;
}

bool all_digits_in(std::string_view text) { return std::ranges::all_of(text, is_digit); }

unsigned number(std::string_view digits) {
    unsigned value = 0;
    for (const char c : digits) value = value * 10 + (is_digit(c) ? digit_value(c) : 0);
    return value;
}

std::uint64_t long_number(std::string_view digits) {
    std::uint64_t value = 0;
    for (const char c : digits) value = value * 10 + digit_value(c);
    return value;
}

bool is_month_day(unsigned month, unsigned day) { return month >= 1 && month <= 12 && day >= 1 && day <= 31; }

Answer found(const DigitRun& run, const Candidate& c, double confidence) {
    return Confirmed{run.start, run.end, c.hinted ? std::max(confidence, 0.95) : confidence};
}

Answer found(const Word& word, const Candidate& c, double confidence) {
    return Confirmed{word.start, c.end, c.hinted ? std::max(confidence, 0.95) : confidence};
}

}  // namespace pgveil::masking
