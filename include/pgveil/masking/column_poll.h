// ColumnPoll: what a sample of one column's values says about the column, where its name says nothing.
//
// For: weak rules with a check digit pass about one random number in ten, so that enough distinct values of which nearly
// all pass are no chance. Strong rules whose bare form looks like ids (look_alike, mask_plan.h) are judged by weighing
// two stories about the values of that shape: people's numbers with a few mistakes, or random ids of which some pass by
// chance. A thousand to one decides: for the rule (the column is masked whole), or against it (values that are as a whole
// of that shape are no findings in this column). What lies between says nothing.
//
// Cast by whoever samples (proxy/votes, `pgveil discover`); kept per (table OID, attnum). A vote against a rule must come
// of the proxy's own sample of the stored column, and never switches scanning off: every other rule, and the same rule
// in longer text, still speaks. One owner, one thread. Hostile bytes: the values.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "pgveil/masking/rule_pack.h"

namespace pgveil::masking {

class CompiledRules;

class ColumnPoll {
  public:
    explicit ColumnPoll(std::shared_ptr<const CompiledRules> rules);
    ColumnPoll(const ColumnPoll&) = delete;
    ColumnPoll& operator=(const ColumnPoll&) = delete;
    ~ColumnPoll();

    /// One value, as text. Empty and repeated ones do not count; beyond some thousand distinct ones nothing does.
    void add(std::string_view value);
    /// Starts over, for another column.
    void clear();

    struct Verdict {
        const Rule* rule = nullptr;             // null: no rule has enough; lives as long as the rules
        std::size_t passed = 0, distinct = 0;
    };
    static constexpr std::size_t kLeastDistinct = 8;
    static constexpr double kShare = 0.9;
    [[nodiscard]] Verdict verdict() const;

    struct Against {
        std::uint8_t look_alikes = 0;           // shapes that are no people's numbers here
        std::size_t failed = 0, shaped = 0;     // of the values of these shapes
    };
    static constexpr std::size_t kLeastShaped = 50;
    /// `held`: shapes that the last sample spoke against; they stay while this one too is rather random.
    [[nodiscard]] Against against(std::uint8_t held = 0) const;

    /// Values of this shape; those that no rule of the shape found; those that its leading rule (SSN, not ITIN) did not
    /// find. The arithmetic alone, for the other two and for tests.
    struct Ballot {
        std::uint8_t look_alike = 0;
        std::size_t shaped = 0, failed = 0, strange = 0;
        [[nodiscard]] double log_odds() const;       // > 0: rather random ids than people's numbers with mistakes
        [[nodiscard]] double log_odds_half() const;  // > 0: rather all random than half of them people's
        [[nodiscard]] bool speaks_against(bool held = false) const;
        [[nodiscard]] bool speaks_for() const;
    };

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Differs when polls of the same values could end otherwise: other rules, or another arithmetic.
[[nodiscard]] std::string poll_revision(const CompiledRules& rules);
/// The rule of that id, or nullptr. Lives as long as `rules`.
[[nodiscard]] const Rule* rule_of_id(const CompiledRules& rules, std::string_view id);
/// A stored column's name that says it holds something else with the rule's check digit: "isbn" against UK_NHS. Then a
/// vote for the rule does not count.
[[nodiscard]] bool name_speaks_against(const CompiledRules& rules, const Rule& rule, std::string_view column_name);

}  // namespace pgveil::masking
