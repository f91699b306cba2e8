#include "detect/features.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <array>
#include <bitset>
#include <cstring>
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
        default: break;
    }
    const char c = static_cast<char>(byte);
    return is_upper(c) ? feature::Upper : is_digit(c) ? feature::Digit : byte >= 0x80 ? feature::High : 0;
}

constexpr auto kFeatureOf = [] {
    std::array<std::uint32_t, 256> made{};
    for (unsigned i = 0; i < 256; ++i) made[i] = feature_of(static_cast<unsigned char>(i));
    return made;
}();

constexpr std::size_t kMostCounted = std::numeric_limits<std::uint32_t>::max();

Features saturated(std::uint32_t present, std::size_t digits, std::size_t length) {
    return {present, static_cast<std::uint32_t>(std::min(digits, kMostCounted)), static_cast<std::uint32_t>(std::min(length, kMostCounted))};
}

}  // namespace

Features features_byte_by_byte(std::string_view text) {
    std::uint32_t present = 0;
    std::size_t digits = 0, word = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        present |= kFeatureOf[static_cast<unsigned char>(c)];
        digits += is_digit(c) ? 1 : 0;
        word = static_cast<unsigned char>(c) > 0x20 ? word + 1 : 0;
        if (word >= kLongWord) present |= feature::LongWord;
        const bool country = i >= 3 && is_digit(c) && is_digit(text[i - 1]) && is_letter(text[i - 2]) && is_letter(text[i - 3]);
        if (country) present |= feature::CountryShape;
    }
    return saturated(present, digits, text.size());
}

#if defined(__x86_64__)

namespace {

#define PGVEIL_AVX2 __attribute__((target("avx2,bmi,popcnt")))

/// Eight single characters found by two nibble lookups: bit i of the answer is kPunctuation[i].
constexpr std::array<char, 8> kPunctuation = {'@', ':', '-', '_', '$', '+', '.', '='};

struct NibbleTables {
    alignas(32) std::array<std::uint8_t, 32> low{}, high{};
};
constexpr NibbleTables kNibbles = [] {
    NibbleTables made;
    for (unsigned i = 0; i < kPunctuation.size(); ++i) {
        const auto byte = static_cast<unsigned char>(kPunctuation[i]);
        for (unsigned half = 0; half < 32; half += 16) {
            made.low[half + (byte & 15U)] |= static_cast<std::uint8_t>(1U << i);
            made.high[half + (byte >> 4U)] |= static_cast<std::uint8_t>(1U << i);
        }
    }
    return made;
}();

/// What carries over from one block of 32 bytes to the next.
struct BlockState {
    __m256i punctuation;
    std::uint32_t present = 0;
    std::size_t digits = 0, word = 0;
    std::uint64_t letters_before = 0, digits_before = 0;    // the last three bytes, in bits 0 to 2
};

PGVEIL_AVX2 inline std::uint32_t in_range(__m256i bytes, char low, char high) {
    const __m256i shifted = _mm256_sub_epi8(bytes, _mm256_set1_epi8(low));
    const __m256i limit = _mm256_set1_epi8(static_cast<char>(high - low));
    return static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(shifted, limit), shifted)));
}

/// Words that begin, continue or end in this block of `size` bytes; `solid` has a bit per byte above 0x20.
PGVEIL_AVX2 inline void follow_words(std::uint32_t solid, unsigned size, BlockState& state) {
    const std::uint64_t gaps = ~std::uint64_t{solid} & ((std::uint64_t{1} << size) - 1);
    if (gaps == 0) {
        state.word += size;
    } else {
        if (state.word + static_cast<unsigned>(__builtin_ctzll(gaps)) >= kLongWord) state.present |= feature::LongWord;
        std::uint32_t runs = solid & (solid >> 1U);
        runs &= runs >> 2U;
        runs &= runs >> 4U;
        runs &= runs >> 7U;                                 // 15 in a row within the block
        if (runs != 0) state.present |= feature::LongWord;
        state.word = size - 1 - (63U - static_cast<unsigned>(__builtin_clzll(gaps)));
    }
    if (state.word >= kLongWord) state.present |= feature::LongWord;
}

PGVEIL_AVX2 inline void take_block(__m256i bytes, unsigned size, BlockState& state) {
    const __m256i nibble = _mm256_set1_epi8(15);
    const __m256i low = _mm256_shuffle_epi8(_mm256_load_si256(reinterpret_cast<const __m256i*>(kNibbles.low.data())), _mm256_and_si256(bytes, nibble));
    const __m256i high = _mm256_shuffle_epi8(_mm256_load_si256(reinterpret_cast<const __m256i*>(kNibbles.high.data())),
                                             _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble));
    state.punctuation = _mm256_or_si256(state.punctuation, _mm256_and_si256(low, high));
    const std::uint32_t digits = in_range(bytes, '0', '9'), upper = in_range(bytes, 'A', 'Z');
    const std::uint32_t letters = upper | in_range(bytes, 'a', 'z');
    const auto raised = static_cast<std::uint32_t>(_mm256_movemask_epi8(bytes));
    const __m256i brace = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('{'));
    if (digits != 0) state.present |= feature::Digit;
    if (upper != 0) state.present |= feature::Upper;
    if (raised != 0) state.present |= feature::High;
    if (_mm256_movemask_epi8(brace) != 0) state.present |= feature::Brace;
    state.digits += static_cast<unsigned>(__builtin_popcount(digits));
    const std::uint64_t l = std::uint64_t{letters} << 3U | state.letters_before, d = std::uint64_t{digits} << 3U | state.digits_before;
    if ((l & (l >> 1U) & (d >> 2U) & (d >> 3U)) != 0) state.present |= feature::CountryShape;
    state.letters_before = l >> 32U & 7U;
    state.digits_before = d >> 32U & 7U;
    follow_words(in_range(bytes, 0x21, static_cast<char>(0xFF)), size, state);
}

