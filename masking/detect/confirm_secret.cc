// Secrets: tokens with a prefix, JWTs, private keys, passwords in URLs and settings, password hashes.
#include <algorithm>
#include <array>

#include "pgveil/masking/json_cursor.h"
#include "detect/chars.h"
#include "detect/confirm.h"

namespace pgveil::masking {
namespace {

template <class Class>
std::size_t run_start(std::string_view text, std::size_t end, Class in_class) {
    std::size_t start = end;
    while (start > 0 && end - start < kReach && in_class(text[start - 1])) --start;
    return start;
}

template <class Class>
std::size_t run_end(std::string_view text, std::size_t at, Class in_class) {
    while (at < text.size() && in_class(text[at])) ++at;
    return at;
}

/// Values that stand where a secret would: documentation, templates, masks.
bool is_placeholder(std::string_view value) {
    if (value.empty() || value.front() == '$' || value.front() == '{' || value.front() == '<' || value.front() == '%') return true;
    if (value.front() == '[' && value.back() == ']') return true;
    return std::ranges::all_of(value, [&](char c) { return c == value.front(); }) &&
           (value.front() == '*' || lower(value.front()) == 'x' || value.front() == '.' || value.front() == '-');
}

int base64url_value(char c) {
    if (is_upper(c)) return c - 'A';
    if (is_lower(c)) return c - 'a' + 26;
    if (is_digit(c)) return c - '0' + 52;
    if (c == '-' || c == '+') return 62;
    return c == '_' || c == '/' ? 63 : -1;
}

/// True if the segment base64url-decodes to one JSON object.
bool decodes_to_object(std::string_view segment) {
    std::array<char, 3072> decoded;
    std::size_t size = 0;
    unsigned bits = 0, have = 0;
    for (const char c : segment) {
        const int value = base64url_value(c);
        if (value < 0 || size == decoded.size()) return false;
        bits = (bits << 6U) | static_cast<unsigned>(value);
        have += 6;
        if (have >= 8) {
            have -= 8;
            decoded[size++] = static_cast<char>((bits >> have) & 0xFFU);
        }
    }
    JsonCursor json;
    json.reset({decoded.data(), size});
    if (json.next() != JsonToken::ObjectBegin) return false;
    for (;;) {
        const JsonToken token = json.next();
        if (token == JsonToken::Error) return false;
        if (token == JsonToken::End) return true;
    }
}

}  // namespace

Answer confirm_jwt(const Candidate& c) {
    // The candidate ends a few characters behind the dot that closes the header.
    const std::size_t dot = c.text.rfind('.', c.end - 1);
    if (dot == std::string_view::npos || c.end - dot > 10) return std::nullopt;
    std::size_t start = run_start(c.text, dot, is_base64url);
    for (int tries = 0; tries < 8 && dot - start >= 10; ++tries, ++start) {  // something may be glued in front
        start = c.text.find('e', start);
        if (start >= dot) break;
        if (!decodes_to_object(c.text.substr(start, dot - start))) continue;
        return Confirmed{start, run_end(c.text, c.end, [](char x) { return is_base64url(x) || x == '.'; }), 1.0};
    }
    return std::nullopt;
}

Answer confirm_pem(const Candidate& c) {
    const std::size_t start = c.text.substr(0, c.end).rfind("-----BEGIN");
    if (start == std::string_view::npos || c.end - start > 80) return std::nullopt;
    const std::size_t close = c.text.find("-----END", c.end);
    if (close == std::string_view::npos) return Confirmed{start, c.text.size(), 1.0};  // cut off: the rest is key
    const std::size_t dashes = c.text.find("-----", close + 8);
    return Confirmed{start, dashes == std::string_view::npos ? c.text.size() : dashes + 5, 1.0};
}

Answer confirm_url_password(const Candidate& c) {
    // The pattern ends at an '@'; the authority begins behind "://" and ends at '/', '?', '#', blank or quote.
    if (c.end == 0 || c.text[c.end - 1] != '@') return std::nullopt;
    const std::size_t from = c.end < kReach ? 0 : c.end - kReach;
    const std::size_t scheme = c.text.substr(from, c.end - from).rfind("://");
    if (scheme == std::string_view::npos) return std::nullopt;
    const std::size_t user = from + scheme + 3;
    const std::size_t colon = c.text.find(':', user);
    if (colon == std::string_view::npos || colon + 1 >= c.end) return std::nullopt;
    const std::size_t stop = std::min(c.text.find_first_of("/?# \t\r\n\"'<>", c.end), c.text.size());
    std::size_t at = c.text.substr(0, stop).rfind('@');
    if (at == std::string_view::npos || at < colon) at = c.end - 1;
    const std::string_view password = c.text.substr(colon + 1, at - colon - 1);
    if (is_placeholder(password)) return std::nullopt;
    // `http://host:8080/path/x@y`: a port and a path, no password.
    const std::size_t slash = password.find('/');
    if (slash != std::string_view::npos && slash > 0 && std::ranges::all_of(password.substr(0, slash), is_digit)) return std::nullopt;
    return Confirmed{colon + 1, at, 1.0};
}

Answer confirm_key_value(const Candidate& c) {
    // The pattern ends at the first character of the value; quotes decide how far it goes.
    if (c.end == 0) return std::nullopt;
    const std::size_t first = c.end - 1;
    if (std::string_view("${<%").find(c.text[first]) != std::string_view::npos) return std::nullopt;  // a template's
    const char quote = first > 0 ? c.text[first - 1] : '\0';
    std::size_t end = first;
    if (quote == '\'' || quote == '"') {
        while (end < c.text.size() && c.text[end] != quote) end += c.text[end] == '\\' ? 2 : 1;
    } else {
        while (end < c.text.size() && !is_space(c.text[end]) && std::string_view(";&,\"'<>)").find(c.text[end]) == std::string_view::npos) ++end;
    }
    end = std::min(end, c.text.size());
    if (end - first < 3 || is_placeholder(c.text.substr(first, end - first))) return std::nullopt;
    return Confirmed{first, end, 0.9};
}

Answer confirm_token(const Candidate& c) {
    const auto in_token = [](char x) { return is_base64url(x); };
    const auto in_tail = [](char x) { return is_base64url(x) || x == '.' || x == '+' || x == '/'; };
    // xxxxxxxxxxxx, 000000000000: judged on what the pattern matched, so that nothing glued on can hide a token.
    const std::string_view tail = c.text.substr(c.end - std::min<std::size_t>(c.end, 12), std::min<std::size_t>(c.end, 12));
    if (std::ranges::all_of(tail, [&](char x) { return x == tail.front(); })) return std::nullopt;
    const std::size_t start = run_start(c.text, c.end, in_tail);
    std::size_t end = run_end(c.text, c.end, in_token);
    while (end < c.text.size() && c.text[end] == '=') ++end;
    return Confirmed{start, end, 1.0};
}

Answer confirm_url(const Candidate& c) {
    // The pattern ends within the address: it goes on to a blank, a quote or a bracket on both sides.
    const auto in_url = [](char x) { return static_cast<unsigned char>(x) > 0x20 && std::string_view("\"'<>`|{}\\^").find(x) == std::string_view::npos; };
    if (!c.hinted) return std::nullopt;
    const std::size_t start = run_start(c.text, c.end, in_url);
    std::size_t end = run_end(c.text, c.end, in_url);
    while (end > c.end && std::string_view(".,;:!?)]").find(c.text[end - 1]) != std::string_view::npos) --end;
    return Confirmed{start, end, 0.9};
}

Answer confirm_password_hash(const Candidate& c) {
    const auto in_hash = [](char x) { return is_alnum(x) || std::string_view("./+=$,:-_*{}").find(x) != std::string_view::npos; };
    const std::size_t start = run_start(c.text, c.end, in_hash);
    std::size_t end = run_end(c.text, c.end, in_hash);
    while (end > c.end && (c.text[end - 1] == '.' || c.text[end - 1] == ',' || c.text[end - 1] == ':') && end == c.text.size()) --end;
    return Confirmed{start, end, 1.0};
}

}  // namespace pgveil::masking
