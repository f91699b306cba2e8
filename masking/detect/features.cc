#include "detect/features.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <limits>

#include "detect/chars.h"

namespace pgveil::masking {
namespace {

constexpr std::uint32_t feature_of(unsigned char byte) {
    switch (byte) {
        case '@': return feature::At;
        case ':': return feature::Colon;
        case '-': return feature::Dash;
        case '_': return feature::Underscore;
        case '$': return feature::Dollar;
        case '+': return feature::Plus;
        case '.': return feature::Dot;
        case '=': return feature::Equals;
        case '{': return feature::Brace;
        case '/': return feature::Slash;
        case '*': return feature::Star;
        default: break;
    }
    const char c = static_cast<char>(byte);
    return is_upper(c) ? feature::Upper : is_lower(c) ? feature::Lower : is_digit(c) ? feature::Digit : byte >= 0x80 ? feature::High : 0;
}

constexpr auto kFeatureOf = [] {
    std::array<std::uint32_t, 256> made{};
    for (unsigned i = 0; i < 256; ++i) made[i] = feature_of(static_cast<unsigned char>(i));
    return made;
}();

}  // namespace

Features features_of(std::string_view text) {
    Features found;
    std::uint32_t present = 0;
    std::size_t digits = 0;
    for (const char c : text) {
        present |= kFeatureOf[static_cast<unsigned char>(c)];
        digits += is_digit(c) ? 1 : 0;
    }
    constexpr std::size_t most = std::numeric_limits<std::uint32_t>::max();
    found.present = present;
    found.digits = static_cast<std::uint32_t>(std::min(digits, most));
    found.length = static_cast<std::uint32_t>(std::min(text.size(), most));
    return found;
}

namespace {

using Class = std::bitset<256>;
constexpr std::uint32_t kMost = 4096;

/// Recursive descent over the part of PCRE syntax that packs use. `bad_` once something is not understood.
class Reader {
  public:
    Reader(std::string_view text, bool caseless) : text_(text), caseless_(caseless) {}

    Requirement read() {
        if (text_.starts_with("(?i)")) {
            caseless_ = true;
            at_ = 4;
        }
        const Requirement whole = alternatives();
        return bad_ || at_ != text_.size() ? Requirement{} : whole;
    }

  private:
    [[nodiscard]] char look() const { return peek(text_, at_); }
    [[nodiscard]] bool done() const { return bad_ || at_ >= text_.size(); }

    static Requirement both(const Requirement& a, const Requirement& b) {
        return {a.present | b.present, std::min(kMost, a.digits + b.digits), std::min(kMost, a.length + b.length)};
    }
    static Requirement either(const Requirement& a, const Requirement& b) {
        return {a.present & b.present, std::min(a.digits, b.digits), std::min(a.length, b.length)};
    }
    static Requirement times(const Requirement& one, std::uint32_t count) {
        if (count == 0) return {};
        const auto grown = [&](std::uint32_t value) { return static_cast<std::uint32_t>(std::min<std::uint64_t>(kMost, std::uint64_t{value} * count)); };
        return {one.present, grown(one.digits), grown(one.length)};
    }

    Requirement alternatives() {
        if (++depth_ > 32) bad_ = true;
        Requirement all = sequence();
        while (!done() && look() == '|') {
            ++at_;
            all = either(all, sequence());
        }
        --depth_;
        return all;
    }

    Requirement sequence() {
        Requirement all;
        while (!done() && look() != '|' && look() != ')') {
            const Requirement one = atom();
            all = both(all, times(one, least_repeat()));
        }
        return all;
    }

    Requirement atom() {
        const char c = text_[at_++];
        if (c == '(') return group();
        if (c == '[') return requirement(bracket());
        if (c == '\\') return escape();
        if (std::string_view(".^$*+?{").find(c) != std::string_view::npos) bad_ = true;
        return requirement(only(c));
    }

    Requirement group() {
        if (look() == '?') {
            if (text_.substr(at_, 2) != "?:") {
                bad_ = true;
                return {};
            }
            at_ += 2;
        }
        const Requirement inner = alternatives();
        if (look() != ')') bad_ = true;
        ++at_;
        return inner;
    }

