#include "cli/check_online.h"

#include <fmt/format.h>

#include "cli/upstream.h"

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

void check_one(const config::Database& database, bool writer, const std::string& file, std::vector<Diagnostic>& findings) {
    const std::string_view option = writer ? "upstream_write" : "upstream";
    const auto contents = load_catalog(database, writer);
    if (!contents) {
        findings.push_back({Severity::Error, file, 0, 0, fmt::format("database {}: {}: {}", database.name, option, contents.error()), ""});
        return;
    }
    check_role(database, *contents, option, file, findings);
}

}  // namespace

std::vector<Diagnostic> check_online(const config::Config& config, const std::string& file) {
    std::vector<Diagnostic> findings;
    for (const config::Database& database : config.databases) {
        check_one(database, false, file, findings);
        if (!database.upstream_write.empty()) check_one(database, true, file, findings);
    }
    return findings;
}

}  // namespace pgveil::cli
