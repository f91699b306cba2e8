#include "engine/compiled_rules.h"

#include <algorithm>

#include "detect/name_words.h"
#include "engine/name_reach.h"

namespace pgveil::masking {
namespace {

std::size_t most_covered(const std::vector<std::string>& words, const std::vector<std::string>& hints) {
    std::size_t most = 0;
    for (const std::string& hint : hints) {
        if (words_covered(words, hint) != 0) most = std::max(most, hint.size());
    }
    return most;
}

}  // namespace

NameHints CompiledRules::hints_of(std::string_view name) const {
    NameHints hints;
    const std::vector<std::string> words = words_of_name(name);
    std::size_t best_named = 0;
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const CompiledRule& rule = rules[i];
        const bool against = most_covered(words, rule.counter_hints) != 0;
        const std::size_t covered = against ? 0 : most_covered(words, rule.hints);
        if (!against && covered == 0) continue;
        if (hints.flags.empty()) {
            hints.flags.resize(rules.size());
            hints.weights.resize(rules.size());
            hints.counts = names_a_count(words, all_hints);
        }
        hints.weights[i] = static_cast<std::uint8_t>(std::min<std::size_t>(covered, 255));
        hints.flags[i] = against ? NameHints::Against : NameHints::For;
        hints.speaks_for_hinted |= !against && rule.rule.strength == Strength::Hinted;
        if (rule.rule.strength == Strength::Named && covered > best_named) {
            hints.named = &rule.rule;
            best_named = covered;
        }
    }
    return hints;
}

const Rule* CompiledRules::best_of(std::string_view name, Oid type) const {
    const std::vector<std::string> words = words_of_name(name);
    const bool counts = names_a_count(words, all_hints);
    const Rule* best = nullptr;
    std::size_t most = 0;
    for (const CompiledRule& rule : rules) {
        const std::size_t covered = most_covered(words, rule.hints);
        if (covered <= most || most_covered(words, rule.counter_hints) != 0 || !name_reaches(type, rule.rule.class_name, counts)) continue;
        best = &rule.rule;
        most = covered;
    }
    return best;
}

bool CompiledRules::fit(Scratch& scan, Scratch& starts) const {
    for (const std::vector<PatternGroup>* part : {&groups, &hinted}) {
        for (const PatternGroup& group : *part) {
            if (!scan.fit(*group.patterns)) return false;
        }
    }
    if (cues && !scan.fit(*cues)) return false;
    for (const CompiledRule& rule : rules) {
        if (rule.starts && !starts.fit(*rule.starts)) return false;
    }
    return true;
}

const Rule* class_of_name(const CompiledRules& rules, std::string_view column_name, Oid type) { return rules.best_of(column_name, type); }

}  // namespace pgveil::masking
