#include <algorithm>

#include "sql/plpgsql_reader.h"
#include "sql/settings.h"

namespace pgveil::sql {

bool PlTokens::more() const { return !bad_ && at_ < tokens_.size(); }

std::string_view PlTokens::spelt(std::size_t at) const {
    return at < tokens_.size() ? text_.substr(tokens_[at].start, tokens_[at].end - tokens_[at].start) : std::string_view{};
}

bool PlTokens::is(std::size_t at, std::string_view word) const {
    if (at >= tokens_.size()) return false;
    const TokenKind kind = tokens_[at].kind;
    if (kind == TokenKind::Identifier) return fold_name(spelt(at)) == word;
    return (kind == TokenKind::Punctuation || kind == TokenKind::Operator) && spelt(at) == word;
}

bool PlTokens::is(std::string_view word) const { return more() && is(at_, word); }

bool PlTokens::is_any(std::size_t at, Words words) const {
    return std::ranges::any_of(words, [&](std::string_view word) { return is(at, word); });
}

bool PlTokens::take(std::string_view word) {
    if (!is(word)) return false;
    ++at_;
    return true;
}

void PlTokens::need(std::string_view word) {
    if (!take(word)) bad_ = true;
}

bool PlTokens::is_name(std::size_t at) const {
    return at < tokens_.size() && (tokens_[at].kind == TokenKind::Identifier || tokens_[at].kind == TokenKind::QuotedIdentifier);
}

void PlTokens::name() {
    if (!more() || !is_name(at_)) bad_ = true;
    ++at_;
}

void PlTokens::give(Kind kind, std::size_t from, std::size_t to) {
    if (from >= to) return void(bad_ = true);
    pieces_.push_back({kind, std::string(text_.substr(tokens_[from].start, tokens_[to - 1].end - tokens_[from].start))});
}

std::size_t PlTokens::until(Words ends, std::string_view also) {
    int open = 0;
    for (std::size_t at = at_; at < tokens_.size() && !bad_; ++at) {
        if (open == 0 && (is_any(at, ends) || (!also.empty() && is(at, also)))) return at;
        if (is(at, "(") || is(at, "[")) ++open;
        if ((is(at, ")") || is(at, "]")) && --open < 0) break;
    }
    bad_ = true;
    return at_;
}

void PlTokens::expression(Words ends) {
    const std::size_t end = until(ends);
    give(Kind::Expression, at_, end);
    at_ = end;
}

void PlTokens::dynamic(Words ends) {
    const std::size_t end = until(ends);
    give(Kind::Dynamic, at_, end);
    at_ = end;
}

void PlTokens::expressions(Words ends) {
    do {
        const std::size_t end = until(ends, ",");
        give(Kind::Expression, at_, end);
        at_ = end;
    } while (take(","));
}

void PlTokens::query(std::size_t end) {
    give(Kind::Statement, at_, end);
    at_ = end;
}

void PlTokens::sql(std::size_t end) {
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

std::size_t PlTokens::past_targets(std::size_t at, std::size_t end) {
    if (is(at, "strict")) ++at;
    for (;;) {
        if (!is_name(at) && (at >= tokens_.size() || tokens_[at].kind != TokenKind::Parameter)) return void(bad_ = true), at;
        ++at;
        while (at + 1 < end && is(at, ".") && is_name(at + 1)) at += 2;
        if (at >= end || !is(at, ",")) return at;
        ++at;
    }
}

void PlTokens::targets() {
    const std::size_t after = past_targets(at_, tokens_.size());
    if (!bad_) at_ = after;
}

}  // namespace pgveil::sql
