// Tokens of the console's small language: words, 'literals', "names", numbers, $1 parameters, signs.
//
// As in SQL: -- and nested /* */ comments, '' inside literals, "" inside names, words without regard to case.
// No escapes, no dollar quotes. Values; any thread. Hostile: yes, whatever a person's client sends (up to the
// protocol's limits); views live as long as the text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgveil::console {

enum class TokenKind : std::uint8_t { Word, Literal, Name, Number, Parameter, Sign };

struct Token {
    TokenKind kind = TokenKind::Sign;
    std::string text;        // literals and names without quotes; of $12 the 12
    std::size_t begin = 0;   // offset into the whole text
    std::size_t end = 0;
    [[nodiscard]] bool is(std::string_view upper_word) const;   // a word, whatever its case
    [[nodiscard]] bool is_sign(char sign) const { return kind == TokenKind::Sign && text.size() == 1 && text[0] == sign; }
};

struct TokenError {
    std::string what;        // "unterminated quoted string"
    std::size_t at = 0;
};

/// One statement: its tokens without the semicolon. Statements without tokens are left out.
using Statement = std::vector<Token>;

struct Tokens {
    std::vector<Statement> statements;
    std::optional<TokenError> error;   // statements before it are complete
};

[[nodiscard]] Tokens tokenize(std::string_view text);

[[nodiscard]] std::string upper(std::string_view word);   // ASCII only

}  // namespace pgveil::console
