#include "cli/policy.h"

#include <map>
#include <memory>

#include <fmt/format.h>

#include "audit/json_text.h"
#include "audit/search.h"
#include "cli/database_judge.h"
#include "cli/options.h"
#include "cli/replay.h"
#include "config/load.h"

namespace pgveil::cli {
namespace {

using Judges = std::map<std::string, DatabaseJudge, std::less<>>;

Result<Judges, std::string> make_judges(const config::Config& config) {
    const auto policy = PolicyOf::make(config);
    if (!policy) return refuse(policy.error());
    Judges judges;
    for (const config::Database& database : config.databases) {
        auto judge = DatabaseJudge::make(config, database, *policy, CatalogSource::SavedElseServer, "");
        if (!judge) return refuse(judge.error());
        judges.emplace(database.name, std::move(*judge));
    }
    return judges;
}

std::string json_of(const Change& change) {
    std::string out = "{";
    const auto add = [&out](std::string_view key, std::string_view value) {
        audit::append_json_string(out, key);
        out += ':';
        audit::append_json_string(out, value);
        out += ',';
    };
    add("agent", change.agent), add("database", change.database), add("kind", change.kind);
    out += fmt::format(R"("count":{},"from":{{)", change.count);
    add("action", change.from_action), add("rule", change.from_rule);
    out.back() = '}';
    out += R"(,"to":{)";
    add("action", change.to_action), add("rule", change.to_rule);
    out.back() = '}';
    out += R"(,"reasons":[)";
    for (const std::string& reason : change.reasons) audit::append_json_string(out, reason), out += ',';
    if (out.ends_with(',')) out.pop_back();
    out += "],\"sql\":";
    audit::append_json_string(out, change.sql);
    return out + "}";
}

void print(const Change& change, bool json) {
    if (json) return fmt::print("{}\n", json_of(change));
    fmt::print("{} times {} on {}: {} ({}) -> {} ({})\n  {}\n", change.count, audit::shown(change.agent), audit::shown(change.database),
               change.from_action, audit::shown(change.from_rule), change.to_action, audit::shown(change.to_rule), audit::shown(change.sql));
    for (const std::string& reason : change.reasons) fmt::print("    because {}\n", audit::shown(reason));
}

int replay(const config::Config& config, const std::string& log, bool json) {
    const auto judges = make_judges(config);
    if (!judges) {
        fmt::print(stderr, "pgveil policy replay: {}\n", judges.error());
        return Cannot;
    }
    Replay replay([&](const std::string& agent, const std::string& database, std::string_view sql) -> std::optional<Explained> {
        const config::AgentEntry* entry = config.agent(agent);
        const auto judge = judges->find(database);
        if (entry == nullptr || judge == judges->end()) return std::nullopt;
        return judge->second.judge({entry->name, entry->owner, {}}, Access::Write, sql);
    });
    audit::Filter filter;
    filter.kind = "stmt.intent";
    const audit::ScanResult scanned = audit::search_log({log}, filter, [&](const audit::StoredRecord& stored, std::string_view) {
        replay.take(stored.record);
        return true;
    });
    for (const Change& change : replay.changes()) print(change, json);
    for (const auto& [why, count] : replay.skipped()) fmt::print(stderr, "{} not judged again: {}\n", count, why);
    fmt::print(stderr, "{} statements judged again, {} would be decided otherwise\n", replay.judged(), replay.changed());
    if (scanned.trouble) {
        fmt::print(stderr, "pgveil policy replay: {} at byte {}: {}\n", scanned.trouble->file, scanned.trouble->offset, scanned.trouble->what);
        return Cannot;
    }
    return Done;
}

}  // namespace

int run_policy(Arguments arguments) {
    std::string file, log;
    bool json = false;
    std::vector<std::string> words;
    Options options("usage: pgveil policy replay --config NEW --log DIR [--json]",
                    "Judges the statements of an audit log again under another config and prints those that would be decided\n"
                    "otherwise. A write grant is assumed, as in explain. Literals are not in the log; statements whose meaning\n"
                    "hangs on one are counted, not judged.");
    options.config(file);
    options.value("--log", log, "DIR", "the log's directory");
    options.flag("--json", json, "one JSON object a change");
    options.positional(words, 1);
    if (const auto exit = options.parse(arguments)) return *exit;
    if (words.size() != 1 || words.front() != "replay") return options.complain("policy knows one thing to do: replay");
    if (log.empty()) return options.complain("--log is missing");
    const config::Loaded loaded = config::load(file);
    if (!loaded.usable()) {
        for (const config::Diagnostic& diagnostic : loaded.diagnostics) fmt::print(stderr, "{}\n", config::to_text(diagnostic));
        return Usage;
    }
    return replay(loaded.config, log, json);
}

}  // namespace pgveil::cli
