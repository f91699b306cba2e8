// Parts that confirmers of national numbers share: reading digits and words leftwards, dates, answers. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "detect/confirm.h"

namespace pgveil::masking {

/// Digits before the candidate's end, exactly `count`, standing free, not all the same; false otherwise.
[[nodiscard]] bool read_digits(const Candidate& c, std::size_t count, std::string_view separators, DigitRun& run);

/// The word of letters and digits that ends at the candidate's end, separators left out, upper case.
struct Word {
    std::size_t start = 0;
    std::array<char, 24> letters{};
    std::size_t size = 0;
    [[nodiscard]] std::string_view text() const { return {letters.data(), size}; }
};
[[nodiscard]] bool read_word(const Candidate& c, std::size_t size, std::string_view separators, Word& word);

[[nodiscard]] bool all_digits_in(std::string_view text);
[[nodiscard]] unsigned number(std::string_view digits);
[[nodiscard]] std::uint64_t long_number(std::string_view digits);
[[nodiscard]] bool is_month_day(unsigned month, unsigned day);
/// Surer under a hint.
[[nodiscard]] Answer found(const DigitRun& run, const Candidate& c, double confidence);
[[nodiscard]] Answer found(const Word& word, const Candidate& c, double confidence);

}  // namespace pgveil::masking
