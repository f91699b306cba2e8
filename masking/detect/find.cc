#include "detect/find.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "detect/chars.h"

namespace pgveil::masking {

void digit_spans(std::string_view text, std::vector<DigitSpan>& to) {
    to.clear();
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (!is_digit(text[at])) continue;
        const std::size_t start = at;
        while (at < text.size() && is_digit(text[at])) ++at;
        to.push_back({static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(at)});
    }
}

namespace {

void find_emails(const Landmarks& marks, const Offer& offer) {
    const std::string_view text = marks.text;
    for (std::size_t at = text.find('@'); at != std::string_view::npos; at = text.find('@', at + 1)) {
        if (!offer(at + 1)) return;
    }
}

/// Thirteen digits or more with single blanks, dashes or dots among them, ending with the run.
void find_cards(const Landmarks& marks, const Offer& offer) {
    std::size_t chained = 0, previous_end = 0;
    const auto separates = [](char c) { return c == ' ' || c == '-' || c == '.'; };
    for (const DigitSpan& span : marks.digits) {
        const bool goes_on = span.start == previous_end + 1 && previous_end != 0 && separates(marks.text[previous_end]);
        chained = goes_on ? chained + (span.end - span.start) : span.end - span.start;
        previous_end = span.end;
        if (chained >= 13 && !offer(span.end)) return;
    }
}

/// nnn?nn?nnnn and nnnnnnnnn.
void find_nine_digits(const Landmarks& marks, const Offer& offer) {
    for (std::size_t i = 0; i < marks.digits.size(); ++i) {
        const DigitSpan last = marks.digits[i];
        const std::uint32_t size = last.end - last.start;
        bool fits = size == 9;
        if (size == 4 && i >= 2) {
            const DigitSpan middle = marks.digits[i - 1], first = marks.digits[i - 2];
            fits = middle.end - middle.start == 2 && first.end - first.start == 3 && first.end + 1 == middle.start && middle.end + 1 == last.start;
        }
        if (fits && !offer(last.end)) return;
    }
}

/// Two letters that begin a word, two digits or more behind them: the candidate ends 15 bytes after the start.
void find_ibans(const Landmarks& marks, const Offer& offer) {
    const std::string_view text = marks.text;
    for (const DigitSpan& span : marks.digits) {
        if (span.end - span.start < 2 || span.start < 2 || !is_letter(text[span.start - 1]) || !is_letter(text[span.start - 2])) continue;
        if (is_word(peek(text, span.start - 3)) || text.size() - (span.start - 2) < 15) continue;
        if (!offer(span.start - 2 + 15)) return;
    }
}

void find_international_phones(const Landmarks& marks, const Offer& offer) {
    const std::string_view text = marks.text;
    for (std::size_t at = text.find('+'); at != std::string_view::npos; at = text.find('+', at + 1)) {
        const char next = peek(text, at + 1), second = peek(text, at + 2);
        if (!is_digit(next) && !((next == ' ' || next == '(') && is_digit(second))) continue;
        if (text.size() - at >= 8 && !offer(std::min(at + 8, text.size()))) return;
    }
}

constexpr std::uint8_t kAlnum = 1, kWalletHead = 2;
constexpr auto kClassOf = [] {
    std::array<std::uint8_t, 256> made{};
    for (unsigned i = 0; i < 256; ++i) {
        const char c = static_cast<char>(i);
        made[i] = static_cast<std::uint8_t>((is_alnum(c) ? kAlnum : 0U) | (std::string_view("13LMDTbBtl").contains(c) ? kWalletHead : 0U));
    }
    return made;
}();
constexpr std::uint8_t class_of(char c) { return kClassOf[static_cast<unsigned char>(c)]; }

/// Base58 has no 0, O, I, l, and Base58Check of 25 bytes at most 35 letters; the others say what they are.
bool looks_like_wallet(std::string_view word) {
    if (std::string_view("13LMDT").contains(word[0])) return word.size() <= 35 && word.find_first_of("0OIl") == std::string_view::npos;
    return std::ranges::any_of(std::array<std::string_view, 6>{"bc1", "BC1", "tb1", "TB1", "ltc1", "LTC1"}, [&](std::string_view head) { return word.starts_with(head); });
}

/// Words of 26 letters and digits or more that begin as wallets' addresses do.
void find_wallets(const Landmarks& marks, const Offer& offer) {
    constexpr std::size_t least = 26;
    const std::string_view text = marks.text;
    unsigned before = 0;
    for (std::size_t start = 0; start + least <= text.size(); ++start) {
        const unsigned here = class_of(text[start]);
        const bool begins = (here & kWalletHead & ((~before & kAlnum) << 1U)) != 0;
        before = here;
        if (!begins) continue;
        std::size_t end = start + 1;
        while (end < text.size() && (class_of(text[end]) & kAlnum) != 0) ++end;
        if (end - start >= least && looks_like_wallet(text.substr(start, end - start)) && !offer(end)) return;
    }
}

constexpr std::array kFinders = {
    NamedFinder{"card", find_cards, {feature::Digit | feature::NumberRun, 13, 13}},
    NamedFinder{"email", find_emails, {feature::At, 0, 6}},
    NamedFinder{"iban", find_ibans, {feature::Digit | feature::CountryShape, 2, 15}},
    NamedFinder{"phone_e164", find_international_phones, {feature::Digit | feature::Plus, 7, 8}},
    NamedFinder{"us_itin", find_nine_digits, {feature::Digit | feature::NumberRun, 9, 9}},
    NamedFinder{"us_ssn", find_nine_digits, {feature::Digit | feature::NumberRun, 9, 9}},
    NamedFinder{"wallet", find_wallets, {feature::LongWord, 0, 26}},
};

}  // namespace

const NamedFinder* finder_of(std::string_view confirmer) {
    const auto* found = std::ranges::find(kFinders, confirmer, &NamedFinder::confirmer);
    return found == kFinders.end() ? nullptr : found;
}

}  // namespace pgveil::masking
