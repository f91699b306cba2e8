#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "sql/lexer.h"
#include "sql/scan.h"
#include "sql/settings.h"
#include "sql/tree.h"

namespace pgveil::sql {

namespace {

// Values so few that a token would name them: the reader of the log could try them all.
constexpr std::size_t kSmallIntegerDigits = 3;

// sqlcommenter's keys that carry no data of the statement.
constexpr std::string_view kCommentKeys[] = {"task_id", "traceparent"};

std::string_view digits_after_dollar(std::string_view word) { return word.substr(1); }

std::uint32_t highest_parameter(std::string_view text, const std::vector<Token>& tokens) {
    std::uint32_t highest = 0;
    for (const Token& token : tokens) {
        if (token.kind != TokenKind::Parameter) continue;
        const std::string_view digits = digits_after_dollar(text.substr(token.start, token.end - token.start));
        std::uint32_t number = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
        if (error == std::errc{} && number < 100'000) highest = std::max(highest, number);
    }
    return highest;
}

/// The characters of one quoted piece, `at` just after its opening quote; leaves `at` after the closing one.
void quoted_piece(std::string_view word, std::size_t& at, bool escapes, std::string& value) {
    while (at < word.size()) {
        const char c = word[at];
        if (c == '\'') {
            if (at + 1 >= word.size() || word[at + 1] != '\'') {
                ++at;
                return;
            }
            ++at;
        } else if (c == '\\' && escapes && at + 1 < word.size()) {
            ++at;  // \' and \\ stand for themselves; others keep their letter, alike in every log
        }
        value += word[at++];
    }
}

/// What the literal says, so that equal values get equal tokens however they were quoted.
std::string value_of(std::string_view word, scan::StringForm form) {
    std::string value;
    if (form == scan::StringForm::Dollar) {
        const std::size_t tag = word.find('$', 1) + 1;
        return std::string(word.substr(tag, word.size() - 2 * tag));
    }
    // Pieces of a continued string stand between comments, which may hold quotes.
    std::size_t at = word.find('\'');
    while (at < word.size()) {
        ++at;
        quoted_piece(word, at, form == scan::StringForm::Escape, value);
        while (at < word.size() && word[at] != '\'') {
            if (word[at] == '-')
                while (at < word.size() && !scan::is(word[at], scan::kNewline)) ++at;
            else ++at;
        }
    }
    return value;
}

std::string token_of(const KeyedHash& tokens, std::string_view value) {
    const Digest digest = tokens.hash("log literal", bytes_of(value));
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string out;
    for (std::size_t i = 0; i < 16; ++i) {
        out += kHex[digest[i] >> 4U];
        out += kHex[digest[i] & 15U];
    }
    return out;
}

/// "name" without its quotes, doubled ones made single; U&"..." is never known by name.
std::string identifier_of(std::string_view word) {
    std::string name;
    for (std::size_t at = 1; at + 1 < word.size(); ++at) {
        name += word[at];
        if (word[at] == '"') ++at;
    }
    return name;
}

bool plain_value(std::string_view value) {
    return value.size() <= 128 && std::ranges::all_of(value, [](char c) {
               return scan::is(c, scan::kDigit) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
           });
}

/// key='value' pairs of a comment, the allow-listed ones.
void comment_keys(std::string_view comment, std::vector<std::pair<std::string, std::string>>& out) {
    for (const std::string_view key : kCommentKeys) {
        const std::string opening = std::string(key) + "='";
        const std::size_t at = comment.find(opening);
        if (at == std::string_view::npos || (at > 0 && scan::is(comment[at - 1], scan::kIdentCont))) continue;
        const std::size_t start = at + opening.size();
        const std::size_t end = comment.find('\'', start);
        if (end == std::string_view::npos || !plain_value(comment.substr(start, end - start))) continue;
        out.emplace_back(key, comment.substr(start, end - start));
    }
}

class Masker {
  public:
    Masker(std::string_view text, const KeyedHash& tokens, const std::function<bool(std::string_view)>& known, UnknownNames unknown, std::uint32_t next)
        : text_(text), tokens_(tokens), known_(known), unknown_(unknown), next_(next) {}

    LoggedText run(const std::vector<Token>& all) {
        std::uint32_t copied = 0;
        for (const Token& token : all) {
            out_.text += text_.substr(copied, token.start - copied);
            one(token);
            copied = token.end;
        }
        out_.text += text_.substr(copied);
        out_.lexed = true;
        return std::move(out_);
    }

  private:
    void one(const Token& token) {
        const std::string_view word = text_.substr(token.start, token.end - token.start);
        switch (token.kind) {
            case TokenKind::String: return literal("text", value_of(word, scan::token_at(text_, token.start).form), true);
            case TokenKind::BitString: return literal("bit", std::string(word.substr(2, word.size() - 3)), true);
            case TokenKind::Number: return literal("number", std::string(word), true);
            case TokenKind::Integer: return literal("number", std::string(word), word.size() > kSmallIntegerDigits);
            case TokenKind::QuotedIdentifier: return quoted(word);
            case TokenKind::Comment:
                comment_keys(word, out_.comment_keys);
                out_.text += ' ';
                return;
            case TokenKind::Identifier: return identifier(word);
            case TokenKind::Parameter:
                if (word.size() > 6) return literal("number", std::string(word.substr(1)), true);   // more than the server has: $452472138
                out_.text += word;
                return;
            case TokenKind::Operator: case TokenKind::Punctuation:
                names_setting_ = false;
                out_.text += word;
                return;
            case TokenKind::Bad: case TokenKind::End: out_.text += '?'; return;
        }
    }

    void literal(std::string_view type, const std::string& value, bool with_token) {
        out_.literals.push_back({std::string(type), static_cast<std::uint32_t>(value.size()), with_token ? token_of(tokens_, value) : std::string()});
        // A number after a name, or one that touches it (1abc), must not grow together with what stands beside it.
        if (!out_.text.empty() && scan::is(out_.text.back(), scan::kIdentCont)) out_.text += ' ';
        out_.text += "$" + std::to_string(++next_);
    }

    void identifier(std::string_view word) {
        const std::string folded = fold_name(word);
        const bool keyword = is_keyword(folded);
        if (unknown_ == UnknownNames::Labels || keyword || std::exchange(names_setting_, false) || known_(folded)) out_.text += word;
        else out_.text += numbered(folded);
        names_setting_ = names_setting_ || folded == "set" || folded == "reset" || folded == "show" || folded == "local" || folded == "session";
    }

    void quoted(std::string_view word) {
        const bool unicode = word.front() != '"';
        if (!unicode && known_(identifier_of(word))) out_.text += word;
        else out_.text += unknown_ == UnknownNames::Labels ? std::string("\"?\"") : numbered(std::string(word));
    }

    std::string numbered(const std::string& name) {
        const auto [place, fresh] = numbers_.try_emplace(name, numbers_.size() + 1);
        return "\"?" + std::to_string(place->second) + '"';
    }

    std::string_view text_;
    const KeyedHash& tokens_;
    const std::function<bool(std::string_view)>& known_;
    UnknownNames unknown_;
    std::uint32_t next_;
    bool names_setting_ = false;                    // SET stands before: a setting's name follows
    std::map<std::string, std::size_t> numbers_;
    LoggedText out_;
};

}  // namespace

LoggedText mask_for_log(std::string_view text, const KeyedHash& tokens,
                        const std::function<bool(std::string_view)>& known_identifier, UnknownNames unknown) {
    const auto all = tokens_of(text);
    if (!all) return {};
    return Masker(text, tokens, known_identifier, unknown, highest_parameter(text, *all)).run(*all);
}

std::string literal_token(const KeyedHash& tokens, std::string_view value) { return token_of(tokens, value); }

}  // namespace pgveil::sql
