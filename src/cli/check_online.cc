#include "cli/check_online.h"

#include <fmt/format.h>

#include "cli/upstream.h"
#include "proxy/rules.h"

namespace pgveil::cli {
namespace {

using config::Diagnostic;
using config::Severity;

void check_role(const config::Database& database, const catalog::Snapshot::Contents& contents, std::string_view option,
                const std::string& file, std::vector<Diagnostic>& findings) {
    if (!contents.role_is_dangerous) return;
    findings.push_back({database.dangerous_role ? Severity::Warning : Severity::Error, file, 0, 0,
                        fmt::format("database {}: the role of {} ({}) could go round the proxy: {}", database.name, option, contents.role, contents.danger),
                        database.dangerous_role ? "" : "use an ordinary role; dangerous_role = true accepts it"});
}

struct Rules {
    std::shared_ptr<const policy::Ruleset> ruleset;
    std::shared_ptr<const masking::CompiledRules> compiled;   // null: the packs do not compile, said elsewhere
};

/// A tag that matches nothing protects nothing: a renamed column, a typing error.
void check_tags(const config::Database& database, catalog::Snapshot::Contents contents, const Rules& rules, const std::string& file,
                std::vector<Diagnostic>& findings) {
    if (!rules.compiled) return;
    const catalog::Snapshot snapshot(std::move(contents), 1);
    std::vector<std::string> unmatched;
    (void)policy::make_tags(database.name, snapshot, *rules.ruleset, *rules.compiled, {}, &unmatched);
    for (const std::string& column : unmatched) {
        findings.push_back({Severity::Error, file, 0, 0, fmt::format("masking.column: \"{}\" matches no column of database {}", column, database.name),
                            "correct or remove it"});
    }
}

void check_one(const config::Database& database, bool writer, const Rules& rules, const std::string& file, std::vector<Diagnostic>& findings) {
    const std::string_view option = writer ? "upstream_write" : "upstream";
    auto contents = load_catalog(database, writer);
    if (!contents) {
        findings.push_back({Severity::Error, file, 0, 0, fmt::format("database {}: {}: {}", database.name, option, contents.error()), ""});
        return;
    }
    check_role(database, *contents, option, file, findings);
    if (!writer) check_tags(database, std::move(*contents), rules, file, findings);
}

}  // namespace

std::vector<Diagnostic> check_online(const config::Config& config, const std::string& file) {
    std::vector<Diagnostic> findings;
    const auto compiled = proxy::compile_rules(config);
    const Rules rules{proxy::ruleset_of(config), compiled ? *compiled : nullptr};
    for (const config::Database& database : config.databases) {
        check_one(database, false, rules, file, findings);
        if (!database.upstream_write.empty()) check_one(database, true, rules, file, findings);
    }
    return findings;
}

}  // namespace pgveil::cli
