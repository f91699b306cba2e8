// Name words: a column name or JSON key cut into lower-case words, and hints matched against them.
//
// Whole words only ("lic" does not speak in "duplicate"): snake_case, kebab-case, camelCase, digits apart.
// A hint of several words also matches them written together ("first name": firstName, first_name,
// firstname), and the last word may be a plural. Names are data: never printed. Pure, any thread.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace pgveil::masking {

/// The words of a name, at most 32 of at most 64 bytes each (PostgreSQL's names have 63; JSON keys may be longer).
[[nodiscard]] std::vector<std::string> words_of_name(std::string_view name);

/// A hint as it is compared: its words joined.
[[nodiscard]] std::string joined_hint(std::string_view hint);

/// The name is that of a measure or a number of things, not of the thing: "phone_calls", "pass_rate", "unique_ips".
/// `hints`: all there are, joined.
[[nodiscard]] bool names_a_count(const std::vector<std::string>& words, const std::unordered_set<std::string>& hints);

/// Words of the name that the hint covers, 0 if it does not stand in it.
[[nodiscard]] std::size_t words_covered(const std::vector<std::string>& words, std::string_view joined);

}  // namespace pgveil::masking
