#include "detect/name_words.h"

#include "detect/chars.h"

namespace pgveil::masking {
namespace {

constexpr std::size_t kMaxWords = 32, kMaxWord = 64;

/// True if a word begins at `at` though no separator precedes it.
bool hump(std::string_view name, std::size_t at) {
    const char before = name[at - 1], c = name[at];
    if (is_digit(before) != is_digit(c)) return true;
    if (is_lower(before) && is_upper(c)) return true;
    return is_upper(before) && is_upper(c) && is_lower(peek(name, at + 1)) && !(peek(name, at + 1) == 's' && !is_letter(peek(name, at + 2)));
}

}  // namespace

std::vector<std::string> words_of_name(std::string_view name) {
    std::vector<std::string> words;
    bool fresh = true;
    for (std::size_t at = 0; at < name.size(); ++at) {
        const char c = name[at];
        if (!is_alnum(c) && !is_high(c)) {
            fresh = true;
            continue;
        }
        if (fresh || hump(name, at)) {
            if (words.size() == kMaxWords) break;
            words.emplace_back();
        }
        fresh = false;
        if (words.back().size() < kMaxWord) words.back().push_back(lower(c));
    }
    return words;
}

std::string joined_hint(std::string_view hint) {
    std::string joined;
    for (const std::string& word : words_of_name(hint)) joined += word;
    return joined;
}

std::size_t words_covered(const std::vector<std::string>& words, std::string_view joined) {
    if (joined.empty()) return 0;
    for (std::size_t first = 0; first < words.size(); ++first) {
        std::string_view rest = joined;
        for (std::size_t i = first; i < words.size(); ++i) {
            const std::string_view word = words[i];
            const bool plural = word.size() > rest.size() && word.starts_with(rest) &&
                                (word.substr(rest.size()) == "s" || word.substr(rest.size()) == "es");
            if (word == rest || plural) return i - first + 1;
            if (!rest.starts_with(word)) break;
            rest.remove_prefix(word.size());
        }
    }
    return 0;
}

}  // namespace pgveil::masking
