// Finders: how some confirmers find their own candidates, without the pattern library.
//
// Addresses and digit runs are the commonest things in rows and the dearest for a general matcher; an '@', a '+'
// or the end of a digit run is found at memory speed. A rule with such a confirmer needs no pattern. A finder
// errs on the side of offering: what it does not offer is lost. Pure, hostile bytes, any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "detect/features.h"

namespace pgveil::masking {

struct DigitSpan {
    std::uint32_t start = 0, end = 0;
};
/// All maximal runs of ASCII digits.
void digit_spans(std::string_view text, std::vector<DigitSpan>& to);

struct Landmarks {
    std::string_view text;
    std::span<const DigitSpan> digits;
};

/// Candidate ends, in order; `offer` returns false to stop.
struct Offer {
    bool (*take)(void* context, std::size_t end) = nullptr;
    void* context = nullptr;
    bool operator()(std::size_t end) const { return take(context, end); }
};
using Finder = void (*)(const Landmarks&, const Offer&);

struct NamedFinder {
    std::string_view confirmer;
    Finder find = nullptr;
    Requirement gate;           // what a text must have for the finder to find anything
};
/// The finder of the confirmer of that name, or nullptr: then a rule that names it needs patterns.
[[nodiscard]] const NamedFinder* finder_of(std::string_view confirmer);

}  // namespace pgveil::masking
