// decide: Analysis + principal + grant + rules -> Decision. Pure; a table test per row.
//
// Ruleset is immutable, made by proxy from the config at load, shared by all workers.
// TagTable is immutable, made whenever the catalog or the rules change.
#pragma once

#include <optional>
#include <span>
#include <unordered_map>

#include "catalog/catalog.h"
#include "pgveil/core/column_vote.h"
#include "pgveil/core/grant.h"
#include "pgveil/core/principal.h"
#include "pgveil/masking/row_masker.h"
#include "policy/decision.h"

namespace pgveil::policy {

enum class RuleAction : std::uint8_t { Deny, Hold, Allow };
enum class PredicatePolicy : std::uint8_t { Deny, Hold, Equality, Allow };
enum class OpaquePolicy : std::uint8_t { Redact, Scan };

struct Rule {
    std::string name;
    std::vector<sql::Kind> kinds;                    // empty: any
    std::vector<std::string> tables, agents, databases;  // globs; empty: any
    RuleAction action = RuleAction::Deny;
    std::optional<Mode> mode;                        // own mode; not set: the database's, else the global one
    std::vector<std::string> approvers;
    std::uint32_t approvals = 1;
    std::chrono::seconds wait{0}, pending{1800}, approved{600};
    Limits limits;
};

/// One [[masking.column]] entry.
struct ColumnRule {
    std::string column;                              // "db.schema.table.column", * and ? within a part
    std::string class_name;
    masking::Transform transform = masking::Transform::Redact;
    std::optional<PredicatePolicy> predicates;
};

struct Ruleset {
    std::vector<Rule> rules;                         // config order; built-in last rules are decide's own
    std::vector<ColumnRule> columns;
    Mode mode = Mode::Enforce;
    PredicatePolicy predicates = PredicatePolicy::Equality;
    std::uint32_t equality_per_statement = 20;       // distinct values; beyond: hold
    std::uint32_t equality_per_hour = 1000;          // per agent; counted by the relay from Decision::equality_values
    OpaquePolicy opaque = OpaquePolicy::Redact;
    Limits limits;                                   // of what a built-in rule lets pass
    std::string revision;                            // SHA-256 hex of effective policy
};

/// What decides where no rule of the config does.
struct BuiltIn {
    std::string_view name;
    sql::Kind kind = sql::Kind::Unknown;
    RuleAction action = RuleAction::Deny;
};
[[nodiscard]] std::vector<BuiltIn> built_in_rules();

struct TagEntry {
    Tag tag;
    bool clear = false;                              // exact `clear`: silences hints and content too
    std::optional<PredicatePolicy> predicates;
    bool operator==(const TagEntry&) const = default;
};

/// A vote against: values that are as a whole of these shapes are no people's numbers in this column.
struct LookAlikes {
    std::uint8_t shapes = 0;                         // masking/mask_plan.h
    std::uint32_t failed = 0, shaped = 0;
    bool operator==(const LookAlikes&) const = default;
};

/// "vote against nnn-nn-nnnn: 62 of 1000 look-alikes are no such number"
[[nodiscard]] std::string words_of(const LookAlikes& against);

class TagTable {
  public:
    [[nodiscard]] const TagEntry* find(ColumnId column) const;
    void put(ColumnId column, TagEntry entry);
    [[nodiscard]] std::size_t size() const { return tags_.size(); }
    [[nodiscard]] const std::unordered_map<ColumnId, TagEntry>& all() const { return tags_; }

    /// Of columns without a tag; nothing: no vote.
    [[nodiscard]] LookAlikes look_alikes(ColumnId column) const;
    void put(ColumnId column, LookAlikes against);
    [[nodiscard]] const std::unordered_map<ColumnId, LookAlikes>& all_look_alikes() const { return look_alikes_; }

  private:
    std::unordered_map<ColumnId, TagEntry> tags_;
    std::unordered_map<ColumnId, LookAlikes> look_alikes_;
};

/// Every stored column of `catalog` that config, name hints or votes make sensitive, and what votes say against. Config
/// wins over votes. `unmatched` gets the config entries that matched nothing (an error in check --online). Blocks for
/// milliseconds: control thread.
[[nodiscard]] TagTable make_tags(std::string_view database, const catalog::Snapshot& catalog, const Ruleset& ruleset,
                                 const masking::CompiledRules& rules, std::span<const ColumnVote> votes = {},
                                 std::vector<std::string>* unmatched = nullptr);

struct Question {
    const sql::Analysis& analysis;
    const Agent& agent;
    std::string_view database;
    std::optional<Mode> database_mode;               // not set: the ruleset's
    Access access = Access::None;                    // of the live grant
    const Ruleset& ruleset;
    const TagTable& tags;
    const catalog::Snapshot& catalog;
    std::span<const std::uint32_t> array_sizes = {}; // by parameter: how many values it holds; empty: not bound yet
};

[[nodiscard]] Decision decide(const Question& question);

/// A read whose comparisons are beyond what its agent may do in an hour (Ruleset::equality_per_hour).
void hold_for_comparisons(Decision& decision);

/// One that may fail on values of sensitive columns, of an agent whose statements did so as often as that.
void hold_for_errors(Decision& decision);

/// The directive for a stored column (RowDescription's word), used by relay/plans as the cross-check.
[[nodiscard]] ColumnDirective directive_for(const TagTable& tags, ColumnId column);
/// Of two directives the stricter.
[[nodiscard]] const ColumnDirective& stricter(const ColumnDirective& a, const ColumnDirective& b);

}  // namespace pgveil::policy
