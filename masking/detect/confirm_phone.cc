// Phone numbers. libphonenumber judges the international form; without a leading '+' the column must speak.
#include <phonenumbers/phonenumberutil.h>

#include <algorithm>
#include <array>
#include <string>

#include "detect/chars.h"
#include "detect/confirm.h"

namespace pgveil::masking {
namespace {

constexpr std::string_view kSeparators = " ()-./";

struct Phone {
    std::size_t end = 0;
    std::string compact;
};

/// Digits and separators after `start` (a '+'), up to 15 digits (E.164).
Phone read_forward(std::string_view text, std::size_t start) {
    Phone phone;
    phone.compact = "+";
    for (std::size_t at = start + 1; at < text.size(); ++at) {
        if (is_digit(text[at])) {
            if (phone.compact.size() == 16) return {};
            phone.compact.push_back(text[at]);
            phone.end = at + 1;
        } else if (kSeparators.find(text[at]) == std::string_view::npos || at - phone.end > 2) {
            break;
        }
    }
    return phone;
}

/// Country calling codes in use (ITU-T E.164, list of assigned codes), as ranges of their digits.
struct CallingCodes {
    unsigned low, high;
};
constexpr std::array kCallingCodes = {
    CallingCodes{1, 1},     CallingCodes{7, 7},     CallingCodes{20, 20},   CallingCodes{27, 27},   CallingCodes{30, 34},   CallingCodes{36, 36},
    CallingCodes{39, 41},   CallingCodes{43, 49},   CallingCodes{51, 58},   CallingCodes{60, 66},   CallingCodes{81, 82},   CallingCodes{84, 84},
    CallingCodes{86, 86},   CallingCodes{90, 95},   CallingCodes{98, 98},   CallingCodes{211, 213}, CallingCodes{216, 216}, CallingCodes{218, 218},
    CallingCodes{220, 258}, CallingCodes{260, 269}, CallingCodes{290, 291}, CallingCodes{297, 299}, CallingCodes{350, 359}, CallingCodes{370, 389},
    CallingCodes{420, 421}, CallingCodes{423, 423}, CallingCodes{500, 509}, CallingCodes{590, 599}, CallingCodes{670, 692}, CallingCodes{800, 800},
    CallingCodes{808, 808}, CallingCodes{850, 856}, CallingCodes{870, 888}, CallingCodes{960, 979}, CallingCodes{992, 998}};

/// A first sieve, cheap: an assigned code, and a length that its numbers can have.
bool is_possible(std::string_view compact) {
    const std::size_t digits = compact.size() - 1;
    if (digits < 8 || digits > 15) return false;
    if (compact[1] == '1' || compact[1] == '7') return digits == 11;
    unsigned code = 0;
    for (std::size_t size = 1; size <= 3; ++size) {
        code = code * 10 + digit_value(compact[size]);
        if (std::ranges::any_of(kCallingCodes, [&](const CallingCodes& c) { return code >= c.low && code <= c.high; })) return true;
    }
    return false;
}

/// libphonenumber's word; some microseconds and allocations a number.
bool is_valid(const std::string& compact) {
    const auto* util = i18n::phonenumbers::PhoneNumberUtil::GetInstance();
    i18n::phonenumbers::PhoneNumber number;
    return util->Parse(compact, "ZZ", &number) == i18n::phonenumbers::PhoneNumberUtil::NO_PARSING_ERROR &&
           util->IsPossibleNumber(number) && (util->IsValidNumber(number) || number.country_code() == 1);
}

}  // namespace

Answer confirm_phone_e164(const Candidate& c) {
    const std::size_t window = c.end < 12 ? 0 : c.end - 12;
    const std::size_t plus = c.text.substr(0, c.end).rfind('+');
    const char before = plus == std::string_view::npos ? '+' : peek(c.text, plus - 1);
    if (plus < window || before == '+' || is_word(before)) return std::nullopt;
    const Phone phone = read_forward(c.text, plus);
    if (phone.compact.size() < 8 || is_word(peek(c.text, phone.end))) return std::nullopt;
    // A sum or an offset: "+1234567 = ...", "+12.5".
    if (peek(c.text, phone.end) == '.' && is_digit(peek(c.text, phone.end + 1))) return std::nullopt;
    if (!is_possible(phone.compact) || (!c.hurried && !is_valid(phone.compact))) return std::nullopt;
    return Confirmed{plus, phone.end, c.hinted ? 1.0 : 0.9};
}

Answer confirm_phone_hinted(const Candidate& c) {
    if (!c.hinted || c.end == 0 || is_digit(peek(c.text, c.end))) return std::nullopt;
    std::size_t start = c.end, digits = 0;
    for (std::size_t at = c.end; at > 0; --at) {
        const char before = c.text[at - 1];
        if (is_digit(before)) {
            ++digits;
            start = at - 1;
            if (digits == 17) break;  // E.164 has fifteen; what is longer is masked piece by piece
        } else if (before == '+') {
            start = at - 1;
            break;
        } else if (before == '(') {
            start = at - 1;
        } else if (kSeparators.find(before) == std::string_view::npos || start - at > 2) {
            break;
        }
    }
    if (digits < 7) return std::nullopt;
    return Confirmed{start, c.end, 0.8};
}

}  // namespace pgveil::masking
