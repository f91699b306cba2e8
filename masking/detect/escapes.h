// Escapes: text with percent-encoding, HTML entities and JSON's \u resolved, every byte with the offset it came from.
// One layer; what is no escape stays. The text itself is scanned too: a token that holds a '%' is found as it is.
// Buffers are kept between values. Hostile bytes. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pgveil::masking {

class Escapes {
  public:
    /// True if anything was resolved; then text() and origin() hold it until the next call.
    bool resolve(std::string_view text);
    [[nodiscard]] std::string_view text() const { return text_; }
    /// The offset in the original of the byte at `at` of the resolved text; `at` may be its size.
    [[nodiscard]] std::size_t origin(std::size_t at) const { return origin_[at]; }

  private:
    std::string text_;
    std::vector<std::uint32_t> origin_;
};

}  // namespace pgveil::masking
