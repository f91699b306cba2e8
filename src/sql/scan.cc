#include "sql/scan.h"

#include <algorithm>

#include <cstring>

namespace pgveil::sql::scan {

namespace {

constexpr std::array<std::uint8_t, 256> make_classes() {
    std::array<std::uint8_t, 256> table{};
    const auto mark = [&table](std::string_view characters, unsigned bits) {
        for (const char c : characters) table[static_cast<unsigned char>(c)] |= static_cast<std::uint8_t>(bits);
    };
    for (unsigned c = 0; c < 256; ++c) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
        if (letter) table[c] |= kIdentStart | kIdentCont;
        if (c >= '0' && c <= '9') table[c] |= kIdentCont | kDigit;
    }
    mark("$", kIdentCont);
    mark(" \t\n\r\f", kSpace);
    mark("\n\r", kNewline);
    mark("~!@#^&|`?+-*/%<>=", kOperator);
    mark(",()[].;:+-*/%^<>=", kSelf);
    return table;
}

bool at_is(std::string_view text, std::size_t at, char c) { return at < text.size() && text[at] == c; }

std::uint32_t line_end(std::string_view text, std::size_t at) {
    while (at < text.size() && !is(text[at], kNewline)) ++at;
    return static_cast<std::uint32_t>(at);
}

Scanned block_comment(std::string_view text, std::uint32_t at) {
    std::size_t depth = 1;
    std::size_t i = at + 2;
    for (; i < text.size() && depth > 0; ++i) {
        if (text[i] == '*' && at_is(text, i + 1, '/')) {
            --depth;
            ++i;
        } else if (text[i] == '/' && at_is(text, i + 1, '*')) {
            ++depth;
            ++i;
        }
    }
    return {TokenKind::Comment, static_cast<std::uint32_t>(i), {}, depth == 0};
}

/// After a closing quote: where the string goes on (a quote after white space with a newline), or 0.
std::size_t continuation(std::string_view text, std::size_t at) {
    bool newline = false;
    while (at < text.size()) {
        if (is(text[at], kSpace)) {
            newline = newline || is(text[at], kNewline);
            ++at;
        } else if (text[at] == '-' && at_is(text, at + 1, '-')) {
            at = line_end(text, at);
            // A comment counts as space only with the newline that ends it.
            if (at == text.size()) return 0;
        } else {
            return text[at] == '\'' && newline ? at + 1 : 0;
        }
    }
    return 0;
}

/// `at` is just after the opening quote.
Scanned string_from(std::string_view text, std::size_t at, TokenKind kind, StringForm form) {
    for (;;) {
        while (at < text.size() && text[at] != '\'' && !(text[at] == '\\' && form == StringForm::Escape)) ++at;
        if (at >= text.size()) return {kind, static_cast<std::uint32_t>(text.size()), form, false};
        if (text[at] == '\\') {
            at = at + 2 < text.size() ? at + 2 : text.size();
            continue;
        }
        ++at;
        // B'' and X'' know no doubled quote.
        if (at_is(text, at, '\'') && kind == TokenKind::String) {
            ++at;
            continue;
        }
        const std::size_t next = continuation(text, at);
        if (next == 0) return {kind, static_cast<std::uint32_t>(at), form, true};
        at = next;
    }
}

Scanned quoted_identifier(std::string_view text, std::size_t at) {
    for (;;) {
        while (at < text.size() && text[at] != '"') ++at;
        if (at >= text.size()) return {TokenKind::QuotedIdentifier, static_cast<std::uint32_t>(text.size()), {}, false};
        ++at;
        if (!at_is(text, at, '"')) return {TokenKind::QuotedIdentifier, static_cast<std::uint32_t>(at), {}, true};
        ++at;
    }
}

Scanned dollar(std::string_view text, std::uint32_t at) {
    std::size_t i = at + 1;
    if (i < text.size() && is(text[i], kDigit)) {
        while (i < text.size() && is(text[i], kDigit)) ++i;
        return {TokenKind::Parameter, static_cast<std::uint32_t>(i)};
    }
    if (i < text.size() && is(text[i], kIdentStart))
        while (i < text.size() && is(text[i], kIdentCont) && text[i] != '$') ++i;
    if (!at_is(text, i, '$')) return {TokenKind::Bad, at + 1};
    const std::string_view tag = text.substr(at, i + 1 - at);
    const std::size_t close = text.find(tag, i + 1);
    const bool closed = close != std::string_view::npos;
    return {TokenKind::String, static_cast<std::uint32_t>(closed ? close + tag.size() : text.size()), StringForm::Dollar, closed};
}

std::size_t digits(std::string_view text, std::size_t at) {
    while (at < text.size() && is(text[at], kDigit)) ++at;
    return at;
}

Scanned number(std::string_view text, std::size_t at) {
    TokenKind kind = TokenKind::Integer;
    std::size_t end = digits(text, at);
    // 1..10 is an integer before two dots.
    if (at_is(text, end, '.') && !at_is(text, end + 1, '.')) {
        kind = TokenKind::Number;
        end = digits(text, end + 1);
    }
    if (at_is(text, end, 'e') || at_is(text, end, 'E')) {
        std::size_t exponent = end + 1;
        if (at_is(text, exponent, '+') || at_is(text, exponent, '-')) ++exponent;
        if (exponent < text.size() && is(text[exponent], kDigit)) {
            kind = TokenKind::Number;
            end = digits(text, exponent);
        }
    }
    return {kind, static_cast<std::uint32_t>(end)};
}

/// scan.l, "operator": stops before a comment; a trailing + or - belongs only to operators with other signs.
/// No operator is longer than a name, so that a megabyte of signs is not looked through again for each of them.
Scanned operator_at(std::string_view text, std::uint32_t at) {
    constexpr std::size_t longest = 256;
    std::size_t end = at;
    while (end < text.size() && end - at < longest && is(text[end], kOperator)) {
        const bool comment = end > at && ((text[end] == '-' && at_is(text, end + 1, '-')) || (text[end] == '/' && at_is(text, end + 1, '*')));
        if (comment) break;
        ++end;
    }
    if (end - at > 1 && (text[end - 1] == '+' || text[end - 1] == '-') &&
        text.substr(at, end - at).find_first_of("~!@#^&|`?%") == std::string_view::npos)
        while (end - at > 1 && (text[end - 1] == '+' || text[end - 1] == '-')) --end;
    const bool self = end - at == 1 && is(text[at], kSelf);
    return {self ? TokenKind::Punctuation : TokenKind::Operator, static_cast<std::uint32_t>(end)};
}

/// A letter that opens a string or quoted identifier of a special form; End if it does not.
Scanned prefixed(std::string_view text, std::uint32_t at) {
    const char letter = static_cast<char>(text[at] | 0x20);
    if (at_is(text, at + 1, '\'')) {
        if (letter == 'e') return string_from(text, at + 2, TokenKind::String, StringForm::Escape);
        if (letter == 'b' || letter == 'x') return string_from(text, at + 2, TokenKind::BitString, StringForm::Plain);
        // N'..' is the keyword nchar and then a plain string.
        if (letter == 'n') return {TokenKind::Identifier, at + 1};
    }
    if (letter == 'u' && at_is(text, at + 1, '&')) {
        if (at_is(text, at + 2, '\'')) return string_from(text, at + 3, TokenKind::String, StringForm::Unicode);
        if (at_is(text, at + 2, '"')) return quoted_identifier(text, at + 3);
    }
    return {};
}

}  // namespace

