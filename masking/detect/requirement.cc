// Requirements: what a pattern needs of a text, read from the pattern (features.h).
#include <algorithm>
#include <bitset>

#include "detect/chars.h"
#include "detect/features.h"

namespace pgveil::masking {
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
        const Need whole = alternatives();
        if (bad_ || at_ != text_.size()) return {};
        Requirement need = whole.least;
        if (whole.word.best >= kLongWord) need.present |= feature::LongWord;
        if (whole.name.best >= kLongName) need.present |= feature::LongName;
        return need;
    }

  private:
    /// How many bytes of a kind stand in a row at a part's start, anywhere, and at its end. `solid`: it brings no other
    /// bytes at all, so what surrounds it stays one run.
    struct Run {
        std::uint32_t prefix = 0, best = 0, suffix = 0;
        bool solid = true;

        static Run both(const Run& a, const Run& b) {
            const std::uint32_t bridge = a.suffix + b.prefix;
            if (a.solid && b.solid) return {bridge, bridge, bridge, true};
            const std::uint32_t prefix = a.solid ? a.prefix + b.prefix : a.prefix, suffix = b.solid ? a.suffix + b.suffix : b.suffix;
            return {prefix, std::max({a.best, b.best, bridge}), suffix, false};
        }
        static Run either(const Run& a, const Run& b) {
            return {std::min(a.prefix, b.prefix), std::min(a.best, b.best), std::min(a.suffix, b.suffix), a.solid && b.solid};
        }
        [[nodiscard]] Run times(std::uint32_t count) const {
            if (count == 0) return {0, 0, 0, solid};
            if (solid) return {grown(best, count), grown(best, count), grown(best, count), true};
            return {prefix, count > 1 ? std::max(best, suffix + prefix) : best, suffix, false};
        }
        static Run of_one(bool solid) {
            const std::uint32_t one = solid ? 1 : 0;
            return {one, one, one, solid};
        }
    };
    /// What a part of the pattern brings: words are of bytes above 0x20, names of letters and digits.
    struct Need {
        Requirement least;
        Run word, name;
    };

    static std::uint32_t grown(std::uint32_t value, std::uint32_t count) {
        return static_cast<std::uint32_t>(std::min<std::uint64_t>(kMost, std::uint64_t{value} * count));
    }

    [[nodiscard]] char look() const { return peek(text_, at_); }
    [[nodiscard]] bool done() const { return bad_ || at_ >= text_.size(); }

    static Need both(const Need& a, const Need& b) {
        const Requirement least{a.least.present | b.least.present, std::min(kMost, a.least.digits + b.least.digits),
                                std::min(kMost, a.least.length + b.least.length)};
        return {least, Run::both(a.word, b.word), Run::both(a.name, b.name)};
    }
    static Need either(const Need& a, const Need& b) {
        const Requirement least{a.least.present & b.least.present, std::min(a.least.digits, b.least.digits), std::min(a.least.length, b.least.length)};
        return {least, Run::either(a.word, b.word), Run::either(a.name, b.name)};
    }
    static Need times(const Need& one, std::uint32_t count) {
        const Requirement least = count == 0 ? Requirement{} : Requirement{one.least.present, grown(one.least.digits, count), grown(one.least.length, count)};
        return {least, one.word.times(count), one.name.times(count)};
    }

    Need alternatives() {
        if (++depth_ > 32) bad_ = true;
        Need all = sequence();
        while (!done() && look() == '|') {
            ++at_;
            all = either(all, sequence());
        }
        --depth_;
        return all;
    }

    Need sequence() {
        Need all;
        while (!done() && look() != '|' && look() != ')') {
            const Need one = atom();
            all = both(all, times(one, least_repeat()));
        }
        return all;
    }

    Need atom() {
        const char c = text_[at_++];
        if (c == '(') return group();
        if (c == '[') return need_of(bracket());
        if (c == '\\') return escape();
        if (std::string_view(".^$*+?{").find(c) != std::string_view::npos) bad_ = true;
        return need_of(only(c));
    }

    Need group() {
        if (look() == '?') {
            if (text_.substr(at_, 2) != "?:") {
                bad_ = true;
                return {};
            }
            at_ += 2;
        }
        const Need inner = alternatives();
        if (look() != ')') bad_ = true;
        ++at_;
        return inner;
    }

    Need escape() {
        if (look() == 'b') {  // an assertion: takes no byte
            ++at_;
            return {};
        }
        return need_of(escaped_class());
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
    [[nodiscard]] Need need_of(const Class& set) const {
        Requirement least{~0U, 1, 1};
        bool solid = true, alnum = true;
        for (unsigned i = 0; i < 256; ++i) {
            if (!set[i]) continue;
            std::uint32_t features = features_of_byte(static_cast<unsigned char>(i));
            if (caseless_) features &= ~feature::Upper;
            least.present &= features;
            if (!is_digit(static_cast<char>(i))) least.digits = 0;
            solid &= i > 0x20;
            alnum &= is_alnum(static_cast<char>(i));
        }
        if (set.none()) return {{0, 0, 1}, Run::of_one(false), Run::of_one(false)};
        return {least, Run::of_one(solid), Run::of_one(alnum)};
    }

    std::string_view text_;
    bool caseless_, bad_ = false;
    std::size_t at_ = 0;
    int depth_ = 0;
};

}  // namespace

Requirement requirement_of(std::string_view expression, bool caseless) { return Reader(expression, caseless).read(); }

}  // namespace pgveil::masking
