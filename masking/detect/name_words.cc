#include "detect/name_words.h"

#include <algorithm>
#include <array>

#include "detect/chars.h"

namespace pgveil::masking {
namespace {

constexpr std::size_t kMaxWords = 32, kMaxWord = 64;

// Last words of names of measures and counts; sorted.
constexpr std::array<std::string_view, 60> kMeasures{
    "attempts", "balance", "bytes", "calls", "changes", "clicks", "cost", "count", "counter", "counts", "customers", "days",
    "delta", "duration", "entries", "errors", "events", "failures", "fee", "fees", "hits", "hours", "index", "len", "length",
    "limit", "logins", "minutes", "opens", "orders", "pct", "percent", "percentage", "price", "quota", "rank", "rate", "rates",
    "ratio", "records", "remaining", "requests", "resets", "rows", "seconds", "sends", "sent", "sessions", "share", "size",
    "updates", "uptime", "usage", "used", "users", "verified", "version", "views", "visits", "yards"};
static_assert(std::ranges::is_sorted(kMeasures));

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

bool names_a_count(const std::vector<std::string>& words, const std::unordered_set<std::string>& hints) {
    if (words.empty()) return false;
    if (std::ranges::binary_search(kMeasures, std::string_view(words.back()))) return true;
    // A plural of what a hint names: a number of them. A hint that is a plural itself names the thing.
    bool plural = false;
    std::string joined;
    for (auto word = words.rbegin(); word != words.rend(); ++word) {
        joined.insert(0, *word);
        if (hints.contains(joined)) return false;
        for (const std::string_view ending : {"s", "es"}) {
            plural = plural || (joined.ends_with(ending) && hints.contains(joined.substr(0, joined.size() - ending.size())));
        }
    }
    return plural;
}

}  // namespace pgveil::masking
