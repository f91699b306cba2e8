// PlReader: recursive descent over the tokens of a PL/pgSQL body. plpgsql.h is the door; this is its inside.
//
// PlTokens walks and cuts pieces out, PlReader knows the language: blocks and declarations in plpgsql.cc, statements in
// plpgsql_statements.cc. Every method that fails leaves `bad_` set for good. Lives for one body. Reads text from the catalog.
#pragma once

#include <initializer_list>
#include <utility>

#include "sql/lexer.h"
#include "sql/plpgsql.h"

namespace pgveil::sql {

class PlTokens {
  protected:
    using Kind = PlPiece::Kind;
    using Words = std::initializer_list<std::string_view>;

    PlTokens(std::string_view text, std::vector<Token> tokens) : text_(text), tokens_(std::move(tokens)) {}

    // tokens
    [[nodiscard]] bool more() const;
    [[nodiscard]] std::string_view spelt(std::size_t at) const;
    [[nodiscard]] bool is(std::size_t at, std::string_view word) const;
    [[nodiscard]] bool is(std::string_view word) const;
    [[nodiscard]] bool is_any(std::size_t at, Words words) const;
    bool take(std::string_view word);
    void need(std::string_view word);
    [[nodiscard]] bool is_name(std::size_t at) const;
    void name();

    // pieces
    void give(Kind kind, std::size_t from, std::size_t to);
    /// Where the first of `ends`, or `also`, stands outside of brackets; the end of the body is a failure.
    std::size_t until(Words ends, std::string_view also = {});
    void expression(Words ends);
    void dynamic(Words ends);
    /// Expressions with commas between, `ends` not taken.
    void expressions(Words ends);
    void query(std::size_t end);
    /// A statement of its own up to `end`, without what PL/pgSQL takes out of it: INTO [STRICT] targets.
    void sql(std::size_t end);
    std::size_t past_targets(std::size_t at, std::size_t end);
    void targets();

    std::string_view text_;
    std::vector<Token> tokens_;
    std::size_t at_ = 0;
    bool bad_ = false;
    std::vector<PlPiece> pieces_;
};

class PlReader final : PlTokens {
  public:
    PlReader(std::string_view text, std::vector<Token> tokens) : PlTokens(text, std::move(tokens)) {}
    [[nodiscard]] std::optional<std::vector<PlPiece>> body();

  private:
    // blocks
    /// One deeper: a loop or a block.
    void enter();
    void options();
    void label();
    void block();
    void handlers();
    void statements(Words ends);
    void declaration();
    void alias();
    void dotted();
    /// `table.column%TYPE` and `table%ROWTYPE` name what the catalog holds; a domain there is checked as any other.
    void type(std::size_t end);
    void cursor();

    // statements
    void statement();
    void flat();
    /// FETCH and GET DIAGNOSTICS hold names and counts; anything that could be a call is not read.
    void only_names(std::size_t end);
    bool assignment();
    void subscript(std::size_t from, std::size_t to);
    void conditional();
    void cases();
    void loop();
    void loop_over();
    void over(std::size_t end);
    /// A bound cursor, with arguments perhaps.
    void cursor_use(std::size_t end);
    void loop_over_array();
    void leave();
    void result();
    void raise();
    void execute();
    void open();

    int depth_ = 0;
};

}  // namespace pgveil::sql
