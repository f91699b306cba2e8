#include "pgveil/masking/json_cursor.h"

#include "codec/utf8.h"
#include "detect/chars.h"

namespace pgveil::masking {

void JsonCursor::reset(std::string_view text) {
    text_ = text;
    at_ = start_ = end_ = 0;
    escaped_ = failed_ = false;
    expect_ = Expect::Value;
    stack_.clear();
}

JsonToken JsonCursor::next() {
    if (failed_) return JsonToken::Error;
    skip_space();
    switch (expect_) {
        case Expect::Nothing:
            start_ = end_ = at_;
            return at_ == text_.size() ? JsonToken::End : fail();
        case Expect::Value: return value();
        case Expect::FirstValueOrEnd: return look() == ']' ? close(']') : value();
        case Expect::FirstKeyOrEnd: return look() == '}' ? close('}') : key();
        case Expect::Key: return key();
        case Expect::CommaOrEnd: break;
    }
    if (look() == ']' || look() == '}') return close(look());
    if (look() != ',') return fail();
    ++at_;
    expect_ = stack_.back() == '{' ? Expect::Key : Expect::Value;
    skip_space();
    return expect_ == Expect::Key ? key() : value();
}

JsonToken JsonCursor::fail() {
    failed_ = true;
    return JsonToken::Error;
}

void JsonCursor::skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) ++at_;
}

JsonToken JsonCursor::value() {
    switch (look()) {
        case '{': return open(JsonToken::ObjectBegin);
        case '[': return open(JsonToken::ArrayBegin);
        case '"': return string(JsonToken::String);
        case 't': return literal("true");
        case 'f': return literal("false");
        case 'n': return literal("null");
        default: return number();
    }
}

JsonToken JsonCursor::open(JsonToken begin) {
    start_ = at_;
    end_ = ++at_;
    stack_.push_back(begin == JsonToken::ObjectBegin ? '{' : '[');
    expect_ = begin == JsonToken::ObjectBegin ? Expect::FirstKeyOrEnd : Expect::FirstValueOrEnd;
    return begin;
}

JsonToken JsonCursor::close(char bracket) {
    const char opened = bracket == '}' ? '{' : '[';
    if (stack_.empty() || stack_.back() != opened) return fail();
    stack_.pop_back();
    start_ = at_;
    end_ = ++at_;
    after_value();
    return bracket == '}' ? JsonToken::ObjectEnd : JsonToken::ArrayEnd;
}

JsonToken JsonCursor::string(JsonToken as) {
    start_ = ++at_;
    escaped_ = false;
    while (at_ < text_.size() && text_[at_] != '"') {
        const char c = text_[at_];
        if (static_cast<unsigned char>(c) < 0x20) return fail();
        ++at_;
        if (c != '\\') continue;
        escaped_ = true;
        const char kind = look();
        if (std::string_view("\"\\/bfnrtu").find(kind) == std::string_view::npos || at_ == text_.size()) return fail();
        ++at_;
        if (kind != 'u') continue;
        for (int i = 0; i < 4; ++i, ++at_) {
            if (!is_hex(look())) return fail();
        }
    }
    if (at_ >= text_.size()) return fail();
    end_ = at_++;
    after_value();
    return as;
}

JsonToken JsonCursor::key() {
    if (look() != '"' || string(JsonToken::Key) == JsonToken::Error) return fail();
    skip_space();
    if (look() != ':') return fail();
    ++at_;
    expect_ = Expect::Value;
    return JsonToken::Key;
}

JsonToken JsonCursor::number() {
    start_ = at_;
    if (look() == '-') ++at_;
    const std::size_t whole = at_;
    while (is_digit(look())) ++at_;
    if (at_ == whole || (text_[whole] == '0' && at_ - whole > 1)) return fail();
    if (look() == '.') {
        const std::size_t fraction = ++at_;
        while (is_digit(look())) ++at_;
        if (at_ == fraction) return fail();
    }
    if (look() == 'e' || look() == 'E') {
        ++at_;
        if (look() == '+' || look() == '-') ++at_;
        const std::size_t exponent = at_;
        while (is_digit(look())) ++at_;
        if (at_ == exponent) return fail();
    }
    end_ = at_;
    after_value();
    return JsonToken::Number;
}

JsonToken JsonCursor::literal(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return fail();
    start_ = at_;
    end_ = at_ += word.size();
    after_value();
    return JsonToken::Literal;
}

namespace {

std::uint32_t hex4(std::string_view raw, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4 && at + i < raw.size(); ++i) {
        const char c = raw[at + i];
        value = value * 16 + (is_digit(c) ? digit_value(c) : static_cast<unsigned>(lower(c) - 'a' + 10));
    }
    return value;
}

char simple_escape(char kind) {
    switch (kind) {
        case 'b': return '\b';
        case 'f': return '\f';
        case 'n': return '\n';
        case 'r': return '\r';
        case 't': return '\t';
        default: return kind;
    }
}

}  // namespace

void decode_json_string(std::string_view raw, DecodedString& to) {
    to.clear();
    std::size_t at = 0;
    while (at < raw.size()) {
        const auto from = static_cast<std::uint32_t>(at);
        if (raw[at] != '\\' || at + 1 >= raw.size()) {
            to.text.push_back(raw[at++]);
        } else if (raw[at + 1] != 'u') {
            to.text.push_back(simple_escape(raw[at + 1]));
            at += 2;
        } else {
            std::uint32_t value = hex4(raw, at + 2);
            at += 6;
            const bool pair = value >= 0xD800 && value < 0xDC00 && raw.substr(std::min(at, raw.size()), 2) == "\\u";
            const std::uint32_t second = pair ? hex4(raw, at + 2) : 0;
            if (second >= 0xDC00 && second < 0xE000) {
                value = 0x10000 + ((value - 0xD800) << 10U) + (second - 0xDC00);
                at += 6;
            }
            append_utf8(to.text, value);
        }
        to.origin.resize(to.text.size(), from);
    }
    to.origin.push_back(static_cast<std::uint32_t>(raw.size()));
}

}  // namespace pgveil::masking
