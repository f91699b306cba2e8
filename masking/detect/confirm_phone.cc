// Phone numbers. libphonenumber judges the international form; without a leading '+' the column must speak.
#include <phonenumbers/phonenumberutil.h>

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
    if (!is_valid(phone.compact)) return std::nullopt;
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
        } else if (before == '+' || before == '(') {
            start = at - 1;
        } else if (kSeparators.find(before) == std::string_view::npos || start - at > 2) {
            break;
        }
    }
    if (digits < 7) return std::nullopt;
    return Confirmed{start, c.end, 0.8};
}

}  // namespace pgveil::masking
