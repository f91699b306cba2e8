// Visible text: what an agent wrote, made safe to read by a person.
//
// Characters that a terminal or page would act on, hide or reorder by (controls, bidirectional marks, zero-width
// and other invisible ones, unusual spaces, broken UTF-8) become <U+202E> or <0x9F>; tab and newline stay when
// asked for. Used by console and HTTP for every text that comes from an agent. Values; any thread. Hostile: yes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pgveil::control {

enum class Lines : std::uint8_t { One, Many };   // One: newline and tab are made visible too

[[nodiscard]] std::string visible(std::string_view text, Lines lines);
/// `visible` on one line, at most `most` characters and then "...".
[[nodiscard]] std::string excerpt(std::string_view text, std::size_t most);

}  // namespace pgveil::control
