#include "cli/database_judge.h"

#include <filesystem>

#include <fmt/format.h>

#include "catalog/snapshot_file.h"
#include "cli/upstream.h"
#include "proxy/rules.h"
#include "proxy/votes.h"
#include "sql/analyze.h"
#include "store/control_store.h"

namespace pgveil::cli {
namespace {

Result<catalog::SnapshotPtr, std::string> from_server(const config::Database& database) {
    auto contents = load_catalog(database);
    if (!contents) return refuse(fmt::format("database {}: {}", database.name, contents.error()));
    return std::make_shared<const catalog::Snapshot>(std::move(*contents), 1);
}

Result<catalog::SnapshotPtr, std::string> catalog_for(const config::Config& config, const config::Database& database, CatalogSource source) {
    if (source == CatalogSource::Server) return from_server(database);
    const std::filesystem::path saved = std::filesystem::path(config.proxy.state.path) / "catalog" / (database.name + ".snapshot");
    if (auto contents = catalog::read(saved)) return std::make_shared<const catalog::Snapshot>(std::move(*contents), 1);
    if (source == CatalogSource::SavedElseServer) return from_server(database);
    fmt::print(stderr, "pgveil: no saved catalog of {}; objects of users are unknown\n", database.name);
    return std::make_shared<const catalog::Snapshot>(catalog::Snapshot::Contents{}, 0);
}

}  // namespace

std::vector<ColumnVote> remembered_votes(const config::Config& config, const std::string& database) {
    // A proxy that never ran has no store, hence no votes; one that cannot be read here leaves them out.
    const std::string_view sqlite = "sqlite:";
    if (!config.store.url.starts_with(sqlite) || !std::filesystem::exists(config.store.url.substr(sqlite.size()))) return {};
    auto store = store::open(config.store.url, false);
    auto votes = store ? (*store)->votes(database) : store::Kept<std::vector<ColumnVote>>(std::vector<ColumnVote>());
    if (!store || !votes) {
        fmt::print(stderr, "pgveil: the columns' votes are in a store that cannot be read here; they are left out\n");
        return {};
    }
    proxy::forget_unattended(*votes, config.masking.sample);
    return std::move(*votes);
}

Result<PolicyOf, std::string> PolicyOf::make(const config::Config& config) {
    auto rules = proxy::compile_rules(config);
    if (!rules) return refuse(rules.error());
    return PolicyOf{proxy::ruleset_of(config), *rules};
}

Result<DatabaseJudge, std::string> DatabaseJudge::make(const config::Config& config, const config::Database& database, const PolicyOf& policy,
                                                       CatalogSource source, const std::string& search_path) {
    auto catalog = catalog_for(config, database, source);
    if (!catalog) return refuse(catalog.error());
    DatabaseJudge judge;
    judge.name_ = database.name;
    judge.catalog_ = *catalog;
    judge.policy_ = policy;
    judge.tags_ = policy::make_tags(database.name, *judge.catalog_, *policy.ruleset, *policy.rules, remembered_votes(config, database.name));
    const auto& contents = judge.catalog_->contents();
    const std::string text = !search_path.empty()                      ? search_path
                             : !contents.default_search_path.empty() ? contents.default_search_path
                                                                       : "\"$user\", public";
    judge.path_ = catalog::make_search_path(*judge.catalog_, text, contents.role);
    if (database.mode) judge.mode_ = proxy::mode_of(*database.mode);
    judge.settings_ = database.settings;
    return judge;
}

Explained DatabaseJudge::judge(const Agent& agent, Access access, std::string_view sql) const {
    Explained explained;
    if (!sql::valid_text(sql)) {
        explained.error = "22021: the text is not valid UTF-8, or holds a zero character";
        return explained;
    }
    explained.analysis = sql::analyze(sql, {.catalog = *catalog_, .search_path = path_, .allowed_settings = settings_});
    explained.decision = policy::decide({explained.analysis, agent, name_, mode_, access, *policy_.ruleset, tags_, *catalog_});
    if (explained.analysis.unparsed) {
        explained.error = fmt::format("{}: {}", explained.analysis.unparsed->code.text(), explained.analysis.unparsed->message);
    }
    return explained;
}

}  // namespace pgveil::cli