    Requirement escape() {
        if (look() == 'b') {  // an assertion: takes no byte
            ++at_;
            return {};
        }
        return requirement(escaped_class());
    }

    Class escaped_class() {
        if (at_ >= text_.size()) {
            bad_ = true;
            return {};
        }
        const char c = text_[at_++];
        Class set;
        switch (c) {
            case 'd': fill(set, is_digit); return set;
            case 'w': fill(set, [](char x) { return is_alnum(x) || x == '_'; }); return set;
            case 's': fill(set, is_space); return set;
            case 'n': return only('\n');
            case 'r': return only('\r');
            case 't': return only('\t');
            case 'x': return hex_byte();
            default: break;
        }
        if (is_alnum(c)) bad_ = true;
        return only(c);
    }

    Class hex_byte() {
        unsigned value = 0;
        for (int i = 0; i < 2; ++i, ++at_) {
            const char c = look();
            if (!is_hex(c)) bad_ = true;
            value = value * 16 + (is_digit(c) ? digit_value(c) : static_cast<unsigned>(lower(c) - 'a') + 10);
        }
        Class set;
        set.set(value & 0xFFU);
        return set;
    }

    Class bracket() {
        Class set;
        if (look() == '^') bad_ = true;
        for (bool first = true; !done() && (look() != ']' || first); first = false) {
            if (text_.substr(at_, 2) == "[:") bad_ = true;
            const Class low = member();
            if (look() == '-' && peek(text_, at_ + 1) != ']' && low.count() == 1) {
                ++at_;
                const Class high = member();
                if (high.count() != 1) bad_ = true;
                for (std::size_t i = low._Find_first(); i <= high._Find_first() && i < 256; ++i) set.set(i);
            } else {
                set |= low;
            }
        }
        if (look() != ']') bad_ = true;
        ++at_;
        return set;
    }

    Class member() {
        const char c = at_ < text_.size() ? text_[at_++] : '\0';
        return c == '\\' ? escaped_class() : only(c);
    }

    std::uint32_t least_repeat() {
        std::uint32_t least = 1;
        switch (look()) {
            case '*':
            case '?': least = 0; ++at_; break;
            case '+': ++at_; break;
            case '{': least = counted_repeat(); break;
            default: return 1;
        }
        if (look() == '?' || look() == '+') ++at_;
        return least;
    }

    std::uint32_t counted_repeat() {
        ++at_;
        std::uint32_t least = 0;
        if (!is_digit(look())) bad_ = true;
        while (is_digit(look()) && least < kMost) least = least * 10 + digit_value(text_[at_++]);
        while (is_digit(look()) || look() == ',') ++at_;
        if (look() != '}') bad_ = true;
        ++at_;
        return least;
    }

    template <class Test>
    static void fill(Class& set, Test test) {
        for (unsigned i = 0; i < 256; ++i) set[i] = test(static_cast<char>(i));
    }
    static Class only(char c) {
        Class set;
        set.set(static_cast<unsigned char>(c));
        return set;
    }

    /// What one byte of `set` brings: the features that all its members share.
    [[nodiscard]] Requirement requirement(Class set) const {
        Requirement need{~0U, 1, 1};
        for (unsigned i = 0; i < 256; ++i) {
            if (!set[i]) continue;
            std::uint32_t features = kFeatureOf[i];
            if (caseless_ && (features & (feature::Upper | feature::Lower)) != 0) features = 0;
            need.present &= features;
            if (!is_digit(static_cast<char>(i))) need.digits = 0;
        }
        return set.none() ? Requirement{0, 0, 1} : need;
    }

    std::string_view text_;
    bool caseless_, bad_ = false;
    std::size_t at_ = 0;
    int depth_ = 0;
};

}  // namespace

Requirement requirement_of(std::string_view expression, bool caseless) { return Reader(expression, caseless).read(); }

}  // namespace pgveil::masking
