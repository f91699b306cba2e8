#include "cli/discover.h"

#include <algorithm>

#include <fmt/format.h>

#include "audit/json_text.h"
#include "cli/database_judge.h"
#include "cli/discover_sample.h"
#include "cli/masking_rules.h"
#include "cli/options.h"
#include "cli/upstream.h"
#include "config/load.h"
#include "proxy/rules.h"

namespace pgveil::cli {
namespace {

struct Wanted {
    std::string config, database;
    std::uint32_t sample = 200;
    bool diff = false, json = false;
};

struct Proposal {
    std::string column, class_name, why;
    masking::Transform transform = masking::Transform::Redact;
    bool in_config = false;          // an entry of the config covers it already
};

struct Found {
    std::vector<Proposal> proposals;
    std::vector<std::string> notes;  // what was seen and not proposed, what could not be read
};

/// If at least half of the values are of a class, the column is. Text that mentions one is no such column: its
/// contents are scanned row by row.
constexpr double kColumnIs = 0.5;

bool stores_rows(catalog::RelationKind kind) {
    switch (kind) {
        case catalog::RelationKind::Table:
        case catalog::RelationKind::Partitioned:
        case catalog::RelationKind::Materialized: return true;
        case catalog::RelationKind::View:
        case catalog::RelationKind::Foreign:      // reading it may run anything, anywhere
        case catalog::RelationKind::Sequence:
        case catalog::RelationKind::Composite:
        case catalog::RelationKind::Index:
        case catalog::RelationKind::PartitionedIndex:
        case catalog::RelationKind::Toast: return false;
    }
    return false;
}

bool is_system(std::string_view schema) { return schema.starts_with("pg_") || schema == "information_schema"; }

/// Parts with a dot or a quote in them are quoted as the config takes them.
std::string part(std::string_view name) {
    return name.find_first_of(".*?\"") == std::string_view::npos ? std::string(name) : "\"" + std::string(name) + "\"";
}

std::string name_of(const Wanted& wanted, const catalog::Relation& table, const std::string& column) {
    return fmt::format("{}.{}.{}.{}", part(wanted.database), part(table.schema), part(table.name), part(column));
}

void judge_sample(const std::string& column, const ColumnSample& sample, bool tagged, Found& found) {
    if (!tagged && sample.vote.rule != nullptr) {
        found.proposals.push_back({column, sample.vote.rule->class_name,
                                   fmt::format("{} of {} distinct sampled values have its check digits", sample.vote.passed, sample.vote.distinct),
                                   sample.vote.rule->transform, false});
        tagged = true;
    }
    for (const auto& [class_name, seen] : sample.found) {
        if (tagged) return;
        if (static_cast<double>(seen.are) >= kColumnIs * static_cast<double>(sample.values)) {
            found.proposals.push_back({column, class_name, fmt::format("{} of {} sampled values", seen.are, sample.values), seen.transform, false});
            tagged = true;
        } else {
            found.notes.push_back(fmt::format("{}: {} in {} of {} sampled values; contents are scanned", column, class_name, seen.are + seen.mention,
                                              sample.values));
        }
    }
}

Result<Found, std::string> discover(const Wanted& wanted, const config::Config& config) {
    const config::Database& database = *config.database(wanted.database);
    auto contents = load_catalog(database);
    if (!contents) return refuse(contents.error());
    auto rules = proxy::compile_rules(config);
    if (!rules) return refuse(rules.error());
    const catalog::Snapshot catalog(std::move(*contents), 1);
    const auto ruleset = proxy::ruleset_of(config);
    const policy::TagTable tags = policy::make_tags(wanted.database, catalog, *ruleset, **rules, remembered_votes(config, wanted.database));
    masking::RowMasker masker(*rules, no_keys());
    masking::ColumnPoll poll(*rules);
    const auto password = upstream_password(database, false);
    if (!password) return refuse(password.error());
    auto sampler = catalog::Sampler::connect(database.upstream, *password, database.connect_timeout, "pgveil discover");
    if (!sampler) return refuse(sampler.error().message);

    Found found;
    for (const catalog::Relation& table : catalog.contents().relations) {
        // Partitions carry their parent's tags.
        if (is_system(table.schema) || !stores_rows(table.kind) || !table.parents.empty()) continue;
        auto samples = sample_columns(*sampler, catalog, table, wanted.sample, masker, poll);
        if (!samples) found.notes.push_back(fmt::format("{}: values not looked at: {}", table.qualified(), samples.error()));
        for (const catalog::Column& column : table.columns) {
            const std::string name = name_of(wanted, table, column.name);
            const policy::TagEntry* tag = tags.find({table.oid, column.number});
            if (tag != nullptr) found.proposals.push_back({name, tag->tag.class_name, tag->tag.source, tag->tag.transform, tag->tag.source == "config"});
            if (!samples) continue;
            const auto sample = samples->find(column.name);
            if (sample != samples->end()) judge_sample(name, sample->second, tag != nullptr, found);
        }
    }
    return found;
}

std::string json_of(const Proposal& proposal) {
    std::string out = R"({"column":)";
    audit::append_json_string(out, proposal.column);
    out += R"(,"class":)";
    audit::append_json_string(out, proposal.class_name);
    out += fmt::format(R"(,"transform":"{}","why":)", masking::name_of(proposal.transform));
    audit::append_json_string(out, proposal.why);
    return out + fmt::format(R"(,"in_config":{}}})", proposal.in_config);
}

std::string toml_of(const Proposal& proposal) {
    std::string column;
    for (const char c : proposal.column) column += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    return fmt::format("[[masking.column]]              # {}\ncolumn = \"{}\"\nclass = \"{}\"\ntransform = \"{}\"\n", audit::shown(proposal.why),
                       audit::shown(column), proposal.class_name, masking::name_of(proposal.transform));
}

void print(const Found& found, const Wanted& wanted) {
    std::size_t shown = 0;
    for (const Proposal& proposal : found.proposals) {
        if (wanted.diff && proposal.in_config) continue;
        ++shown;
        if (wanted.json) {
            fmt::print("{}\n", json_of(proposal));
        } else {
            fmt::print("{}\n", toml_of(proposal));
        }
    }
    for (const std::string& note : found.notes) fmt::print(stderr, "{}\n", audit::shown(note));
    fmt::print(stderr, "{} sensitive columns{}; review them before they go into the config\n", shown, wanted.diff ? " the config does not name" : "");
}

}  // namespace

int run_discover(Arguments arguments) {
    Wanted wanted;
    Options options("usage: pgveil discover [--config FILE] --database D [--sample N] [--diff] [--json]",
                    "Proposes [[masking.column]] entries, from column names and from sampled values. Prints no value, writes nothing.\n"
                    "Exit: 0 done; with --diff 1 if something is not in the config.");
    options.config(wanted.config);
    options.value("--database", wanted.database, "NAME", "which database of the config");
    options.number("--sample", wanted.sample, "N", "values a column; 0: names only; default 200", 0, 100'000);
    options.flag("--diff", wanted.diff, "only what no entry of the config covers");
    options.flag("--json", wanted.json, "JSON lines instead of TOML");
    if (const auto exit = options.parse(arguments)) return *exit;
    if (wanted.database.empty()) return options.complain("--database is missing");
    const config::Loaded loaded = config::load(wanted.config);
    if (!loaded.usable()) {
        for (const config::Diagnostic& diagnostic : loaded.diagnostics) fmt::print(stderr, "{}\n", config::to_text(diagnostic));
        return Usage;
    }
    if (loaded.config.database(wanted.database) == nullptr) return options.complain(fmt::format("no database is named \"{}\"", wanted.database));
    const auto found = discover(wanted, loaded.config);
    if (!found) {
        fmt::print(stderr, "pgveil discover: {}\n", found.error());
        return Cannot;
    }
    print(*found, wanted);
    const bool missing = std::ranges::any_of(found->proposals, [](const Proposal& proposal) { return !proposal.in_config; });
    return wanted.diff && missing ? AnswerIsNo : Done;
}

}  // namespace pgveil::cli
