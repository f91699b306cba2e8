#include "pgveil/masking/column_poll.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_set>

#include "detect/detector.h"
#include "detect/look_alike.h"

namespace pgveil::masking {
namespace {

constexpr std::size_t kMostDistinct = 4096, kLongest = 64;
constexpr std::ptrdiff_t kFewestDigits = 5;    // no number that votes has fewer; words are not worth a scan

/// How often a value of the shape fails all its rules. nnn-nn-nnnn: random ones fail the areas, groups and serials of both
/// SSN and ITIN in 6.2 % (6.9 % with leading zeros), of SSN alone in 11.1 %; of people's numbers one in fifty is more than
/// any register's mistakes. Sixteen digits: of random ones 97.4 % have no issuer, length and check digit of a card; a tenth
/// of cards among them must keep the column's cards masked. src/decisions/0014 has the arithmetic.
struct Shares {
    std::uint8_t look_alike = 0;
    std::string_view leading;                   // the confirmer most of people's numbers of the shape pass
    double of_people = 0, of_random = 0;        // fail all rules of the shape
    double strange = 0;                         // of random ones: fail the leading one
};
constexpr std::array kShares{Shares{look_alike::NineDigits, "us_ssn", 0.02, 0.062, 0.111}, Shares{look_alike::SixteenDigits, "card", 0.90, 0.974, 0.974}};
const double kEnough = std::log(1000.0);

std::size_t place_of(std::uint8_t look_alike) { return look_alike == kShares[0].look_alike ? 0 : 1; }

/// By how much `hits` of `all` are likelier where each is one with chance `one` than where with chance `other`; logarithm.
double weigh(std::size_t hits, std::size_t all, double one, double other) {
    return static_cast<double>(hits) * std::log(one / other) + static_cast<double>(all - hits) * std::log((1 - one) / (1 - other));
}

/// FNV-1a: tells revisions apart, protects nothing.
void mix(std::uint64_t& hash, std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    hash = (hash ^ 0xFFU) * 0x100000001b3U;
}

}  // namespace

struct ColumnPoll::State {
    explicit State(std::shared_ptr<const CompiledRules> rules) : detector(std::move(rules)) {
        const auto& all = detector.rules().rules;
        hints.flags.resize(all.size());
        passed.resize(all.size());
        for (std::size_t i = 0; i < all.size(); ++i) {
            const NamedConfirmer* confirmer = named_confirmer(all[i].rule.confirmer);
            if (all[i].look_alike != 0) has_rule[place_of(all[i].look_alike)] = true;
            if (all[i].rule.strength != Strength::Hinted || confirmer == nullptr || !confirmer->checked) continue;
            hints.flags[i] = NameHints::For;
            hints.speaks_for_hinted = true;
        }
    }
    void count_shape(std::string_view value);
    [[nodiscard]] const Rule* most_passed(std::uint8_t look_alike) const;
    Detector detector;
    NameHints hints;                            // as if the name spoke for every weak rule that may vote
    std::array<bool, kShares.size()> has_rule{};
    std::array<Ballot, kShares.size()> ballots{};
    std::vector<std::size_t> passed;            // per rule
    std::vector<std::uint32_t> covering;
    std::unordered_set<std::uint64_t> seen;     // hashes: the values themselves are not kept
};

ColumnPoll::ColumnPoll(std::shared_ptr<const CompiledRules> rules) : state_(std::make_unique<State>(std::move(rules))) { clear(); }
ColumnPoll::~ColumnPoll() = default;

void ColumnPoll::add(std::string_view value) {
    value = without_blanks(value);
    if (value.empty() || state_->seen.size() >= kMostDistinct || !state_->seen.insert(std::hash<std::string_view>{}(value)).second) return;
    if (value.size() > kLongest || std::ranges::count_if(value, is_digit) < kFewestDigits) return;
    state_->detector.rules_covering(value, {.shown = &state_->hints}, state_->covering);
    for (const std::uint32_t rule : state_->covering) ++state_->passed[rule];
    state_->count_shape(value);
}

void ColumnPoll::State::count_shape(std::string_view value) {
    const std::uint8_t shape = look_alike_of(value);
    if (shape == 0) return;
    const auto& all = detector.rules().rules;
    Ballot& ballot = ballots[place_of(shape)];
    ++ballot.shaped;
    const auto no_rule = [&](auto of_shape) {
        return std::ranges::none_of(covering, [&](std::uint32_t rule) { return all[rule].look_alike == shape && of_shape(all[rule].rule); });
    };
    if (no_rule([](const Rule&) { return true; })) ++ballot.failed;
    if (no_rule([&](const Rule& rule) { return rule.confirmer == kShares[place_of(shape)].leading; })) ++ballot.strange;
}

void ColumnPoll::clear() {
    state_->seen.clear();
    state_->passed.assign(state_->passed.size(), 0);
    for (std::size_t i = 0; i < kShares.size(); ++i) state_->ballots[i] = {kShares[i].look_alike};
}

double ColumnPoll::Ballot::log_odds() const {
    const Shares& shares = kShares[place_of(look_alike)];
    return weigh(failed, shaped, shares.of_random, shares.of_people);
}

double ColumnPoll::Ballot::log_odds_half() const {
    const Shares& shares = kShares[place_of(look_alike)];
    return weigh(strange, shaped, shares.strange, shares.strange / 2);
}

bool ColumnPoll::Ballot::speaks_against(bool held) const {
    const double enough = held ? 0 : kEnough;
    return shaped >= kLeastShaped && log_odds() >= enough && log_odds_half() >= enough;
}
bool ColumnPoll::Ballot::speaks_for() const { return shaped >= kLeastDistinct && log_odds() <= -kEnough; }

const Rule* ColumnPoll::State::most_passed(std::uint8_t look_alike) const {
    const auto& all = detector.rules().rules;
    const Rule* best = nullptr;
    std::size_t most = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].look_alike != look_alike || passed[i] <= most) continue;
        most = passed[i];
        best = &all[i].rule;
    }
    return best;
}

