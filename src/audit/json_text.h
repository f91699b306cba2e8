// The little JSON that log lines are made of: strings, integers, and the punctuation between them.
//
// What is written is inert in a terminal: control, bidirectional and invisible characters are escaped, bytes
// that are not UTF-8 become U+FFFD. What is read is strict: no white space, one spelling of a number.
// Values, any thread. Hostile: JsonCursor reads files that somebody may have changed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pgveil::audit {

/// Would this character, shown as it is, move the cursor, reorder text or not be seen?
[[nodiscard]] bool is_active(char32_t character);

/// The next character of `text` at `at`, which moves past it; U+FFFD for one byte that is not UTF-8.
[[nodiscard]] char32_t next_character(std::string_view text, std::size_t& at);

/// `text` with every active character written as \u{hex}; for people's eyes, not for JSON.
[[nodiscard]] std::string shown(std::string_view text);

void append_json_string(std::string& out, std::string_view text);
void append_number(std::string& out, std::int64_t number);
void append_number(std::string& out, std::uint64_t number);

/// A cursor over one text. Every read answers nullopt or false, and then stays failed.
class JsonCursor {
  public:
    explicit JsonCursor(std::string_view text) : left_(text) {}
    [[nodiscard]] bool failed() const { return failed_; }
    [[nodiscard]] bool at_end() const { return left_.empty() && !failed_; }
    [[nodiscard]] char peek() const { return left_.empty() ? '\0' : left_.front(); }
    bool take(char expected);
    [[nodiscard]] std::optional<std::string> string();
    [[nodiscard]] std::optional<std::int64_t> integer();
    [[nodiscard]] std::optional<std::uint64_t> natural();

  private:
    template <class Number>
    std::optional<Number> number();
    bool escape(std::string& out);
    std::optional<char32_t> hex4();
    std::nullopt_t fail();
    std::string_view left_;
    bool failed_ = false;
};

}  // namespace pgveil::audit
