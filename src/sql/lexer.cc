#include "sql/lexer.h"

#include <limits>

#include "sql/scan.h"

namespace pgveil::sql {

namespace {

constexpr std::size_t kLongest = std::numeric_limits<std::uint32_t>::max() - 16;

/// Words after which a bare integer can be the number of an output column.
bool starts_positions(std::string_view word) {
    const auto is_word = [word](std::string_view wanted) {
        if (word.size() != wanted.size()) return false;
        for (std::size_t i = 0; i < word.size(); ++i)
            if ((word[i] | 0x20) != wanted[i]) return false;
        return true;
    };
    return is_word("by") || is_word("on");
}

bool ends_positions(std::string_view word) {
    return word.size() >= 5 && (((word[0] | 0x20) == 'l' && (word[1] | 0x20) == 'i' && (word[2] | 0x20) == 'm' && (word[3] | 0x20) == 'i' && (word[4] | 0x20) == 't' && word.size() == 5));
}

}  // namespace

std::optional<std::vector<Token>> tokens_of(std::string_view text) {
    if (text.size() > kLongest) return std::nullopt;
    std::vector<Token> tokens;
    for (std::uint32_t at = scan::skip_space(text, 0); at < text.size();) {
        const scan::Scanned token = scan::token_at(text, at);
        if (!token.closed) return std::nullopt;
        tokens.push_back({token.kind, at, token.end});
        at = scan::skip_space(text, token.end);
    }
    return tokens;
}

// The key keeps what analysis can depend on: names, operators, parameters, the kind of each literal, and integers that may
// stand for an output column (ORDER BY 2). Every other literal becomes one byte that no text can contain.
bool strip_literals(std::string_view text, std::string& out) {
    out.clear();
    if (text.size() > kLongest) return false;
    bool positions = false;
    for (std::uint32_t at = scan::skip_space(text, 0); at < text.size();) {
        const scan::Scanned token = scan::token_at(text, at);
        if (!token.closed) return false;
        const std::string_view word = text.substr(at, token.end - at);
        switch (token.kind) {
            case TokenKind::String: out += '\x01'; break;
            case TokenKind::BitString: out += '\x02'; break;
            case TokenKind::Number: out += '\x03'; break;
            case TokenKind::Integer:
                if (positions) out += word;
                else out += '\x03';
                break;
            case TokenKind::Identifier:
                if (starts_positions(word)) positions = true;
                else if (ends_positions(word)) positions = false;
                out += word;
                break;
            case TokenKind::QuotedIdentifier: case TokenKind::Parameter: case TokenKind::Operator: case TokenKind::Punctuation:
                out += word;
                break;
            case TokenKind::Comment: break;
            case TokenKind::Bad: return false;
            case TokenKind::End: return false;
        }
        if (token.kind != TokenKind::Comment) out += ' ';
        at = scan::skip_space(text, token.end);
    }
    return true;
}

std::optional<std::string> without_comments(std::string_view text) {
    if (text.size() > kLongest) return std::nullopt;
    std::string out;
    out.reserve(text.size());
    std::uint32_t copied = 0;
    for (std::uint32_t at = scan::skip_space(text, 0); at < text.size();) {
        const scan::Scanned token = scan::token_at(text, at);
        if (!token.closed) return std::nullopt;
        if (token.kind == TokenKind::Comment) {
            out += text.substr(copied, at - copied);
            out += ' ';  // a comment separates what stands beside it
            copied = token.end;
        }
        at = scan::skip_space(text, token.end);
    }
    out += text.substr(copied);
    return out;
}

}  // namespace pgveil::sql
