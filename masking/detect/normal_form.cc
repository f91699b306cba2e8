#include "detect/normal_form.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>

#include <array>

#include "codec/utf8.h"

namespace pgveil::masking {
namespace {

constexpr std::uint8_t kKeep = 0, kDrop = 0xFF;  // else: the ASCII character it folds to

std::uint8_t fold_of(std::uint32_t value) {
    const auto c = static_cast<UChar32>(value);
    if (u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) != 0) return kDrop;
    const std::int32_t digit = u_charDigitValue(c);
    if (digit >= 0 && u_charType(c) == U_DECIMAL_DIGIT_NUMBER) return static_cast<std::uint8_t>('0' + digit);
    if (u_charType(c) == U_DASH_PUNCTUATION || value == 0x2212) return '-';
    if (u_charType(c) == U_SPACE_SEPARATOR) return ' ';
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2* nfkc = unorm2_getNFKCInstance(&status);
    if (U_FAILURE(status) != 0) return kKeep;
    std::array<UChar, 8> mapped{};
    const std::int32_t size = unorm2_getDecomposition(nfkc, c, mapped.data(), mapped.size(), &status);
    return U_SUCCESS(status) != 0 && size == 1 && mapped[0] > 0x20 && mapped[0] < 0x7F ? static_cast<std::uint8_t>(mapped[0]) : kKeep;
}

/// Folds of the basic plane, made once: 64 KiB, immutable afterwards.
std::uint8_t cached_fold_of(std::uint32_t value) {
    static const auto table = [] {
        std::array<std::uint8_t, 0x10000> made{};
        for (std::uint32_t c = 0x80; c < made.size(); ++c) {
            if (c < 0xD800 || c > 0xDFFF) made[c] = fold_of(c);
        }
        return made;
    }();
    return value < table.size() ? table[value] : fold_of(value);
}

}  // namespace

void NormalForm::begin(std::string_view text, std::size_t unchanged) {
    text_.assign(text.substr(0, unchanged));
    origin_.clear();
    for (std::size_t i = 0; i < unchanged; ++i) origin_.push_back(static_cast<std::uint32_t>(i));
}

bool NormalForm::fold(std::string_view text) {
    bool differs = false;
    for (std::size_t at = 0; at < text.size();) {
        CodePoint point{static_cast<unsigned char>(text[at]), 1};
        std::uint8_t fold = kKeep;
        if (point.value >= 0x80) {
            point = code_point_at(text, at);
            if (point.size == 0) point.size = 1;
            else fold = cached_fold_of(point.value);
        }
        if (fold != kKeep && !differs) {
            begin(text, at);
            differs = true;
        }
        if (differs && fold != kDrop) {
            if (fold != kKeep) text_.push_back(static_cast<char>(fold));
            else text_.append(text.substr(at, point.size));
            origin_.resize(text_.size(), static_cast<std::uint32_t>(at));
        }
        at += point.size;
    }
    if (differs) origin_.push_back(static_cast<std::uint32_t>(text.size()));
    return differs;
}

}  // namespace pgveil::masking
