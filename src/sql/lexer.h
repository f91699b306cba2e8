// Lexer: one pass over SQL text in PostgreSQL's token rules (scan.l of 15, standard_conforming_strings=on,
// UTF-8). It makes three things: the plan cache's key, the approval's comment-free bytes, and the text the
// audit log shows. Works on text the parser rejects. Compared with pg_query_scan in tests.
// Reads hostile bytes: yes. Pure, any thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgveil/core/keyed_hash.h"

namespace pgveil::sql {

enum class TokenKind : std::uint8_t {
    End, Identifier, QuotedIdentifier, String, BitString, Number, Integer, Parameter, Operator, Punctuation, Comment, Bad
};
struct Token {
    TokenKind kind = TokenKind::End;
    std::uint32_t start = 0, end = 0;   // bytes
};

/// All tokens; nullopt if a quote or comment does not close (the server would refuse it as well).
[[nodiscard]] std::optional<std::vector<Token>> tokens_of(std::string_view text);

/// Key of the plan cache: literals replaced, comments and spaces folded. Writes into `out`; false: uncacheable (use the
/// exact text: it does not lex, or U&"..." makes a name depend on a literal).
/// Fast path: one pass, no allocation once `out` has grown. Keeps literals where `analyze` looks at them
/// (after SET/RESET/SHOW/set_config and the like the caller falls back to exact text).
[[nodiscard]] bool strip_literals(std::string_view text, std::string& out);

/// The same statement without comments; nullopt as tokens_of. Every other byte as it stood.
[[nodiscard]] std::optional<std::string> without_comments(std::string_view text);

/// A literal taken out of a logged text: number, type, length and keyed token (audit.md).
struct LoggedLiteral {
    std::string type;      // "text", "number", "bit"
    std::uint32_t length = 0;
    std::string token;     // 32 hex digits; empty for small integers and booleans
};
struct LoggedText {
    std::string text;                      // literals are $1.. numbered after the statement's own parameters
    std::vector<LoggedLiteral> literals;
    std::vector<std::pair<std::string, std::string>> comment_keys;  // allow-listed sqlcommenter keys
    bool lexed = false;                    // false: text is empty, only length and whole-text token are known
};
/// The keyed token of one value, the same for a literal and for a bound parameter of that text.
[[nodiscard]] std::string literal_token(const KeyedHash& tokens, std::string_view value);
/// Labels: names nobody knows are the statement's own (aliases) and stay, quoted ones aside. Data: the text was refused, and
/// what stands in it without quotes may be a value ("WHERE name = Maria"): only keywords and known names stay, the others
/// become "?1", "?2" .., the same for the same word.
enum class UnknownNames : std::uint8_t { Data, Labels };
/// Text for the log. `known_identifier(name)` says whether an identifier may stay in clear.
[[nodiscard]] LoggedText mask_for_log(std::string_view text, const KeyedHash& tokens,
                                      const std::function<bool(std::string_view)>& known_identifier, UnknownNames unknown = UnknownNames::Labels);

}  // namespace pgveil::sql
