// DatabaseJudge: what policy would make of statements on one configured database, away from any session.
//
// Used by `explain` and `policy replay`. Loads the catalog once; judging is pure. Blocks while made. Main
// thread. Hostile: the statements.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "cli/explain_text.h"
#include "config/config.h"
#include "pgveil/core/column_vote.h"
#include "pgveil/core/result.h"
#include "pgveil/masking/row_masker.h"

namespace pgveil::cli {

/// Where the catalog comes from. Saved: as serve last left it under proxy.state.
enum class CatalogSource : std::uint8_t { Server, SavedElseServer, SavedElseNone };

/// Ruleset and packs of a config, made once for all its databases.
struct PolicyOf {
    std::shared_ptr<const policy::Ruleset> ruleset;
    std::shared_ptr<const masking::CompiledRules> rules;
    [[nodiscard]] static Result<PolicyOf, std::string> make(const config::Config& config);
};

/// What the proxy of this config remembers of the database's columns, as far as it counts.
[[nodiscard]] std::vector<ColumnVote> remembered_votes(const config::Config& config, const std::string& database);

class DatabaseJudge {
  public:
    /// `search_path` empty: the upstream role's. The refusal is a sentence for the operator.
    [[nodiscard]] static Result<DatabaseJudge, std::string> make(const config::Config& config, const config::Database& database,
                                                                 const PolicyOf& policy, CatalogSource source, const std::string& search_path);

    [[nodiscard]] Explained judge(const Agent& agent, Access access, std::string_view sql) const;
    [[nodiscard]] const catalog::Snapshot& catalog() const { return *catalog_; }

  private:
    DatabaseJudge() = default;
    std::string name_;
    catalog::SnapshotPtr catalog_;
    PolicyOf policy_;
    policy::TagTable tags_;
    catalog::SearchPath path_;
    std::optional<policy::Mode> mode_;
    std::vector<std::string> settings_;
};

}  // namespace pgveil::cli
