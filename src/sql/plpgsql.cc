#include "sql/plpgsql.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "sql/lexer.h"
#include "sql/settings.h"

namespace pgveil::sql {

namespace {

constexpr int kDeepest = 100;

using Words = std::initializer_list<std::string_view>;

/// Recursive descent over the tokens of a body. Every method that fails leaves `bad_` set for good.
class Reader {
  public:
    Reader(std::string_view text, std::vector<Token> tokens) : text_(text), tokens_(std::move(tokens)) {}

    std::optional<std::vector<PlPiece>> body() {
        options();
        block();
        (void)take(";");
        if (at_ != tokens_.size()) bad_ = true;
        if (bad_) return std::nullopt;
        return std::move(pieces_);
    }

  private:
    using Kind = PlPiece::Kind;

    // -- tokens
    [[nodiscard]] bool more() const { return !bad_ && at_ < tokens_.size(); }
    [[nodiscard]] std::string_view spelt(std::size_t at) const {
        return at < tokens_.size() ? text_.substr(tokens_[at].start, tokens_[at].end - tokens_[at].start) : std::string_view{};
    }
    [[nodiscard]] bool is(std::size_t at, std::string_view word) const {
        if (at >= tokens_.size()) return false;
        const TokenKind kind = tokens_[at].kind;
        if (kind == TokenKind::Identifier) return fold_name(spelt(at)) == word;
        return (kind == TokenKind::Punctuation || kind == TokenKind::Operator) && spelt(at) == word;
    }
    [[nodiscard]] bool is(std::string_view word) const { return more() && is(at_, word); }
    [[nodiscard]] bool is_any(std::size_t at, Words words) const {
        return std::ranges::any_of(words, [&](std::string_view word) { return is(at, word); });
    }
    bool take(std::string_view word) {
        if (!is(word)) return false;
        ++at_;
        return true;
    }
    void need(std::string_view word) {
        if (!take(word)) bad_ = true;
    }
    [[nodiscard]] bool is_name(std::size_t at) const {
        return at < tokens_.size() && (tokens_[at].kind == TokenKind::Identifier || tokens_[at].kind == TokenKind::QuotedIdentifier);
    }
    void name() {
        if (!more() || !is_name(at_)) bad_ = true;
        ++at_;
    }

    // -- pieces
    void give(Kind kind, std::size_t from, std::size_t to) {
        if (from >= to) return void(bad_ = true);
        pieces_.push_back({kind, std::string(text_.substr(tokens_[from].start, tokens_[to - 1].end - tokens_[from].start))});
    }
    /// Where the first of `ends`, or `also`, stands outside of brackets; the end of the body is a failure.
    std::size_t until(Words ends, std::string_view also = {}) {
        int open = 0;
        for (std::size_t at = at_; at < tokens_.size() && !bad_; ++at) {
            if (open == 0 && (is_any(at, ends) || (!also.empty() && is(at, also)))) return at;
            if (is(at, "(") || is(at, "[")) ++open;
            if ((is(at, ")") || is(at, "]")) && --open < 0) break;
        }
        bad_ = true;
        return at_;
    }
    void expression(Words ends) {
        const std::size_t end = until(ends);
        give(Kind::Expression, at_, end);
        at_ = end;
    }
    void dynamic(Words ends) {
        const std::size_t end = until(ends);
        give(Kind::Dynamic, at_, end);
        at_ = end;
    }
    /// Expressions with commas between, `ends` not taken.
    void expressions(Words ends) {
        do {
            const std::size_t end = until(ends, ",");
            give(Kind::Expression, at_, end);
            at_ = end;
        } while (take(","));
    }
    void query(std::size_t end) {
        give(Kind::Statement, at_, end);
        at_ = end;
    }
    /// A statement of its own up to `end`, without what PL/pgSQL takes out of it: INTO [STRICT] targets.
    void sql(std::size_t end) {
        const std::size_t from = at_;
        if (from >= end) return void(bad_ = true);
        if (is(from, "create") || is(from, "import")) return void(bad_ = true);
        int open = 0;
        for (std::size_t at = from; at < end; ++at) {
            if (is(at, "(")) ++open;
            if (is(at, ")")) --open;
            if (open != 0 || at == from || !is(at, "into") || is_any(at - 1, {"insert", "merge"})) continue;
            const std::size_t after = past_targets(at + 1, end);
            if (bad_) return;
            std::string whole(text_.substr(tokens_[from].start, tokens_[at].start - tokens_[from].start));
            if (after < end) whole += text_.substr(tokens_[after].start, tokens_[end - 1].end - tokens_[after].start);
            pieces_.push_back({Kind::Statement, std::move(whole)});
            at_ = end;
            return;
        }
        query(end);
    }
    std::size_t past_targets(std::size_t at, std::size_t end) {
        if (is(at, "strict")) ++at;
        for (;;) {
            if (!is_name(at) && (at >= tokens_.size() || tokens_[at].kind != TokenKind::Parameter)) return void(bad_ = true), at;
            ++at;
            while (at + 1 < end && is(at, ".") && is_name(at + 1)) at += 2;
            if (at >= end || !is(at, ",")) return at;
            ++at;
        }
    }
    void targets() {
        const std::size_t after = past_targets(at_, tokens_.size());
        if (!bad_) at_ = after;
    }

