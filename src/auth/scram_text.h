// The attribute=value grammar of SCRAM messages, read as PostgreSQL's auth-scram.c reads it.
//
// Values end at a comma or at the end; there is no unescaping. Views into the caller's message, alive as
// long as it is. Any thread. Hostile: yes, client messages.
#pragma once

#include <optional>
#include <string_view>

namespace pgveil::auth {

/// A cursor over one message. Each read either consumes and answers, or answers nullopt: the message is malformed.
class ScramText {
  public:
    explicit ScramText(std::string_view message) : left_(message) {}
    [[nodiscard]] bool at_end() const { return left_.empty(); }
    /// The next character, NUL at the end (messages hold none: see printable_message).
    [[nodiscard]] char peek() const { return left_.empty() ? '\0' : left_.front(); }
    [[nodiscard]] std::string_view left() const { return left_; }
    [[nodiscard]] bool skip(char expected);
    /// The value of attribute `name`, which must come next.
    [[nodiscard]] std::optional<std::string_view> value_of(char name);
    /// Whatever attribute comes next; sets `name`.
    [[nodiscard]] std::optional<std::string_view> any_value(char& name);

  private:
    std::string_view rest_value();
    std::string_view left_;
};

/// RFC 5802's `printable`: 0x21 to 0x7e without the comma.
[[nodiscard]] bool is_scram_printable(std::string_view text);

}  // namespace pgveil::auth