ColumnPoll::Verdict ColumnPoll::verdict() const {
    Verdict best{nullptr, 0, state_->seen.size()};
    const auto nearly_all = [&](std::size_t passed) {
        return best.distinct >= kLeastDistinct && static_cast<double>(passed) >= kShare * static_cast<double>(best.distinct);
    };
    for (std::size_t i = 0; i < state_->passed.size(); ++i) {
        if (state_->hints.flags[i] != NameHints::For || state_->passed[i] <= best.passed) continue;
        best.passed = state_->passed[i];
        best.rule = &state_->detector.rules().rules[i].rule;
    }
    if (nearly_all(best.passed)) return best;
    best.rule = nullptr;
    for (const Ballot& ballot : state_->ballots) {
        if (!ballot.speaks_for() || !nearly_all(ballot.shaped - ballot.failed)) continue;
        best.rule = state_->most_passed(ballot.look_alike);
        best.passed = ballot.shaped - ballot.failed;
    }
    return best;
}

ColumnPoll::Against ColumnPoll::against(std::uint8_t held) const {
    Against found;
    for (std::size_t i = 0; i < kShares.size(); ++i) {
        const Ballot& ballot = state_->ballots[i];
        if (!state_->has_rule[i] || !ballot.speaks_against((held & ballot.look_alike) != 0)) continue;
        found.look_alikes |= ballot.look_alike;
        found.failed += ballot.failed;
        found.shaped += ballot.shaped;
    }
    return found;
}

std::string poll_revision(const CompiledRules& rules) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    mix(hash, "1");                             // of the arithmetic above: another number, another revision
    for (const CompiledRule& rule : rules.rules) {
        if (rule.rule.strength == Strength::Named) continue;
        for (const std::string& text : {rule.rule.id, rule.rule.class_name, rule.rule.confirmer}) mix(hash, text);
        for (const std::string& pattern : rule.rule.patterns) mix(hash, pattern);
        mix(hash, rule.rule.strength == Strength::Strong ? "strong" : "hinted");
    }
    std::string hex;
    for (int shift = 60; shift >= 0; shift -= 4) hex += "0123456789abcdef"[hash >> static_cast<unsigned>(shift) & 15U];
    return hex;
}

const Rule* rule_of_id(const CompiledRules& rules, std::string_view id) {
    const auto found = std::ranges::find(rules.rules, id, [](const CompiledRule& rule) -> std::string_view { return rule.rule.id; });
    return found == rules.rules.end() ? nullptr : &found->rule;
}

bool name_speaks_against(const CompiledRules& rules, const Rule& rule, std::string_view column_name) {
    const auto found = std::ranges::find(rules.rules, rule.id, [](const CompiledRule& each) -> std::string_view { return each.rule.id; });
    const auto index = static_cast<std::size_t>(found - rules.rules.begin());
    return found != rules.rules.end() && rules.hints_of(column_name).says(index, NameHints::Against);
}

}  // namespace pgveil::masking