    // -- blocks
    void options() {
        while (is("#") && at_ + 2 < tokens_.size()) {
            if (!is(at_ + 1, "variable_conflict") && !is(at_ + 1, "print_strict_params") && !is(at_ + 1, "option")) bad_ = true;
            at_ += 3;
        }
    }
    void label() {
        if (!take("<<")) return;
        name();
        need(">>");
    }
    void block() {
        if (++depth_ > kDeepest) bad_ = true;
        label();
        if (take("declare")) {
            while (more() && !is("begin")) {
                if (take("declare")) continue;
                declaration();
            }
        }
        need("begin");
        statements({"end", "exception"});
        if (take("exception")) handlers();
        need("end");
        if (more() && !is(";")) name();
        --depth_;
    }
    void handlers() {
        while (take("when")) {
            at_ = until({"then"});   // names of conditions
            need("then");
            statements({"when", "end"});
        }
    }
    void statements(Words ends) {
        while (more() && !is_any(at_, ends)) statement();
    }
    void declaration() {
        name();
        if (is("alias")) return alias();
        if (is("cursor") || ((is("no") || is("scroll")) && (is(at_ + 1, "scroll") || is(at_ + 1, "cursor")))) return cursor();
        (void)take("constant");
        const std::size_t end = until({"not", ":=", "=", "default", "collate", ";"});
        type(end);
        if (take("collate")) dotted();
        if (take("not")) need("null");
        if (take(":=") || take("=") || take("default")) expression({";"});
        need(";");
    }
    void alias() {
        ++at_;
        need("for");
        if (more() && tokens_[at_].kind == TokenKind::Parameter) ++at_;
        else name();
        need(";");
    }
    void dotted() {
        name();
        while (take(".")) name();
    }
    /// `table.column%TYPE` and `table%ROWTYPE` name what the catalog holds; a domain there is checked as any other.
    void type(std::size_t end) {
        if (at_ >= end) return void(bad_ = true);
        if (is(at_, "record") && at_ + 1 == end) return void(at_ = end);
        if (end >= 2 && is(end - 2, "%")) {
            std::string held(text_.substr(tokens_[at_].start, tokens_[end - 3].end - tokens_[at_].start));
            if (!is(end - 1, "rowtype") && !is(end - 1, "type")) bad_ = true;
            pieces_.push_back({is(end - 1, "type") ? Kind::ColumnType : Kind::Type, std::move(held)});
            at_ = end;
            return;
        }
        give(Kind::Type, at_, end);
        at_ = end;
    }
    void cursor() {
        while (is_any(at_, {"no", "scroll"})) ++at_;
        need("cursor");
        if (take("(")) {
            do {
                name();
                type(until({",", ")"}));
            } while (take(","));
            need(")");
        }
        if (!take("for")) need("is");
        query(until({";"}));
        need(";");
    }

