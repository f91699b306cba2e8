// compile: packs -> CompiledRules, refusing what cannot be proven by its own examples.
#include <algorithm>
#include <map>
#include <set>

#include "detect/chars.h"
#include "detect/detector.h"
#include "detect/name_words.h"
#include "engine/compiled_rules.h"

namespace pgveil::masking {
namespace {

using Refusal = RuleRefusal;

/// A class that excludes instead of naming would match across whatever parts two fields.
bool is_positive(std::string_view expression) {
    for (std::size_t i = 0; i < expression.size(); ++i) {
        const char c = expression[i];
        if (c == '\\') {
            const char kind = ++i < expression.size() ? expression[i] : '\0';
            if (std::string_view("DSWHVNRXAzZBC").find(kind) != std::string_view::npos) return false;
        } else if (c == '[') {
            if (i + 1 < expression.size() && expression[i + 1] == '^') return false;
            for (++i; i < expression.size() && expression[i] != ']'; ++i) {
                if (expression[i] == '\\') ++i;
            }
        } else if (c == '.' || c == '^' || c == '$') {
            return false;
        }
    }
    return true;
}

std::optional<Refusal> shape_fault(const Rule& rule) {
    const auto because = [&](std::string why) { return Refusal{rule.id, std::move(why)}; };
    if (rule.id.empty()) return Refusal{"(a rule without id)", "every rule has an id"};
    if (rule.class_name.empty()) return because("class is missing");
    if (rule.match.empty() || rule.no_match.empty()) return because("needs examples that match and examples that do not");
    if (rule.strength == Strength::Named) {
        if (rule.hints.empty()) return because("strength named needs hints: it knows column names only");
        return rule.patterns.empty() ? std::nullopt : std::optional(because("strength named takes no patterns"));
    }
    if (rule.patterns.empty() && finder_of(rule.confirmer) == nullptr) return because("pattern is missing");
    if (rule.strength == Strength::Hinted && rule.hints.empty()) return because("strength hinted needs hints");
    if (!rule.confirmer.empty() && confirmer_named(rule.confirmer) == nullptr) return because("no confirmer is called " + rule.confirmer);
    for (const std::string& pattern : rule.patterns) {
        if (!is_positive(pattern)) return because("patterns use positive classes only: no '.', '^', '$', [^..], \\S, \\W, \\D");
        if (width_of(pattern).least == 0) return because("a pattern must not match the empty text");
    }
    return std::nullopt;
}

std::vector<Pattern> patterns_of(const Rule& rule, std::uint32_t index) {
    std::vector<Pattern> patterns;
    for (const std::string& expression : rule.patterns) patterns.push_back({expression, index, false});
    return patterns;
}

std::optional<Refusal> add_rule(CompiledRules& to, const Rule& rule) {
    if (auto fault = shape_fault(rule)) return fault;
    CompiledRule made{.rule = rule};
    for (const std::string& hint : rule.hints) made.hints.push_back(joined_hint(hint));
    // A national class names its column: "uk_nhs".
    if (rule.class_name.size() > 3 && rule.class_name[2] == '_') made.hints.push_back(joined_hint(rule.class_name));
    for (const std::string& hint : rule.counter_hints) made.counter_hints.push_back(joined_hint(hint));
    if (rule.strength != Strength::Named) {
        const auto index = static_cast<std::uint32_t>(to.rules.size());
        if (const NamedConfirmer* named = named_confirmer(rule.confirmer)) {
            made.confirm = named->confirm;
            if (rule.strength == Strength::Strong) made.look_alike = named->look_alike;
        }
        if (rule.patterns.empty()) to.found.push_back({index, finder_of(rule.confirmer)});
        if (made.confirm == nullptr) {
            // Patterns too large for start-of-match are masked with the whole value: stricter, and said in rules/README.md.
            if (auto starts = PatternSet::compile(patterns_of(rule, index), true)) {
                made.starts = std::make_shared<const PatternSet>(std::move(*starts));
            }
            for (const std::string& pattern : rule.patterns) {
                const std::uint32_t most = width_of(pattern).most;
                made.widest = most == 0 || (made.widest == 0 && pattern != rule.patterns.front()) ? 0 : std::max(made.widest, most);
            }
        }
    }
    to.rules.push_back(std::move(made));
    return std::nullopt;
}

/// Groups by the dearest thing to look for; see PatternGroup.
std::uint32_t group_of(const Rule& rule, std::uint32_t index, const Requirement& need) {
    if (rule.strength == Strength::Hinted) return 4 + index;
    if ((need.present & feature::At) != 0) return 0;
    if (need.digits >= 7) return 1;
    return (need.present & feature::Punctuation) != 0 ? 2 : 3;
}

void add_gate(std::vector<Requirement>& gates, const Requirement& need) {
    if (std::ranges::any_of(gates, [&](const Requirement& gate) { return gate.weaker_than(need); })) return;
    std::erase_if(gates, [&](const Requirement& gate) { return need.weaker_than(gate); });
    gates.push_back(need);
}

std::optional<Refusal> add_groups(CompiledRules& to) {
    std::map<std::uint32_t, std::pair<std::vector<Pattern>, PatternGroup>> parts;
    for (std::uint32_t i = 0; i < to.rules.size(); ++i) {
        const Rule& rule = to.rules[i].rule;
        for (Pattern& pattern : patterns_of(rule, i)) {
            const Requirement need = requirement_of(pattern.expression, pattern.caseless);
            auto& [patterns, group] = parts[group_of(rule, i, need)];
            group.rule = i;
            add_gate(group.gates, need);
            patterns.push_back(std::move(pattern));
        }
    }
    for (auto& [key, part] : parts) {
        auto compiled = PatternSet::compile(part.first, false);
        if (!compiled) return Refusal{to.rules[compiled.error().id].rule.id, compiled.error().why};
        part.second.patterns = std::make_shared<const PatternSet>(std::move(*compiled));
        const bool hinted = to.rules[part.second.rule].rule.strength == Strength::Hinted;
        (hinted ? to.hinted : to.groups).push_back(std::move(part.second));
    }
    return std::nullopt;
}

/// A text of a table has few kinds of bytes, most of them open nothing: one look, then nothing is asked of each gate.
std::optional<Refusal> add_table(CompiledRules& to) {
    if (to.groups.size() > CompiledRules::kFirstFinder) return Refusal{to.rules.front().rule.id, "too many groups of patterns"};
    if (to.found.size() > CompiledRules::kMostFinders) return Refusal{to.rules[to.found.back().rule].rule.id, "too many rules without patterns"};
    to.may_open.assign(std::size_t{feature::All} + 1, 0);
    for (std::uint32_t present = 0; present <= feature::All; ++present) {
        std::uint64_t& may = to.may_open[present];
        const auto allows = [&](const Requirement& gate) { return (present & gate.present) == gate.present; };
        for (std::size_t i = 0; i < to.groups.size(); ++i) {
            if (std::ranges::any_of(to.groups[i].gates, allows)) may |= std::uint64_t{1} << i;
        }
        for (std::size_t i = 0; i < to.found.size(); ++i) {
            if (allows(to.found[i].finder->gate)) may |= std::uint64_t{1} << (CompiledRules::kFirstFinder + i);
        }
    }
    return std::nullopt;
}

/// "phone number" as a pattern: its words, apart or together, in any case.
std::string cue_pattern(const std::string& hint) {
    std::string pattern = "(?i)\\b";
    for (const std::string& word : words_of_name(hint)) {
        if (std::ranges::any_of(word, is_high)) return {};
        pattern += (pattern.ends_with("\\b") ? "" : "[ _-]?") + word;
    }
    return pattern + "s?\\b";
}

std::optional<Refusal> add_cues(CompiledRules& to) {
    std::vector<Pattern> patterns;
    for (std::uint32_t i = 0; i < to.rules.size(); ++i) {
        const NamedConfirmer* confirmer = named_confirmer(to.rules[i].rule.confirmer);
        if (to.rules[i].rule.strength != Strength::Hinted || (confirmer != nullptr && confirmer->column_only)) continue;
        for (const std::string& hint : to.rules[i].rule.hints) {
            if (std::string pattern = cue_pattern(hint); !pattern.empty()) patterns.push_back({std::move(pattern), i, false});
        }
    }
    if (patterns.empty()) return std::nullopt;
    auto compiled = PatternSet::compile(patterns, false);
    if (!compiled) return Refusal{to.rules[compiled.error().id].rule.id, "a hint is no word: " + compiled.error().why};
    to.cues = std::make_shared<const PatternSet>(std::move(*compiled));
    return std::nullopt;
}

/// Named rules' examples are column names; hinted rules' are texts under their first hint; strong ones' stand alone.
std::optional<Refusal> prove(Detector& detector, std::size_t index) {
    const CompiledRules& rules = detector.rules();
    const Rule& rule = rules.rules[index].rule;
    const NameHints hints = rule.strength == Strength::Hinted ? rules.hints_of(rule.hints.front()) : NameHints{};
    const auto found = [&](const std::string& example) {
        if (rule.strength == Strength::Named) return rules.hints_of(example).says(index, NameHints::For);
        return detector.finds(index, example, {.shown = &hints});
    };
    for (std::size_t i = 0; i < rule.match.size(); ++i) {
        if (!found(rule.match[i])) return Refusal{rule.id, "does not find example " + std::to_string(i + 1) + " of match"};
    }
    for (std::size_t i = 0; i < rule.no_match.size(); ++i) {
        if (found(rule.no_match[i])) return Refusal{rule.id, "finds example " + std::to_string(i + 1) + " of no_match"};
    }
    return std::nullopt;
}

}  // namespace

Result<std::shared_ptr<const CompiledRules>, RuleRefusal> compile(const std::vector<RulePack>& packs) {
    auto made = std::make_shared<CompiledRules>();
    std::set<std::string> ids;
    for (const RulePack& pack : packs) {
        for (const Rule& rule : pack.rules) {
            if (!ids.insert(rule.id).second) return refuse(Refusal{rule.id, "two rules have this id"});
            if (auto fault = add_rule(*made, rule)) return refuse(std::move(*fault));
        }
    }
    if (auto fault = add_groups(*made)) return refuse(std::move(*fault));
    if (auto fault = add_table(*made)) return refuse(std::move(*fault));
    if (auto fault = add_cues(*made)) return refuse(std::move(*fault));
    for (const CompiledRule& rule : made->rules) made->all_hints.insert(rule.hints.begin(), rule.hints.end());
    Detector detector(made);
    for (std::size_t i = 0; i < made->rules.size(); ++i) {
        if (auto fault = prove(detector, i)) return refuse(std::move(*fault));
    }
    return std::shared_ptr<const CompiledRules>(std::move(made));
}

}  // namespace pgveil::masking
