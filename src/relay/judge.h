// Judge: SQL text of one session context -> analysis and decision, cached per worker.
//
// Two keys: literal-stripped text for statements whose meaning does not hang on a literal, exact text for
// the others. A cached judgement costs a hash and a compare. One Judge per worker, never shared; the
// DatabaseView is an immutable snapshot, swapped as a whole when catalog, rules or tags change.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "pgveil/masking/mask_plan.h"
#include "policy/decide.h"
#include "relay/generations.h"
#include "sql/analyze.h"

namespace pgveil::relay {

/// Everything decisions depend on besides the statement and the session. Immutable.
struct DatabaseView {
    std::string database;
    catalog::SnapshotPtr catalog;
    std::shared_ptr<const policy::Ruleset> rules;
    std::shared_ptr<const policy::TagTable> tags;
    std::optional<policy::Mode> mode;                // of the database; not set: the rules'
    std::vector<std::string> settings;               // dotted settings sessions may set
    std::string upstream_role;
    std::uint64_t version = 0;                       // grows with every change of any part
    /// The mode where no rule has its own.
    [[nodiscard]] bool enforcing() const { return mode.value_or(rules->mode) == policy::Mode::Enforce; }
};
using DatabaseViewPtr = std::shared_ptr<const DatabaseView>;

/// Columns of a statement's result and types of its parameters, as the server described them.
struct Description {
    std::vector<Oid> parameters;
    std::vector<masking::Column> columns;            // formats are Text here; a portal knows its own
};
using DescriptionPtr = std::shared_ptr<const Description>;

struct Judged {
    sql::Analysis analysis;
    policy::Decision decision;
    std::uint64_t view_version = 0;
    bool lasting = true;                             // false: of this session and moment alone, judged anew each time
};
using JudgedPtr = std::shared_ptr<const Judged>;
/// About what it keeps, bytes.
[[nodiscard]] std::size_t weight_of(const Judged& judged);

/// Who asks, and in which session context.
struct Asker {
    const Agent& agent;
    Access access = Access::None;
    const catalog::SearchPath& path;
    const sql::NamedStatements* named = nullptr;
};

/// True if the server may take a snapshot for it, after which a transaction's modes are fixed.
[[nodiscard]] bool takes_snapshot(const sql::Analysis& analysis);

class Judge {
  public:
    Judge() = default;
    Judge(const Judge&) = delete;
    Judge& operator=(const Judge&) = delete;

    [[nodiscard]] JudgedPtr judge(std::string_view text, std::span<const Oid> types, const DatabaseView& view, const Asker& asker);
    /// Without the cache, so also while another is being judged: what a name met there stands for.
    [[nodiscard]] static JudgedPtr fresh(std::string_view text, std::span<const Oid> types, const DatabaseView& view, const Asker& asker);
    /// The same for a statement within another, already analysed.
    [[nodiscard]] static JudgedPtr judge(sql::Analysis analysis, const DatabaseView& view, const Asker& asker, std::span<const std::uint32_t> array_sizes = {});
    /// The description learnt for exactly this text and context; null: ask the server.
    [[nodiscard]] DescriptionPtr description(std::string_view text, std::span<const Oid> types, const DatabaseView& view,
                                             const catalog::SearchPath& path);
    void learn(std::string_view text, std::span<const Oid> types, const DatabaseView& view, const catalog::SearchPath& path,
               DescriptionPtr description);

  private:
    // Bound the worker's memory. Honest sessions repeat a few hundred texts of some kilobytes each.
    static constexpr std::size_t kJudgedBytes = 32 << 20, kDescriptionBytes = 8 << 20;
    Generations<JudgedPtr> judged_{kJudgedBytes};   // null: meaning hangs on literals, look under the exact text
    Generations<DescriptionPtr> descriptions_{kDescriptionBytes};
    std::string key_, stripped_;   // reused: the warm path does not allocate
};

/// BEGIN, SET TRANSACTION, COMMIT and their kin, and nothing that runs under the modes they ask for.
[[nodiscard]] bool only_controls(const sql::Analysis& analysis);
/// A text without a statement.
[[nodiscard]] bool is_empty(const sql::Analysis& analysis);
/// PREPARE is among its statements.
[[nodiscard]] bool prepares(const sql::Analysis& analysis);
/// What may run read-write only.
[[nodiscard]] bool needs_write(sql::Kind kind);

}  // namespace pgveil::relay
