#include "detect/escapes.h"

#include <algorithm>
#include <array>
#include <utility>

#include "codec/utf8.h"
#include "detect/chars.h"

namespace pgveil::masking {
namespace {

struct Escape {
    std::size_t size = 0;       // bytes of the escape; 0: there is none
    std::uint32_t value = 0;
    bool byte = false;          // a byte of UTF-8, else a code point
};

constexpr std::array<std::pair<std::string_view, char>, 8> kEntities{{{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''},
                                                                      {"&nbsp;", ' '}, {"&commat;", '@'}, {"&period;", '.'}}};

std::uint32_t hex_of(char c) { return is_digit(c) ? digit_value(c) : static_cast<std::uint32_t>(lower(c) - 'a') + 10; }

/// Up to `most` digits of the base; the number of bytes read.
std::size_t read_number(std::string_view text, std::size_t at, std::uint32_t base, std::size_t most, std::uint32_t& value) {
    std::size_t read = 0;
    for (value = 0; read < most && (base == 16 ? is_hex(peek(text, at + read)) : is_digit(peek(text, at + read))); ++read) {
        value = value * base + hex_of(text[at + read]);
    }
    return read;
}

Escape escape_at(std::string_view text, std::size_t at) {
    std::uint32_t value = 0;
    switch (text[at]) {
        case '%':
            if (read_number(text, at + 1, 16, 2, value) == 2 && value >= 0x20) return {3, value, true};
            break;
        case '\\':
            if (peek(text, at + 1) == 'u' && read_number(text, at + 2, 16, 4, value) == 4 && value >= 0x20) return {6, value};
            if (peek(text, at + 1) == '/') return {2, '/'};
            break;
        case '&': {
            if (peek(text, at + 1) == '#') {
                const bool hex = lower(peek(text, at + 2)) == 'x';
                const std::size_t from = at + (hex ? 3 : 2), read = read_number(text, from, hex ? 16 : 10, 7, value);
                if (read != 0 && peek(text, from + read) == ';' && value >= 0x20) return {from + read + 1 - at, value};
                break;
            }
            for (const auto& [name, c] : kEntities) {
                if (text.substr(at, name.size()) == name) return {name.size(), static_cast<std::uint32_t>(c)};
            }
            break;
        }
        default: break;
    }
    return {};
}

/// Where the next '%', '&' or backslash stands: each is sought at memory speed, and again only once it is passed.
class Marks {
  public:
    explicit Marks(std::string_view text) : text_(text), at_{text.find('%'), text.find('&'), text.find('\\')} {}
    [[nodiscard]] std::size_t next(std::size_t from) {
        constexpr std::array marks{'%', '&', '\\'};
        std::size_t first = std::string_view::npos;
        for (std::size_t i = 0; i < marks.size(); ++i) {
            if (at_[i] < from) at_[i] = text_.find(marks[i], from);
            first = std::min(first, at_[i]);
        }
        return first;
    }

  private:
    std::string_view text_;
    std::array<std::size_t, 3> at_;
};

}  // namespace

bool Escapes::resolve(std::string_view text) {
    bool resolved = false;
    std::size_t copied = 0;
    const auto copy_to = [&](std::size_t end) {
        for (; copied < end; ++copied) {
            text_.push_back(text[copied]);
            origin_.push_back(static_cast<std::uint32_t>(copied));
        }
    };
    Marks marks(text);
    for (std::size_t at = marks.next(0); at != std::string_view::npos; at = marks.next(std::max(copied, at + 1))) {
        const Escape escape = escape_at(text, at);
        if (escape.size == 0) continue;
        if (!resolved) {
            text_.clear();
            origin_.clear();
            resolved = true;
        }
        copy_to(at);
        if (escape.byte) text_.push_back(static_cast<char>(escape.value));
        else append_utf8(text_, escape.value);
        origin_.resize(text_.size(), static_cast<std::uint32_t>(at));
        copied = at + escape.size;
    }
    if (!resolved) return false;
    copy_to(text.size());
    origin_.push_back(static_cast<std::uint32_t>(text.size()));
    return true;
}

}  // namespace pgveil::masking
