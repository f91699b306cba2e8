// Look-alikes: shapes that some people's numbers share with part numbers and ids (look_alike, mask_plan.h). Pure; any
// thread; hostile bytes: yes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "detect/chars.h"
#include "pgveil/masking/mask_plan.h"

namespace pgveil::masking {

/// The shape that `value` has as a whole; 0: none of them.
[[nodiscard]] inline std::uint8_t look_alike_of(std::string_view value) {
    if (value.size() == 16) return std::ranges::all_of(value, is_digit) ? look_alike::SixteenDigits : std::uint8_t{0};
    if (value.size() != 11 || value[3] != '-' || value[6] != '-') return 0;
    return std::ranges::count_if(value, is_digit) == 9 ? look_alike::NineDigits : std::uint8_t{0};
}

[[nodiscard]] inline std::string_view without_blanks(std::string_view value) {
    while (!value.empty() && is_space(value.front())) value.remove_prefix(1);
    while (!value.empty() && is_space(value.back())) value.remove_suffix(1);
    return value;
}

}  // namespace pgveil::masking
