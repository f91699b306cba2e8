// Sections: the tables of the config file, in order, each with its options. Internal to config/.
#pragma once

#include "config/choices.h"

namespace pgveil::config {

struct Described {
    Info info;
    std::string type, fallback;          // default as TOML; empty: not set
};
using Shown = std::vector<std::pair<std::string_view, std::string>>;   // option, value as TOML

struct Section {
    std::string_view name;               // "proxy", "proxy.tls", "database"
    bool array = false;                  // [[name]]
    std::string_view sentence;
    std::vector<Described> options;
    std::function<void(Config&, const Node&, Reader&, const std::string& path, const std::vector<std::string>& subtables)> read;
    std::function<std::vector<Shown>(const Config&)> show;
};

[[nodiscard]] const std::vector<Section>& sections();

const Options<Proxy>& proxy_options();
const Options<Tls>& tls_options();
const Options<Policy>& policy_options();
const Options<Audit>& audit_options();
const Options<Store>& store_options();
const Options<Admin>& admin_options();
const Options<Database>& database_options();
const Options<AgentEntry>& agent_options();
const Options<PersonEntry>& person_options();
const Options<GrantEntry>& grant_options();
const Options<RuleEntry>& rule_options();
const Options<Masking>& masking_options();
const Options<ColumnEntry>& column_options();

/// Errors and warnings that need more than one option to see. `now` judges grants' ends.
void cross_check(Config& config, Reader& reader, WallTime now);
/// Defaults that depend on other options (paths under proxy.state), filled before cross_check.
void fill_defaults(Config& config, Reader& reader);

}  // namespace pgveil::config
