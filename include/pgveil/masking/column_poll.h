// ColumnPoll: what a sample of one column's values says about the column, where its name says nothing.
//
// Weak rules with a check digit vote: each passes about one random number in ten, so that enough distinct values of
// which nearly all pass are no chance. Cast by whoever samples (the control thread, `pgveil discover`); kept per
// (table OID, attnum); handed to the engine as the plan's `Apply` of the verdict's class without leave for keys. A
// verdict only ever adds: no verdict switches nothing off. One owner, one thread. Hostile bytes: the values.
#pragma once

#include <memory>
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

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace pgveil::masking
