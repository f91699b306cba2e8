// Features: the cheap first look at a value that says "no pattern can match", and what a pattern needs.
//
// A Requirement is computed from the pattern itself and errs on the side of asking for nothing; so a value
// that fails it cannot match. (First passes lose PII silently: tests/unit/masking/features_test.cc runs
// generated positives of every rule through this gate.) Pure, any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace pgveil::masking {

/// Bits of Features::present.
namespace feature {
inline constexpr std::uint32_t At = 1U << 0, Colon = 1U << 1, Dash = 1U << 2, Underscore = 1U << 3, Dollar = 1U << 4,
                               Plus = 1U << 5, Dot = 1U << 6, Equals = 1U << 7,
                               BraceOrCaret = 1U << 8,   // { or ^
                               Upper = 1U << 9, Digit = 1U << 10, High = 1U << 11,
                               LongWord = 1U << 12,      // kLongWord bytes in a row above 0x20
                               CountryShape = 1U << 13,  // two letters that begin a word, then two digits, as IBANs begin
                               Letter = 1U << 14,
                               LongName = 1U << 15,      // kLongName letters and digits in a row: more than hexadecimal MD5 has
                               NumberRun = 1U << 16,     // kNumberRun digits, blanks, dashes, dots in a row
                               All = (1U << 17) - 1;
inline constexpr std::uint32_t Punctuation = At | Colon | Dash | Underscore | Dollar | Plus | Equals | BraceOrCaret;
}  // namespace feature
inline constexpr std::uint32_t kLongWord = 15, kLongName = 33, kNumberRun = 9;

struct Features {
    std::uint32_t present = 0;
    std::uint32_t digits = 0, length = 0;   // saturating
    bool operator==(const Features&) const = default;
};
/// The fastest way this processor has.
[[nodiscard]] Features features_of(std::string_view text);
/// All that it has: byte by byte, then 32 bytes a step with AVX2, the last ones masked with AVX-512.
using FeaturesWay = Features (*)(std::string_view text);
[[nodiscard]] std::vector<FeaturesWay> ways_of_features();
/// The bits that one byte alone brings.
[[nodiscard]] std::uint32_t features_of_byte(unsigned char byte);
/// The plain way; what the fast one must equal.
[[nodiscard]] Features features_byte_by_byte(std::string_view text);

struct Requirement {
    std::uint32_t present = 0;              // all of these bits
    std::uint32_t digits = 0, length = 0;   // at least
    [[nodiscard]] bool met_by(const Features& f) const {
        return (f.present & present) == present && f.digits >= digits && f.length >= length;
    }
    /// True if whatever meets `other` meets this one.
    [[nodiscard]] bool weaker_than(const Requirement& other) const {
        return (other.present & present) == present && other.digits >= digits && other.length >= length;
    }
    bool operator==(const Requirement&) const = default;
};
/// What any text matching `expression` must have. Understands literals, classes, groups, alternation and
/// repeats; from what it does not understand it concludes nothing.
[[nodiscard]] Requirement requirement_of(std::string_view expression, bool caseless);

}  // namespace pgveil::masking
