// Keyed transforms and the recognition of what they made.
//
// A token is T || M: T from HMAC(domain, value), M from HMAC("pgveil mask marker", T). Anyone may see T;
// only the key's holder can tell that M belongs to it. Where the form has room for few digits, M is short and
// a stranger's value is taken for ours with that chance (a card: 1 in 1000); the cost is one refused write.
#include <algorithm>
#include <array>

#include "detect/chars.h"
#include "detect/checksum.h"
#include "codec/network.h"
#include "transform/token.h"
#include "transform/transform.h"

namespace pgveil::masking {
namespace {

constexpr std::string_view kBase32 = "abcdefghijkmnpqrstuvwxyz23456789";
constexpr std::string_view kMaskedHost = "@masked.invalid";

void append_hex(const Digest& digest, std::size_t bytes, std::string& to) {
    constexpr std::string_view hex = "0123456789abcdef";
    for (std::size_t i = 0; i < bytes; ++i) {
        to.push_back(hex[digest[i] >> 4U]);
        to.push_back(hex[digest[i] & 15U]);
    }
}

void append_base32(const Digest& digest, std::size_t letters, std::string& to) {
    for (std::size_t i = 0; i < letters; ++i) to.push_back(kBase32[digest[i] & 31U]);
}

void append_decimal(std::uint64_t value, std::size_t digits, std::string& to) {
    std::array<char, 20> text{};
    for (std::size_t i = 0; i < digits; ++i, value /= 10) text[digits - 1 - i] = static_cast<char>('0' + value % 10);
    to.append(text.data(), digits);
}

/// `token`, then its marker, in base 32: 12 and 8 letters.
void append_marked_word(const Digest& token, const KeyedHash& keys, std::string& to) {
    const std::size_t from = to.size();
    append_base32(token, 12, to);
    append_base32(marker_of(std::string_view(to).substr(from, 12), keys), 8, to);
}

/// 400000 (a range no issuer uses), six digits of token, three of marker, Luhn's digit.
void append_card(const Digest& token, const KeyedHash& keys, std::string& to) {
    const std::size_t from = to.size();
    to.append("400000");
    append_decimal(number_in(token, 0), 6, to);
    append_decimal(number_in(marker_of(std::string_view(to).substr(from, 12), keys), 0), 3, to);
    for (char check = '0'; check <= '9'; ++check) {
        to.push_back(check);
        if (luhn_holds(std::string_view(to).substr(from))) return;
        to.pop_back();
    }
}

constexpr std::array<std::string_view, 32> kFirstNames = {
    "Alex", "Avery", "Blair", "Casey", "Charlie", "Dakota", "Drew", "Eden", "Emerson", "Finley", "Frankie", "Gray", "Harley", "Hayden", "Indigo", "Jamie",
    "Jordan", "Jules", "Kai", "Kendall", "Lane", "Logan", "Marlow", "Morgan", "Noel", "Parker", "Quinn", "Reese", "Riley", "Rowan", "Sage", "Taylor"};
constexpr std::array<std::string_view, 64> kLastNames = {
    "Maskell", "Veilor", "Shroudly", "Cloakman", "Hoodwin", "Coverly", "Screener", "Blindley", "Dimmock", "Fogarth", "Hazeley", "Mistral", "Nebulon", "Shadeson", "Umbrage", "Vesper",
    "Ashveil", "Birchmask", "Cedarveil", "Dawnveil", "Elmshade", "Fernveil", "Glenmask", "Heathveil", "Ivyshade", "Junoveil", "Kelpmask", "Larchveil", "Mossveil", "Northmask", "Oakshade", "Pineveil",
    "Quartzveil", "Reedmask", "Saltveil", "Thornmask", "Upveil", "Valemask", "Willowveil", "Yewshade", "Zephyrmask", "Amberveil", "Brookmask", "Cliffveil", "Dalemask", "Eastveil", "Fieldmask", "Groveveil",
    "Hillmask", "Inletveil", "Jettymask", "Knollveil", "Lakemask", "Marshveil", "Nookmask", "Orchardveil", "Pondmask", "Quarryveil", "Ridgemask", "Stoneveil", "Tidemask", "Uplandveil", "Vinemask", "Westveil"};

void append_person(std::string_view class_name, const Digest& token, std::string& to) {
    const std::string_view first = kFirstNames[token[0] % kFirstNames.size()], last = kLastNames[token[1] % kLastNames.size()];
    if (class_name == "FIRST_NAME") {
        to.append(first);
        return;
    }
    if (class_name != "LAST_NAME") to.append(first).append(" ");
    to.append(last);
}

}  // namespace

void append_hash(std::string_view key_domain, std::string_view class_name, std::string_view value, const KeyedHash& keys, std::string& to) {
    const std::size_t from = to.size();
    append_hex(token_of(key_domain, class_name, value, keys), 11, to);
    append_hex(marker_of(std::string_view(to).substr(from, 22), keys), 5, to);
}

void append_pseudonym(std::string_view key_domain, std::string_view class_name, std::string_view value, const KeyedHash& keys,
                      std::string& to) {
    const Digest token = token_of(key_domain, class_name, value, keys);
    if (class_name == "EMAIL_ADDRESS") {
        append_marked_word(token, keys, to);
        to.append(kMaskedHost);
    } else if (class_name == "CREDIT_CARD") {
        append_card(token, keys, to);
    } else if (class_name == "PERSON" || class_name == "FIRST_NAME" || class_name == "LAST_NAME") {
        append_person(class_name, token, to);
    } else if (class_name == "PHONE_NUMBER") {
        // NANP 555-01xx is reserved for fiction, in every area code.
        to.append("+1");
        append_decimal(201 + number_in(token, 0) % 789, 3, to);
        to.append("55501");
        append_decimal(number_in(token, 8) % 100, 2, to);
    } else if (class_name == "US_SSN") {
        to.push_back('9');  // area 9xx with group 00 is never issued, as SSN or as ITIN
        append_decimal(number_in(token, 0), 2, to);
        to.append("-00-");
        append_decimal(number_in(token, 8), 4, to);
    } else {
        to.append("tok_");
        append_marked_word(token, keys, to);
    }
}

namespace {

bool marked_word_at(std::string_view text, std::size_t at, const KeyedHash& keys) {
    if (text.size() - at < 20) return false;
    std::string expected;
    append_base32(marker_of(text.substr(at, 12), keys), 8, expected);
    return text.substr(at + 12, 8) == expected;
}

bool hash_at(std::string_view text, std::size_t at, const KeyedHash& keys) {
    std::string expected;
    append_hex(marker_of(text.substr(at, 22), keys), 5, expected);
    return text.substr(at + 22, 10) == expected;
}

bool card_at(std::string_view digits, const KeyedHash& keys) {
    std::string expected;
    append_decimal(number_in(marker_of(digits.substr(0, 12), keys), 0), 3, expected);
    return digits.substr(12, 3) == expected;
}

template <class Class>
bool run_of(std::string_view text, std::size_t at, std::size_t size, Class in_class) {
    if (text.size() - at < size || (at > 0 && in_class(text[at - 1])) || in_class(peek(text, at + size))) return false;
    for (std::size_t i = 0; i < size; ++i) {
        if (!in_class(text[at + i])) return false;
    }
    return true;
}

bool redaction_at(std::string_view text, std::size_t at) {
    std::size_t end = at + 1;
    while (end < text.size() && (is_upper(text[end]) || text[end] == '_' || is_digit(text[end]))) ++end;
    return end - at >= 4 && peek(text, end) == ']' && is_upper(text[at + 1]);
}

bool reserved_number_at(std::string_view text, std::size_t at) {
    if (text.substr(at, 2) == "+1" && text.size() - at >= 12) return text.substr(at + 5, 5) == "55501";
    return text[at] == '9' && text.size() - at >= 11 && text.substr(at + 3, 4) == "-00-";
}

bool listed_name_at(std::string_view text, std::size_t at) {
    if (at > 0 && is_word(text[at - 1])) return false;
    for (const std::string_view name : kLastNames) {
        if (text.substr(at, name.size()) == name && !is_word(peek(text, at + name.size()))) return true;
    }
    return false;
}

/// A uuid of version 8 whose last six bytes are the marker of its first ten (typed.cc).
bool uuid_at(std::string_view text, std::size_t at, const KeyedHash& keys) {
    std::array<Byte, 16> bytes{};
    if (peek(text, at + 14) != '8' || !read_uuid_text(text.substr(at, 36), bytes)) return false;
    const Digest marker = marker_of(text_of(ByteView(bytes).first(10)), keys);
    return std::equal(bytes.begin() + 10, bytes.end(), marker.begin());
}

/// What only the key's holder can have made.
bool marker_at(std::string_view text, std::size_t at, const KeyedHash& keys) {
    const char c = text[at];
    if (c == '@') return at >= 20 && text.substr(at, kMaskedHost.size()) == kMaskedHost && marked_word_at(text, at - 20, keys);
    if (c == 't' && text.substr(at, 4) == "tok_" && marked_word_at(text, at + 4, keys)) return true;
    if (c == '4' && text.substr(at, 6) == "400000" && run_of(text, at, 16, is_digit)) return card_at(text.substr(at, 16), keys);
    return is_hex(c) && ((run_of(text, at, 32, is_hex) && hash_at(text, at, keys)) || uuid_at(text, at, keys));
}

bool mask_at(std::string_view text, std::size_t at, const KeyedHash& keys) {
    const char c = text[at];
    if (c == '[') return redaction_at(text, at);
    if (c == '*') return text.substr(at, 3) == "***";
    return marker_at(text, at, keys) || reserved_number_at(text, at) || (is_upper(c) && listed_name_at(text, at));
}

}  // namespace

bool contains_keyed_mask(std::string_view text, const KeyedHash& keys) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (marker_at(text, at, keys)) return true;
    }
    return false;
}

bool contains_mask(std::string_view text, const KeyedHash& keys) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (mask_at(text, at, keys)) return true;
    }
    return false;
}

}  // namespace pgveil::masking
