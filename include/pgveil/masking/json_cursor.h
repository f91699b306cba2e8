// JsonCursor: a strict RFC 8259 tokenizer that tells where each token's bytes are.
//
// Not a tree: the masker copies what it does not change and needs offsets, so nothing is built. Its stack
// grows with the nesting actually met (one byte a level) and is kept between values, so that the steady
// state allocates nothing. Reads hostile bytes. One owner, one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pgveil::masking {

enum class JsonToken : std::uint8_t { Error, End, ObjectBegin, ObjectEnd, ArrayBegin, ArrayEnd, Key, String, Number, Literal };

class JsonCursor {
  public:
    /// Starts over on `text`, which must outlive the reading.
    void reset(std::string_view text);
    /// The next token. After Error or End it stays there.
    JsonToken next();
    /// The token's bytes; of keys and strings what stands between the quotes, still escaped.
    [[nodiscard]] std::string_view raw() const { return text_.substr(start_, end_ - start_); }
    [[nodiscard]] std::size_t start() const { return start_; }
    [[nodiscard]] std::size_t end() const { return end_; }
    [[nodiscard]] bool escaped() const { return escaped_; }
    [[nodiscard]] std::size_t depth() const { return stack_.size(); }

  private:
    enum class Expect : std::uint8_t { Value, FirstValueOrEnd, FirstKeyOrEnd, Key, CommaOrEnd, Nothing };
    JsonToken fail();
    JsonToken value();
    JsonToken open(JsonToken begin);
    JsonToken close(char bracket);
    JsonToken string(JsonToken as);
    JsonToken number();
    JsonToken literal(std::string_view word);
    JsonToken key();
    void skip_space();
    [[nodiscard]] char look() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    void after_value() { expect_ = stack_.empty() ? Expect::Nothing : Expect::CommaOrEnd; }

    std::string_view text_;
    std::size_t at_ = 0, start_ = 0, end_ = 0;
    bool escaped_ = false, failed_ = false;
    Expect expect_ = Expect::Value;
    std::vector<char> stack_;
};

/// A JSON string's decoded bytes and, for each, the offset of its source in the raw form (one more for the end).
struct DecodedString {
    std::string text;
    std::vector<std::uint32_t> origin;
    void clear() {
        text.clear();
        origin.clear();
    }
};
/// Resolves the escapes of a raw string the cursor accepted. Lone surrogates become U+FFFD.
void decode_json_string(std::string_view raw, DecodedString& to);

}  // namespace pgveil::masking
