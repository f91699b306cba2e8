// Scan: one token of SQL at a time, in the rules of PostgreSQL 15's scan.l with standard_conforming_strings=on.
//
// The one scanner under tokens_of, strip_literals and mask_for_log (lexer.h). Not strict where the server is (junk
// after a number, invalid escapes): the server refuses those itself. Never reads outside the text; allocates
// nothing. Reads hostile bytes: yes. Pure, any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "sql/lexer.h"

namespace pgveil::sql::scan {

enum Class : std::uint8_t {
    kSpace = 1, kIdentStart = 2, kIdentCont = 4, kDigit = 8, kOperator = 16, kSelf = 32, kNewline = 64
};
extern const std::array<std::uint8_t, 256> kClasses;
[[nodiscard]] inline bool is(char c, unsigned classes) { return (kClasses[static_cast<unsigned char>(c)] & classes) != 0; }

/// The form of a string token, by its first characters.
enum class StringForm : std::uint8_t { Plain, Escape, Unicode, Dollar };

struct Scanned {
    TokenKind kind = TokenKind::End;
    std::uint32_t end = 0;
    StringForm form = StringForm::Plain;
    bool closed = true;   // false: a quote or comment runs to the end of the text
};

/// Past spaces; comments are tokens.
[[nodiscard]] std::uint32_t skip_space(std::string_view text, std::uint32_t at);

/// The token that starts at `at`, which is no space and before the end.
[[nodiscard]] Scanned token_at(std::string_view text, std::uint32_t at);

/// True where PostgreSQL's lexer, and so our parser, would be at work for minutes: it looks at a whole run of operator
/// characters again for each comment that begins or sign that stands within it (scan.l, xcstart and operator).
[[nodiscard]] bool takes_long(std::string_view text);

}  // namespace pgveil::sql::scan