    // -- statements
    void statement() {
        label();
        if (assignment()) return;
        if (is("declare") || is("begin")) return block(), need(";");
        if (take("if")) return conditional();
        if (take("case")) return cases();
        if (take("loop")) return loop();
        if (take("while")) return expression({"loop"}), need("loop"), loop();
        if (take("for")) return loop_over();
        if (take("foreach")) return loop_over_array();
        if (is("exit") || is("continue")) return leave();
        if (take("return")) return result();
        if (take("raise")) return raise();
        if (take("execute")) return execute();
        if (take("open")) return open();
        flat();
        need(";");
    }
    void flat() {
        if (take("null")) return;
        if (take("perform")) return expression({";"});
        if (take("assert")) return expressions({";"});
        if (is("commit") || is("rollback")) return give(Kind::Transaction, at_, at_ + 1), void(at_ = until({";"}));
        if (is("close")) return ++at_, name();
        if (is("fetch") || is("move")) return only_names(until({";"}));
        if (is("get") && (is_any(at_ + 1, {"diagnostics", "current", "stacked"}))) return only_names(until({";"}));
        sql(until({";"}));
    }
    /// FETCH and GET DIAGNOSTICS hold names and counts; anything that could be a call is not read.
    void only_names(std::size_t end) {
        for (; at_ < end && !bad_; ++at_)
            if (is("(") || is("[")) bad_ = true;
    }
    bool assignment() {
        std::size_t at = at_;
        if (!is_name(at) && (at >= tokens_.size() || tokens_[at].kind != TokenKind::Parameter)) return false;
        std::vector<std::pair<std::size_t, std::size_t>> subscripts;
        for (++at; at < tokens_.size();) {
            if (is(at, ".") && is_name(at + 1)) {
                at += 2;
            } else if (is(at, "[")) {
                const std::size_t before = std::exchange(at_, at + 1);
                const std::size_t close = until({"]"});
                at_ = before;
                if (bad_) return false;
                subscripts.emplace_back(at + 1, close);
                at = close + 1;
            } else {
                break;
            }
        }
        if (!is(at, ":=") && !is(at, "=")) return false;
        for (const auto& [from, to] : subscripts) subscript(from, to);
        at_ = at + 1;
        expression({";"});
        need(";");
        return true;
    }
    void subscript(std::size_t from, std::size_t to) {
        pieces_.push_back({Kind::Expression, "(ARRAY[1])[" + std::string(text_.substr(tokens_[from].start, tokens_[to].start - tokens_[from].start)) + "]"});
    }
    void conditional() {
        expression({"then"});
        need("then");
        statements({"elsif", "elseif", "else", "end"});
        while (take("elsif") || take("elseif")) {
            expression({"then"});
            need("then");
            statements({"elsif", "elseif", "else", "end"});
        }
        if (take("else")) statements({"end"});
        need("end");
        need("if");
        need(";");
    }
    void cases() {
        if (!is("when")) expression({"when"});
        while (take("when")) {
            expressions({"then"});
            need("then");
            statements({"when", "else", "end"});
        }
        if (take("else")) statements({"end"});
        need("end");
        need("case");
        need(";");
    }
    void loop() {
        if (++depth_ > kDeepest) bad_ = true;
        statements({"end"});
        need("end");
        need("loop");
        if (more() && !is(";")) name();
        need(";");
        --depth_;
    }
    void loop_over() {
        targets();
        need("in");
        const std::size_t end = until({"loop"});
        if (take("execute")) {
            dynamic({"using", "loop"});
            if (take("using")) expressions({"loop"});
        } else {
            over(end);
        }
        need("loop");
        loop();
    }
    void over(std::size_t end) {
        const std::size_t from = at_;
        const bool dots = !bad_ && [&] {
            int open = 0;
            for (std::size_t at = from; at < end; ++at) {
                if (is(at, "(") || is(at, "[")) ++open;
                if (is(at, ")") || is(at, "]")) --open;
                if (open == 0 && is(at, "..")) return true;
            }
            return false;
        }();
        if (dots) {
            (void)take("reverse");
            expression({".."});
            need("..");
            expression({"by", "loop"});
            if (take("by")) expression({"loop"});
        } else if (is_any(from, {"select", "with", "values", "table", "(", "insert", "update", "delete", "explain", "show"})) {
            query(end);
        } else {
            cursor_use(end);
        }
    }
    /// A bound cursor, with arguments perhaps.
    void cursor_use(std::size_t end) {
        name();
        if (at_ == end || bad_) return;
        if (!is("(") || !is(end - 1, ")")) return void(bad_ = true);
        // As arguments of a harmless call, since they may be named ones.
        if (at_ + 2 < end) {
            give(Kind::Expression, at_, end);
            pieces_.back().text.insert(0, "concat");
        }
        at_ = end;
    }
    void loop_over_array() {
        targets();
        if (take("slice")) ++at_;
        need("in");
        need("array");
        expression({"loop"});
        need("loop");
        loop();
    }
    void leave() {
        ++at_;
        if (more() && !is("when") && !is(";")) name();
        if (take("when")) expression({";"});
        need(";");
    }
    void result() {
        if (take(";")) return;
        if (take("next")) {
            if (!is(";")) expression({";"});
        } else if (take("query")) {
            if (take("execute")) {
                dynamic({"using", ";"});
                if (take("using")) expressions({";"});
            } else {
                query(until({";"}));
            }
        } else {
            expression({";"});
        }
        need(";");
    }
    void raise() {
        if (take(";")) return;
        for (const std::string_view level : {"debug", "log", "info", "notice", "warning", "exception"})
            if (take(level)) break;
        if (take("sqlstate")) ++at_;
        else if (more() && tokens_[at_].kind == TokenKind::String) ++at_;
        else if (!is("using") && !is(";")) name();
        if (take(",")) expressions({"using", ";"});
        if (take("using")) {
            do {
                name();
                if (!take("=")) need(":=");
                const std::size_t end = until({",", ";"});
                give(Kind::Expression, at_, end);
                at_ = end;
            } while (take(","));
        }
        need(";");
    }
    void execute() {
        dynamic({"into", "using", ";"});
        while (more() && !is(";")) {
            if (take("into")) {
                (void)take("strict");
                targets();
            } else {
                need("using");
                expressions({"into", ";"});
            }
        }
        need(";");
    }
    void open() {
        name();
        if (is("(")) {
            --at_;
            cursor_use(until({";"}));
        } else {
            while (is_any(at_, {"no", "scroll"})) ++at_;
            if (take("for")) {
                if (take("execute")) {
                    dynamic({"using", ";"});
                    if (take("using")) expressions({";"});
                } else {
                    query(until({";"}));
                }
            }
        }
        need(";");
    }

    std::string_view text_;
    std::vector<Token> tokens_;
    std::size_t at_ = 0;
    int depth_ = 0;
    bool bad_ = false;
    std::vector<PlPiece> pieces_;
};

}  // namespace

std::optional<std::vector<PlPiece>> read_plpgsql(std::string_view body) {
    auto tokens = tokens_of(body);
    if (!tokens) return std::nullopt;
    std::erase_if(*tokens, [](const Token& token) { return token.kind == TokenKind::Comment || token.kind == TokenKind::End; });
    return Reader(body, std::move(*tokens)).body();
}

}  // namespace pgveil::sql
