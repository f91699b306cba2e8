// NormalForm: text as detectors see it. Full-width and other scripts' digits become ASCII digits, typographic
// dashes and blanks become '-' and ' ', invisible characters vanish (ICU's properties and NFKC, one code point
// at a time); every byte keeps the offset it came from. Pure ASCII is never touched.
// Buffers are kept between values. Hostile bytes: yes; malformed UTF-8 is copied as it is. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pgveil::masking {

class NormalForm {
  public:
    /// True if the normal form differs from `text`; then text() and origin() hold it until the next call.
    bool fold(std::string_view text);
    [[nodiscard]] std::string_view text() const { return text_; }
    /// The offset in the original of the byte at `at` of the normal form; `at` may be its size.
    [[nodiscard]] std::size_t origin(std::size_t at) const { return origin_[at]; }

  private:
    void begin(std::string_view text, std::size_t unchanged);
    std::string text_;
    std::vector<std::uint32_t> origin_;
};

}  // namespace pgveil::masking
