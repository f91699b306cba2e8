#include "sql/lexer.h"

#include <limits>

#include "sql/scan.h"

namespace pgveil::sql {

namespace {

constexpr std::size_t kLongest = std::numeric_limits<std::uint32_t>::max() - 16;

bool is_word(std::string_view word, std::string_view wanted) {
    if (word.size() != wanted.size()) return false;
    for (std::size_t i = 0; i < word.size(); ++i)
        if ((word[i] | 0x20) != wanted[i]) return false;
    return true;
}

/// Where a bare integer can be the number of an output column: after ORDER BY, GROUP BY and DISTINCT ON, until the
/// clause or its parenthesis ends.
class Positions {
  public:
    [[nodiscard]] bool here() const { return at_ >= 0; }

    void word(std::string_view word) {
        const bool starts = (word.size() == 2) && (is_word(word, "by") || (after_distinct_ && is_word(word, "on")));
        if (starts && at_ < 0) at_ = depth_;
        if (!starts && at_ == depth_ && ends(word)) at_ = -1;
        after_distinct_ = is_word(word, "distinct");
    }
    void punctuation(char c) {
        after_distinct_ = false;
        if (c == '(') ++depth_;
        if (c == ')') --depth_;
        if (depth_ < at_) at_ = -1;
    }

  private:
    static bool ends(std::string_view word) {
        if (word.size() == 5) return is_word(word, "where") || is_word(word, "limit") || is_word(word, "fetch");
        return word.size() == 6 && (is_word(word, "having") || is_word(word, "offset"));
    }
    int depth_ = 0, at_ = -1;
    bool after_distinct_ = false;
};

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
    Positions positions;
    for (std::uint32_t at = scan::skip_space(text, 0); at < text.size();) {
        const scan::Scanned token = scan::token_at(text, at);
        if (!token.closed) return false;
        const std::string_view word = text.substr(at, token.end - at);
        switch (token.kind) {
            case TokenKind::String: out += '\x01'; break;
            case TokenKind::BitString: out += '\x02'; break;
            case TokenKind::Number: out += '\x03'; break;
            case TokenKind::Integer:
                if (positions.here()) out += word;
                else out += '\x03';
                break;
            case TokenKind::Identifier:
                positions.word(word);
                out += word;
                break;
            case TokenKind::QuotedIdentifier:
                // UESCAPE '!' is a literal that changes what the name before it is.
                if (word.front() != '"') return false;
                out += word;
                break;
            case TokenKind::Punctuation:
                positions.punctuation(word.front());
                out += word;
                break;
            case TokenKind::Parameter: case TokenKind::Operator: out += word; break;
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
