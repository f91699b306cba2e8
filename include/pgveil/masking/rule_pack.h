// RulePack: PII rules as plain values. config/ reads them from TOML (rules/README.md has the format),
// masking/ compiles them. A rule without both kinds of example does not load. Value, immutable once compiled.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pgveil/masking/mask_plan.h"

namespace pgveil::masking {

/// Strong rules stand alone; hinted ones need a fitting column name, key path or vote; Named match by column name only.
enum class Strength : std::uint8_t { Named, Hinted, Strong };

struct Rule {
    std::string id;                       // "core/email"
    std::string title, class_name, why;
    std::vector<std::string> patterns;    // Hyperscan syntax, positive classes only, no anchors
    std::string confirmer;                // name of a hand-written confirmer in masking/detect; empty: the pattern decides
    Strength strength = Strength::Hinted;
    std::vector<std::string> hints;       // column words that speak for it: "email", "date of birth"
    std::vector<std::string> counter_hints;  // words that speak against: "id", "version"
    Transform transform = Transform::Redact;
    std::vector<std::string> match, no_match;
};

struct RulePack {
    std::string id;                       // "core", "region/us"
    std::vector<Rule> rules;
};

}  // namespace pgveil::masking
