// Replay: statements of the log, put together again from their masked text, judged anew. Pure but for the
// judges it is given. Hostile: the records.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "audit/record.h"
#include "cli/explain_text.h"

namespace pgveil::cli {

/// The text of a logged statement with a neutral literal of the same kind in each literal's place; nullopt if it
/// does not lex or the record does not fit its text.
[[nodiscard]] std::optional<std::string> with_neutral_literals(const audit::Record& record);

/// "allow", "hold" or "deny" as it was recorded (in shadow mode: as it would have been); empty: not said.
[[nodiscard]] std::string_view recorded_action(const audit::Record& record);

/// One kind of change, counted.
struct Change {
    std::string agent, database, sql, kind, from_action, from_rule, to_action, to_rule;
    std::vector<std::string> reasons;
    std::uint64_t count = 0;
};

class Replay {
  public:
    /// Judges a text for agent and database; nullopt: the config has no such agent or database.
    using Judge = std::function<std::optional<Explained>(const std::string& agent, const std::string& database, std::string_view sql)>;
    explicit Replay(Judge judge) : judge_(std::move(judge)) {}

    void take(const audit::Record& record);

    /// Most frequent first.
    [[nodiscard]] std::vector<Change> changes() const;
    [[nodiscard]] std::uint64_t judged() const { return judged_; }
    [[nodiscard]] std::uint64_t changed() const { return changed_; }
    /// By reason, in words.
    [[nodiscard]] const std::map<std::string, std::uint64_t>& skipped() const { return skipped_; }

  private:
    struct Verdict {
        std::string skip;              // why it was not judged; empty: it was
        std::string kind, action, rule;
        std::vector<std::string> reasons;
    };
    [[nodiscard]] Verdict verdict_for(const audit::Record& record) const;
    Judge judge_;
    std::map<std::string, Verdict> verdicts_;      // a log repeats itself
    std::map<std::string, Change> changes_;
    std::map<std::string, std::uint64_t> skipped_;
    std::uint64_t judged_ = 0, changed_ = 0;
};

}  // namespace pgveil::cli
