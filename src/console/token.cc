#include "console/token.h"

#include <algorithm>

namespace pgveil::console {
namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool starts_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0; }
bool in_word(char c) { return starts_word(c) || is_digit(c) || c == '$' || c == '.' || c == '-'; }

class Scanner {
  public:
    explicit Scanner(std::string_view text) : text_(text) {}

    Tokens run() {
        while (skip_blank() && at_ < text_.size()) {
            const char c = text_[at_];
            if (c == ';') {
                ++at_;
                end_statement();
            } else if (c == '\'' || c == '"') {
                if (!quoted(c)) return std::move(found_);
            } else if (starts_word(c)) {
                word();
            } else if (is_digit(c)) {
                number(TokenKind::Number, at_);
            } else if (c == '$' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1])) {
                number(TokenKind::Parameter, at_++);
            } else {
                add(TokenKind::Sign, std::string(1, c), at_, at_ + 1);
                ++at_;
            }
        }
        if (!found_.error) end_statement();
        return std::move(found_);
    }

  private:
    void add(TokenKind kind, std::string text, std::size_t begin, std::size_t end) {
        current_.push_back({kind, std::move(text), begin, end});
    }

    void end_statement() {
        if (!current_.empty()) found_.statements.push_back(std::move(current_));
        current_.clear();
    }

    bool fail(std::string what, std::size_t at) {
        found_.error = TokenError{std::move(what), at};
        return false;
    }

    bool skip_blank() {
        for (;;) {
            while (at_ < text_.size() && is_space(text_[at_])) ++at_;
            if (text_.substr(at_).starts_with("--")) {
                at_ = std::min(text_.find('\n', at_), text_.size());
            } else if (text_.substr(at_).starts_with("/*")) {
                if (!comment()) return false;
            } else {
                return true;
            }
        }
    }

    bool comment() {
        const auto begin = at_;
        int depth = 0;
        while (at_ < text_.size()) {
            const auto rest = text_.substr(at_);
            if (rest.starts_with("/*")) {
                ++depth;
                at_ += 2;
            } else if (rest.starts_with("*/")) {
                at_ += 2;
                if (--depth == 0) return true;
            } else {
                ++at_;
            }
        }
        return fail("unterminated /* comment", begin);
    }

    bool quoted(char quote) {
        const auto begin = at_;
        std::string text;
        for (++at_; at_ < text_.size(); ++at_) {
            if (text_[at_] != quote) {
                text += text_[at_];
            } else if (at_ + 1 < text_.size() && text_[at_ + 1] == quote) {
                text += quote;
                ++at_;
            } else {
                ++at_;
                add(quote == '\'' ? TokenKind::Literal : TokenKind::Name, std::move(text), begin, at_);
                return true;
            }
        }
        return fail(quote == '\'' ? "unterminated quoted string" : "unterminated quoted identifier", begin);
    }

    // A word may hold dots, dashes and dollars: names like pg_catalog.version and agents like ci-bot need no quotes.
    void word() {
        const auto begin = at_;
        while (at_ < text_.size() && in_word(text_[at_]) && !text_.substr(at_).starts_with("--")) ++at_;
        add(TokenKind::Word, std::string(text_.substr(begin, at_ - begin)), begin, at_);
    }

    void number(TokenKind kind, std::size_t begin) {
        const auto digits = at_;
        while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
        add(kind, std::string(text_.substr(digits, at_ - digits)), begin, at_);
    }

    std::string_view text_;
    std::size_t at_ = 0;
    Statement current_;
    Tokens found_;
};

}  // namespace

Tokens tokenize(std::string_view text) { return Scanner(text).run(); }

std::string upper(std::string_view word) {
    std::string out(word);
    std::ranges::transform(out, out.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    return out;
}

bool Token::is(std::string_view upper_word) const { return kind == TokenKind::Word && upper(text) == upper_word; }

}  // namespace pgveil::console
