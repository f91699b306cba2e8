// Globs of the config: `*` and `?` within a part, parts separated by dots ("shop.public.cust*.email").
//
// A part may be double-quoted to hold a dot ("public.\"odd.name\""). Matching is byte-wise and
// case-sensitive, as catalog names are. Values only; any thread. Not hostile: patterns come from the
// config, names from the catalog. Linear in time for one star, quadratic at worst.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgveil::policy {

/// One part against one name.
[[nodiscard]] bool part_matches(std::string_view pattern, std::string_view name);

/// The dot-separated parts of a pattern, quotes removed.
[[nodiscard]] std::vector<std::string> parts_of(std::string_view pattern);

/// A dotted pattern against a name given in parts: the same number of parts, each matching.
[[nodiscard]] bool parts_match(std::span<const std::string> pattern, std::span<const std::string_view> name);

/// No `*` and no `?` outside quotes matter here: true if the pattern can name one thing only.
[[nodiscard]] bool is_exact(std::string_view pattern);

/// True if `patterns` is empty (any) or one of them matches the single-part `name`.
[[nodiscard]] bool any_or_matches(std::span<const std::string> patterns, std::string_view name);

}  // namespace pgveil::policy
