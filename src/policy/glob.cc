#include "policy/glob.h"

#include <algorithm>

namespace pgveil::policy {

bool part_matches(std::string_view pattern, std::string_view name) {
    std::size_t p = 0, n = 0;
    std::size_t star = std::string_view::npos, resume = 0;
    while (n < name.size()) {
        // The star first: a name may itself contain the character `*`.
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = n;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
            ++p;
            ++n;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            n = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

std::vector<std::string> parts_of(std::string_view pattern) {
    std::vector<std::string> parts(1);
    bool quoted = false;
    for (const char c : pattern) {
        if (c == '"') {
            quoted = !quoted;
        } else if (c == '.' && !quoted) {
            parts.emplace_back();
        } else {
            parts.back().push_back(c);
        }
    }
    return parts;
}

bool parts_match(std::span<const std::string> pattern, std::span<const std::string_view> name) {
    return pattern.size() == name.size() && std::ranges::equal(pattern, name, part_matches);
}

bool is_exact(std::string_view pattern) { return pattern.find_first_of("*?") == std::string_view::npos; }

bool any_or_matches(std::span<const std::string> patterns, std::string_view name) {
    return patterns.empty() ||
           std::ranges::any_of(patterns, [&](const std::string& pattern) { return part_matches(pattern, name); });
}

}  // namespace pgveil::policy
