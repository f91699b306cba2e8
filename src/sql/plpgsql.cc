#include "sql/plpgsql.h"

#include <algorithm>

#include "sql/plpgsql_reader.h"

namespace pgveil::sql {
namespace {

constexpr int kDeepest = 100;

}  // namespace

std::optional<std::vector<PlPiece>> PlReader::body() {
    options();
    block();
    (void)take(";");
    if (at_ != tokens_.size()) bad_ = true;
    if (bad_) return std::nullopt;
    return std::move(pieces_);
}

void PlReader::options() {
    while (is("#") && at_ + 2 < tokens_.size()) {
        if (!is(at_ + 1, "variable_conflict") && !is(at_ + 1, "print_strict_params") && !is(at_ + 1, "option")) bad_ = true;
        at_ += 3;
    }
}

void PlReader::label() {
    if (!take("<<")) return;
    name();
    need(">>");
}

void PlReader::block() {
    enter();
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

void PlReader::handlers() {
    while (take("when")) {
        at_ = until({"then"});   // names of conditions
        need("then");
        statements({"when", "end"});
    }
}

void PlReader::statements(Words ends) {
    while (more() && !is_any(at_, ends)) statement();
}

void PlReader::declaration() {
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

void PlReader::alias() {
    ++at_;
    need("for");
    if (more() && tokens_[at_].kind == TokenKind::Parameter) ++at_;
    else name();
    need(";");
}

void PlReader::dotted() {
    name();
    while (take(".")) name();
}

void PlReader::type(std::size_t end) {
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

void PlReader::cursor() {
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

void PlReader::enter() {
    if (++depth_ > kDeepest) bad_ = true;
}

std::optional<std::vector<PlPiece>> read_plpgsql(std::string_view body) {
    auto tokens = tokens_of(body);
    if (!tokens) return std::nullopt;
    std::erase_if(*tokens, [](const Token& token) { return token.kind == TokenKind::Comment || token.kind == TokenKind::End; });
    return PlReader(body, std::move(*tokens)).body();
}

}  // namespace pgveil::sql
