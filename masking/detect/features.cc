#include "detect/features.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <array>
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
        case '{': case '^': return feature::BraceOrCaret;
        default: break;
    }
    const char c = static_cast<char>(byte);
    return is_upper(c) ? feature::Upper | feature::Letter : is_lower(c) ? feature::Letter : is_digit(c) ? feature::Digit : byte >= 0x80 ? feature::High : 0;
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

std::uint32_t features_of_byte(unsigned char byte) { return kFeatureOf[byte]; }

Features features_byte_by_byte(std::string_view text) {
    std::uint32_t present = 0;
    std::size_t digits = 0, word = 0, name = 0, number = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        present |= kFeatureOf[static_cast<unsigned char>(c)];
        digits += is_digit(c) ? 1 : 0;
        word = static_cast<unsigned char>(c) > 0x20 ? word + 1 : 0;
        name = is_alnum(c) ? name + 1 : 0;
        number = is_digit(c) || c == ' ' || c == '-' || c == '.' ? number + 1 : 0;
        if (word >= kLongWord) present |= feature::LongWord;
        if (name >= kLongName) present |= feature::LongName;
        if (number >= kNumberRun) present |= feature::NumberRun;
        const bool country = i >= 3 && is_digit(c) && is_digit(text[i - 1]) && is_letter(text[i - 2]) && is_letter(text[i - 3]) && !is_alnum(peek(text, i - 4));
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
    std::size_t digits = 0, word = 0, name = 0;
    std::uint64_t letters_before = 0, digits_before = 0;    // the last four bytes, in bits 0 to 3
    std::uint64_t numbers_before = 0;                       // the last eight, in bits 0 to 7
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

/// Letters and digits in a row: more than a block holds, so only what continues from before can be long enough.
PGVEIL_AVX2 inline void follow_names(std::uint32_t alnum, BlockState& state) {
    static_assert(kLongName > 32);
    const std::uint32_t gaps = ~alnum;
    if (gaps == 0) {
        state.name += 32;
    } else {
        if (state.name + static_cast<unsigned>(__builtin_ctz(gaps)) >= kLongName) state.present |= feature::LongName;
        state.name = static_cast<unsigned>(__builtin_clz(gaps));
    }
    if (state.name >= kLongName) state.present |= feature::LongName;
}

/// Nine in a row, of this block and the eight bytes before it.
PGVEIL_AVX2 inline void follow_numbers(std::uint32_t numbers, BlockState& state) {
    static_assert(kNumberRun == 9);
    const std::uint64_t all = std::uint64_t{numbers} << 8U | state.numbers_before;
    std::uint64_t runs = all & (all >> 1U);
    runs &= runs >> 2U;
    runs &= runs >> 4U;
    if ((runs & (all >> 8U)) != 0) state.present |= feature::NumberRun;
    state.numbers_before = all >> 32U & 0xFFU;
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
    const __m256i brace = _mm256_or_si256(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('{')), _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('^')));
    const auto blanks = static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(' '))));
    if (digits != 0) state.present |= feature::Digit;
    if (upper != 0) state.present |= feature::Upper;
    if (letters != 0) state.present |= feature::Letter;
    if (raised != 0) state.present |= feature::High;
    if (_mm256_movemask_epi8(brace) != 0) state.present |= feature::BraceOrCaret;
    state.digits += static_cast<unsigned>(__builtin_popcount(digits));
    const std::uint64_t l = std::uint64_t{letters} << 4U | state.letters_before, d = std::uint64_t{digits} << 4U | state.digits_before;
    if ((~(l | d) & (l >> 1U) & (l >> 2U) & (d >> 3U) & (d >> 4U)) != 0) state.present |= feature::CountryShape;
    state.letters_before = l >> 32U & 15U;
    state.digits_before = d >> 32U & 15U;
    follow_numbers(digits | blanks | in_range(bytes, '-', '.'), state);
    follow_names(letters | digits, state);
    follow_words(in_range(bytes, 0x21, static_cast<char>(0xFF)), size, state);
}

/// Of the blocks that are whole; what is left.
PGVEIL_AVX2 inline std::string_view take_blocks(std::string_view text, BlockState& state) {
    for (; text.size() >= 32; text.remove_prefix(32)) take_block(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(text.data())), 32, state);
    return text;
}

PGVEIL_AVX2 inline Features result(const BlockState& state, std::size_t length) {
    alignas(32) std::array<std::uint64_t, 4> lanes{};
    _mm256_store_si256(reinterpret_cast<__m256i*>(lanes.data()), state.punctuation);
    std::uint64_t all = lanes[0] | lanes[1] | lanes[2] | lanes[3];
    all |= all >> 32U;
    all |= all >> 16U;
    all |= all >> 8U;
    return saturated(state.present | static_cast<std::uint32_t>(all & 0xFFU), state.digits, length);
}

PGVEIL_AVX2 Features features_avx2(std::string_view text) {
    BlockState state{_mm256_setzero_si256()};
    if (const std::string_view rest = take_blocks(text, state); !rest.empty()) {
        alignas(32) std::array<char, 32> padded{};          // zeros: no feature of anything
        std::memcpy(padded.data(), rest.data(), rest.size());
        take_block(_mm256_load_si256(reinterpret_cast<const __m256i*>(padded.data())), static_cast<unsigned>(rest.size()), state);
    }
    return result(state, text.size());
}

/// The same where bytes can be left out of a load: a copy costs a short value as much as all the rest.
__attribute__((target("avx2,bmi,popcnt,avx512bw,avx512vl"))) Features features_avx512(std::string_view text) {
    BlockState state{_mm256_setzero_si256()};
    if (const std::string_view rest = take_blocks(text, state); !rest.empty()) {
        take_block(_mm256_maskz_loadu_epi8((1U << rest.size()) - 1, rest.data()), static_cast<unsigned>(rest.size()), state);
    }
    return result(state, text.size());
}

}  // namespace

std::vector<FeaturesWay> ways_of_features() {
    std::vector<FeaturesWay> ways{features_byte_by_byte};
    if (__builtin_cpu_supports("avx2") == 0 || __builtin_cpu_supports("bmi") == 0) return ways;
    ways.push_back(features_avx2);
    if (__builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512vl") != 0) ways.push_back(features_avx512);
    return ways;
}

#else

std::vector<FeaturesWay> ways_of_features() { return {features_byte_by_byte}; }

#endif

Features features_of(std::string_view text) {
    static const FeaturesWay fastest = ways_of_features().back();
    return fastest(text);
}

}  // namespace pgveil::masking