constinit const std::array<std::uint8_t, 256> kClasses = make_classes();

std::uint32_t skip_space(std::string_view text, std::uint32_t at) {
    while (at < text.size() && is(text[at], kSpace)) ++at;
    return at;
}

Scanned token_at(std::string_view text, std::uint32_t at) {
    const char c = text[at];
    if (is(c, kIdentStart)) {
        if (const Scanned special = prefixed(text, at); special.kind != TokenKind::End) return special;
        std::size_t end = at + 1;
        while (end < text.size() && is(text[end], kIdentCont)) ++end;
        return {TokenKind::Identifier, static_cast<std::uint32_t>(end)};
    }
    if (is(c, kDigit) || (c == '.' && at + 1 < text.size() && is(text[at + 1], kDigit))) return number(text, at);
    switch (c) {
        case '\'': return string_from(text, at + 1, TokenKind::String, StringForm::Plain);
        case '"': return quoted_identifier(text, at + 1);
        case '$': return dollar(text, at);
        case '-':
            if (at_is(text, at + 1, '-')) return {TokenKind::Comment, line_end(text, at)};
            break;
        case '/':
            if (at_is(text, at + 1, '*')) return block_comment(text, at);
            break;
        case ':':
            if (at_is(text, at + 1, ':') || at_is(text, at + 1, '=')) return {TokenKind::Operator, at + 2};
            break;
        case '.':
            if (at_is(text, at + 1, '.')) return {TokenKind::Operator, at + 2};
            break;
        default: break;
    }
    if (is(c, kOperator)) return operator_at(text, at);
    return {is(c, kSelf) ? TokenKind::Punctuation : TokenKind::Bad, at + 1};
}

bool takes_long(std::string_view text) {
    constexpr std::size_t most = 1000;
    const auto long_run = [](std::string_view piece) {
        std::size_t run = 0;
        return std::ranges::any_of(piece, [&](char c) { return (run = is(c, kOperator) ? run + 1 : 0) > most; });
    };
    const auto begins_run = [](std::string_view piece) {
        return piece.size() > most && std::ranges::all_of(piece.substr(0, most + 1), [](char c) { return is(c, kOperator); });
    };
    if (!long_run(text)) return false;
    // Strings and lines of dashes are read once, however long they are.
    for (std::uint32_t at = skip_space(text, 0); at < text.size();) {
        const Scanned token = token_at(text, at);
        const std::size_t end = std::max<std::size_t>(token.end, at + 1);
        if (token.kind == TokenKind::Comment && text[at] == '/' && long_run(text.substr(at, end - at))) return true;
        if (token.kind != TokenKind::Comment && begins_run(text.substr(at))) return true;
        at = skip_space(text, static_cast<std::uint32_t>(end));
    }
    return false;
}

}  // namespace pgveil::sql::scan
