#include "transform/transform.h"

#include <algorithm>

#include "codec/utf8.h"
#include "detect/chars.h"
#include "transform/fpe.h"
#include "transform/typed.h"

namespace pgveil::masking {

Transform effective(const MaskOrder& order) {
    switch (order.transform) {
        case Transform::Clear:
        case Transform::Partial:
        case Transform::Redact:
        case Transform::Generalize:
        case Transform::Null: return order.transform;
        case Transform::DateShift:
        case Transform::Fpe:
        case Transform::Pseudonym:
        case Transform::Hash: return order.keyed_allowed ? order.transform : Transform::Redact;
    }
    return Transform::Null;
}

bool append_masked(const MaskOrder& order, std::string_view value, Keyring& keys, std::string& to) {
    const Transform transform = effective(order);
    switch (transform) {
        case Transform::Clear: to.append(value); return true;
        case Transform::Partial: append_partial(order.class_name, value, to); return true;
        case Transform::Hash: append_hash(order.key_domain, order.class_name, value, keys.hash(), to); return true;
        case Transform::Redact: append_redaction(order.class_name, to); return true;
        case Transform::Pseudonym:
            if (!append_typed_text(order, value, keys, to)) append_pseudonym(order.key_domain, order.class_name, value, keys.hash(), to);
            return true;
        case Transform::Fpe: {
            const BlockCipher* cipher = keys.cipher(order.key_domain);
            if (cipher == nullptr || !append_fpe(*cipher, Direction::Encrypt, order.class_name, value, to)) append_redaction(order.class_name, to);
            return true;
        }
        case Transform::DateShift:
            if (!append_typed_text(order, value, keys, to)) append_redaction(order.class_name, to);
            return true;
        case Transform::Generalize:
            if (!append_generalized(order, value, keys, to)) append_redaction(order.class_name, to);
            return true;
        case Transform::Null: break;
    }
    return false;
}

void append_redaction(std::string_view class_name, std::string& to) {
    to.push_back('[');
    to.append(class_name.empty() ? std::string_view("MASKED") : class_name);
    to.push_back(']');
}

namespace {

void append_first(std::string_view text, std::string& to) {
    const CodePoint first = code_point_at(text, 0);
    to.append(text.substr(0, first.size));
}

/// First letter and three stars; nothing of a text shorter than four.
void append_hidden_word(std::string_view word, std::string& to) {
    if (count_code_points(word) >= 4) append_first(word, to);
    to.append("***");
}

bool append_partial_email(std::string_view value, std::string& to) {
    const std::size_t at = value.rfind('@'), dot = value.rfind('.');
    if (at == std::string_view::npos || dot == std::string_view::npos || dot < at) return false;
    append_hidden_word(value.substr(0, at), to);
    to.push_back('@');
    append_hidden_word(value.substr(at + 1, dot - at - 1), to);
    to.append(value.substr(dot));
    return true;
}

bool append_partial_card(std::string_view value, std::string& to) {
    const auto digits = static_cast<std::size_t>(std::ranges::count_if(value, is_digit));
    if (digits < 12 || digits > 19) return false;
    std::size_t seen = 0;
    for (const char c : value) {
        if (!is_digit(c)) continue;
        if (seen != 0 && seen % 4 == 0) to.push_back(' ');
        to.push_back(++seen > digits - 4 ? c : '*');
    }
    return true;
}

/// All digits but the last two become stars, separators stay.
bool append_partial_number(std::string_view value, std::string& to) {
    const auto digits = static_cast<std::size_t>(std::ranges::count_if(value, is_digit));
    if (digits < 7 || value.size() > 40 || std::ranges::any_of(value, [](char c) { return is_letter(c) || is_high(c); })) return false;
    std::size_t seen = 0;
    for (const char c : value) to.push_back(is_digit(c) && ++seen <= digits - 2 ? '*' : c);
    return true;
}

}  // namespace

void append_partial(std::string_view class_name, std::string_view value, std::string& to) {
    if (class_name == "EMAIL_ADDRESS" && append_partial_email(value, to)) return;
    if (class_name == "CREDIT_CARD" && append_partial_card(value, to)) return;
    if (append_partial_number(value, to)) return;
    if (count_code_points(value) >= 6) append_first(value, to);
    to.append("***");
}

bool append_generalized(const MaskOrder& order, std::string_view value, Keyring& keys, std::string& to) {
    if (order.class_name == "LOCATION" && value.size() >= 4 && value.size() <= 10) {
        // A postal code: its region stays.
        const bool postal = std::ranges::all_of(value, [](char c) { return is_alnum(c) || c == ' ' || c == '-'; });
        if (!postal || std::ranges::none_of(value, is_digit)) return false;
        const std::size_t kept = value.size() >= 5 ? 3 : 1;
        to.append(value.substr(0, kept)).append(value.size() - kept, '*');
        return true;
    }
    return append_typed_text(order, value, keys, to);
}

void append_canonical(std::string_view class_name, std::string_view value, std::string& to) {
    while (!value.empty() && is_space(value.front())) value.remove_prefix(1);
    while (!value.empty() && is_space(value.back())) value.remove_suffix(1);
    const bool digits_only = class_name == "CREDIT_CARD" || class_name == "PHONE_NUMBER" || class_name == "US_SSN" || class_name == "US_ITIN";
    for (const char c : value) {
        if (digits_only && (c == ' ' || c == '-' || c == '.' || c == '(' || c == ')' || c == '/' || c == '+')) continue;
        if (class_name == "IBAN_CODE" && c == ' ') continue;
        to.push_back(class_name == "EMAIL_ADDRESS" ? lower(c) : class_name == "IBAN_CODE" ? upper(c) : c);
    }
}

}  // namespace pgveil::masking
