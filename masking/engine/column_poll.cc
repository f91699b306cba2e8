#include "pgveil/masking/column_poll.h"

#include <unordered_set>

#include "detect/chars.h"
#include "detect/detector.h"

namespace pgveil::masking {
namespace {

constexpr std::size_t kMostDistinct = 4096, kLongest = 64;

}  // namespace

struct ColumnPoll::State {
    explicit State(std::shared_ptr<const CompiledRules> rules) : detector(std::move(rules)) {
        const auto& all = detector.rules().rules;
        hints.flags.resize(all.size());
        passed.resize(all.size());
        for (std::size_t i = 0; i < all.size(); ++i) {
            const NamedConfirmer* confirmer = named_confirmer(all[i].rule.confirmer);
            if (all[i].rule.strength != Strength::Hinted || confirmer == nullptr || !confirmer->checked) continue;
            hints.flags[i] = NameHints::For;
            hints.speaks_for_hinted = true;
        }
    }
    Detector detector;
    NameHints hints;                            // as if the name spoke for every rule that may vote
    std::vector<std::size_t> passed;            // per rule
    std::vector<std::uint32_t> covering;
    std::unordered_set<std::uint64_t> seen;     // hashes: the values themselves are not kept
};

ColumnPoll::ColumnPoll(std::shared_ptr<const CompiledRules> rules) : state_(std::make_unique<State>(std::move(rules))) {}
ColumnPoll::~ColumnPoll() = default;

void ColumnPoll::add(std::string_view value) {
    while (!value.empty() && is_space(value.front())) value.remove_prefix(1);
    while (!value.empty() && is_space(value.back())) value.remove_suffix(1);
    if (value.empty() || state_->seen.size() >= kMostDistinct || !state_->seen.insert(std::hash<std::string_view>{}(value)).second) return;
    if (value.size() > kLongest) return;
    state_->detector.rules_covering(value, {.shown = &state_->hints}, state_->covering);
    for (const std::uint32_t rule : state_->covering) ++state_->passed[rule];
}

void ColumnPoll::clear() {
    state_->seen.clear();
    state_->passed.assign(state_->passed.size(), 0);
}

ColumnPoll::Verdict ColumnPoll::verdict() const {
    Verdict best{nullptr, 0, state_->seen.size()};
    for (std::size_t i = 0; i < state_->passed.size(); ++i) {
        if (state_->hints.flags[i] != NameHints::For || state_->passed[i] <= best.passed) continue;
        best.passed = state_->passed[i];
        best.rule = &state_->detector.rules().rules[i].rule;
    }
    const bool enough = best.distinct >= kLeastDistinct && static_cast<double>(best.passed) >= kShare * static_cast<double>(best.distinct);
    if (!enough) best.rule = nullptr;
    return best;
}

}  // namespace pgveil::masking
