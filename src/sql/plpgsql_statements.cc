#include <utility>

#include "sql/plpgsql_reader.h"

namespace pgveil::sql {

void PlReader::statement() {
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

void PlReader::flat() {
    if (take("null")) return;
    if (take("perform")) return expression({";"});
    if (take("assert")) return expressions({";"});
    if (is("commit") || is("rollback")) return give(Kind::Transaction, at_, at_ + 1), void(at_ = until({";"}));
    if (is("close")) return ++at_, name();
    if (is("fetch") || is("move")) return only_names(until({";"}));
    if (is("get") && (is_any(at_ + 1, {"diagnostics", "current", "stacked"}))) return only_names(until({";"}));
    sql(until({";"}));
}

void PlReader::only_names(std::size_t end) {
    for (; at_ < end && !bad_; ++at_)
        if (is("(") || is("[")) bad_ = true;
}

bool PlReader::assignment() {
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

void PlReader::subscript(std::size_t from, std::size_t to) {
    pieces_.push_back({Kind::Expression, "(ARRAY[1])[" + std::string(text_.substr(tokens_[from].start, tokens_[to].start - tokens_[from].start)) + "]"});
}

void PlReader::conditional() {
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

void PlReader::cases() {
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

void PlReader::loop() {
    enter();
    statements({"end"});
    need("end");
    need("loop");
    if (more() && !is(";")) name();
    need(";");
    --depth_;
}

void PlReader::loop_over() {
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

void PlReader::over(std::size_t end) {
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

void PlReader::cursor_use(std::size_t end) {
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

void PlReader::loop_over_array() {
    targets();
    if (take("slice")) ++at_;
    need("in");
    need("array");
    expression({"loop"});
    need("loop");
    loop();
}

void PlReader::leave() {
    ++at_;
    if (more() && !is("when") && !is(";")) name();
    if (take("when")) expression({";"});
    need(";");
}

void PlReader::result() {
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

void PlReader::raise() {
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

void PlReader::execute() {
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

void PlReader::open() {
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

}  // namespace pgveil::sql
