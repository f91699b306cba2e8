// CompiledRules: packs made ready: pattern groups with their gates, confirmers, name hints.
//
// Made by compile() at start or reload, immutable, shared by all workers. Rules are addressed by their index.
// Strong rules are grouped by what a value must have to be worth scanning (PatternGroup::gates); each hinted
// rule is a group of its own that runs only where a name speaks for it: scores of digit patterns in one database would
// take minutes to compile, and a value is scanned for what its name says alone. No I/O, any thread.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "detect/confirm.h"
#include "detect/features.h"
#include "detect/find.h"
#include "detect/pattern_set.h"
#include "pgveil/masking/row_masker.h"

namespace pgveil::masking {

struct CompiledRule {
    Rule rule;
    Confirmer confirm = nullptr;             // nullptr: `starts` finds the start
    std::shared_ptr<const PatternSet> starts;  // the rule's patterns with start of match
    std::uint32_t widest = 0;                // of the patterns without confirmer; 0: unbounded
    std::uint8_t look_alike = 0;             // of strong rules: its confirmer's
    std::vector<std::string> hints, counter_hints;  // joined (name_words.h)
};

/// A rule whose confirmer finds its own candidates (find.h).
struct FoundRule {
    std::uint32_t rule = 0;
    const NamedFinder* finder = nullptr;
};

/// Patterns that are scanned together.
struct PatternGroup {
    std::shared_ptr<const PatternSet> patterns;  // ids are rule indexes
    std::vector<Requirement> gates;          // any of them opens the group
    std::uint32_t rule = 0;                  // of hinted groups: theirs
    [[nodiscard]] bool opens(const Features& features) const {
        for (const Requirement& gate : gates) {
            if (gate.met_by(features)) return true;
        }
        return false;
    }
};

/// What a name says, for each rule.
struct NameHints {
    static constexpr std::uint8_t For = 1, Against = 2;
    const Rule* named = nullptr;             // a Named rule fits: the name alone decides
    std::vector<std::uint8_t> flags;         // per rule; empty: the name says nothing
    std::vector<std::uint8_t> weights;       // per rule: letters of the name that speak for it
    [[nodiscard]] std::uint32_t weight(std::size_t rule) const { return rule < weights.size() ? weights[rule] : 0; }
    bool speaks_for_hinted = false;          // some Hinted rule has For
    bool counts = false;                     // the name is of a number of such things: of a number value it says nothing
    [[nodiscard]] bool says(std::size_t rule, std::uint8_t what) const { return rule < flags.size() && (flags[rule] & what) != 0; }
};

class CompiledRules {
  public:
    std::vector<CompiledRule> rules;
    std::vector<FoundRule> found;            // in the order of `rules`
    std::vector<PatternGroup> groups;
    std::vector<PatternGroup> hinted;        // each of one rule alone, scanned only where something speaks for it
    /// By Features::present: the groups (bits from 0) and finders (bits from kFirstFinder) that these may open; how many
    /// digits and bytes there are is still to be asked.
    std::vector<std::uint64_t> may_open;
    static constexpr unsigned kFirstFinder = 8, kMostFinders = 64 - kFirstFinder;
    std::shared_ptr<const PatternSet> cues;  // hinted rules' hints as words of a text; null if there are none
    std::unordered_set<std::string> all_hints;   // of all rules, joined

    /// What `name` says. Blocks for microseconds (all hints of all rules): cache it.
    [[nodiscard]] NameHints hints_of(std::string_view name) const;
    /// The rule whose hint covers most words of `name` and may speak for values of `type`, or nullptr.
    [[nodiscard]] const Rule* best_of(std::string_view name, Oid type) const;
    /// Fits a scratch for every database. False: no memory.
    [[nodiscard]] bool fit(Scratch& scan, Scratch& starts) const;
};

}  // namespace pgveil::masking