PGVEIL_AVX2 Features features_avx2(std::string_view text) {
    BlockState state{_mm256_setzero_si256()};
    std::size_t at = 0;
    for (; text.size() - at >= 32; at += 32) take_block(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(text.data() + at)), 32, state);
    if (const std::size_t rest = text.size() - at; rest != 0) {
        alignas(32) std::array<char, 32> padded{};          // zeros: no feature of anything
        std::memcpy(padded.data(), text.data() + at, rest);
        take_block(_mm256_load_si256(reinterpret_cast<const __m256i*>(padded.data())), static_cast<unsigned>(rest), state);
    }
    alignas(32) std::array<std::uint64_t, 4> lanes{};
    _mm256_store_si256(reinterpret_cast<__m256i*>(lanes.data()), state.punctuation);
    std::uint64_t all = lanes[0] | lanes[1] | lanes[2] | lanes[3];
    all |= all >> 32U;
    all |= all >> 16U;
    all |= all >> 8U;
    return saturated(state.present | static_cast<std::uint32_t>(all & 0xFFU), state.digits, text.size());
}

}  // namespace

Features features_of(std::string_view text) {
    static const bool fast = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("bmi") != 0;
    return fast ? features_avx2(text) : features_byte_by_byte(text);
}

#else

Features features_of(std::string_view text) { return features_byte_by_byte(text); }

#endif

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
        if (whole.best >= kLongWord) need.present |= feature::LongWord;
        return need;
    }

  private:
    /// What a part of the pattern brings, and how many bytes above 0x20 stand in a row at its start, anywhere, and at
    /// its end. `solid`: it brings no other bytes at all, so what surrounds it stays one word.
    struct Need {
        Requirement least;
        std::uint32_t prefix = 0, best = 0, suffix = 0;
        bool solid = true;
    };

    [[nodiscard]] char look() const { return peek(text_, at_); }
    [[nodiscard]] bool done() const { return bad_ || at_ >= text_.size(); }

    static Need both(const Need& a, const Need& b) {
        const Requirement least{a.least.present | b.least.present, std::min(kMost, a.least.digits + b.least.digits),
                                std::min(kMost, a.least.length + b.least.length)};
        const std::uint32_t bridge = a.suffix + b.prefix;
        if (a.solid && b.solid) return {least, bridge, bridge, bridge, true};
        const std::uint32_t prefix = a.solid ? a.prefix + b.prefix : a.prefix, suffix = b.solid ? a.suffix + b.suffix : b.suffix;
        return {least, prefix, std::max({a.best, b.best, bridge}), suffix, false};
    }
    static Need either(const Need& a, const Need& b) {
        const Requirement least{a.least.present & b.least.present, std::min(a.least.digits, b.least.digits), std::min(a.least.length, b.least.length)};
        return {least, std::min(a.prefix, b.prefix), std::min(a.best, b.best), std::min(a.suffix, b.suffix), a.solid && b.solid};
    }
    static Need times(const Need& one, std::uint32_t count) {
        if (count == 0) return {{}, 0, 0, 0, one.solid};
        const auto grown = [&](std::uint32_t value) { return static_cast<std::uint32_t>(std::min<std::uint64_t>(kMost, std::uint64_t{value} * count)); };
        const Requirement least{one.least.present, grown(one.least.digits), grown(one.least.length)};
        if (one.solid) return {least, grown(one.best), grown(one.best), grown(one.best), true};
        return {least, one.prefix, count > 1 ? std::max(one.best, one.suffix + one.prefix) : one.best, one.suffix, false};
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
        bool solid = true;
        for (unsigned i = 0; i < 256; ++i) {
            if (!set[i]) continue;
            std::uint32_t features = kFeatureOf[i];
            if (caseless_) features &= ~feature::Upper;
            least.present &= features;
            if (!is_digit(static_cast<char>(i))) least.digits = 0;
            solid &= i > 0x20;
        }
        if (set.none()) return {{0, 0, 1}, 0, 0, 0, false};
        const std::uint32_t one = solid ? 1 : 0;
        return {least, one, one, one, solid};
    }

    std::string_view text_;
    bool caseless_, bad_ = false;
    std::size_t at_ = 0;
    int depth_ = 0;
};

}  // namespace

Requirement requirement_of(std::string_view expression, bool caseless) { return Reader(expression, caseless).read(); }

}  // namespace pgveil::masking
