#include "config/sections.h"

namespace pgveil::config {
namespace {

template <class S>
std::vector<Described> describe(const Options<S>& options) {
    std::vector<Described> described;
    const S empty{};
    for (const Option<S>& option : options) {
        described.push_back({option.info, option.type,
                             option.info.fallback.empty() ? option.show(empty) : std::string(option.info.fallback)});
    }
    return described;
}

template <class S>
Shown shown(const Options<S>& options, const S& value) {
    Shown values;
    for (const Option<S>& option : options) values.emplace_back(option.info.name, option.show(value));
    return values;
}

/// One table: `get` finds its struct in the config.
template <class S, class Get>
Section single(std::string_view name, std::string_view sentence, const Options<S>& options, Get get) {
    return {name, false, sentence, describe(options),
            [&options, get](Config& config, const Node& node, Reader& reader, const std::string& path, const std::vector<std::string>& sub) {
                read_table(get(config), node, options, reader, path, sub);
            },
            [&options, get](const Config& config) { return std::vector<Shown>(1, shown(options, get(config))); }};
}

/// [[tables]]: `get` finds the vector.
template <class S, class Get>
Section many(std::string_view name, std::string_view sentence, const Options<S>& options, Get get) {
    return {name, true, sentence, describe(options),
            [&options, get](Config& config, const Node& node, Reader& reader, const std::string& path, const std::vector<std::string>& sub) {
                read_table(get(config).emplace_back(), node, options, reader, path, sub);
            },
            [&options, get](const Config& config) {
                std::vector<Shown> all;
                for (const S& value : get(config)) all.push_back(shown(options, value));
                return all;
            }};
}

// Callables rather than member pointers, since some structs sit two levels down.
#define PGVEIL_MEMBER(path) [](auto& config) -> auto& { return config.path; }

std::vector<Section> make_sections() {
    return {
        single("proxy", "The process: where it listens and how much it takes.", proxy_options(), PGVEIL_MEMBER(proxy)),
        single("proxy.tls", "TLS towards clients.", tls_options(), PGVEIL_MEMBER(proxy.tls)),
        single("policy", "What holds where no rule says otherwise.", policy_options(), PGVEIL_MEMBER(policy)),
        single("audit", "The write-once log.", audit_options(), PGVEIL_MEMBER(audit)),
        single("store", "Where grants and requests are kept.", store_options(), PGVEIL_MEMBER(store)),
        single("admin", "The console for psql, the HTTP interface, metrics.", admin_options(), PGVEIL_MEMBER(admin)),
        many("database", "A database agents may ask for.", database_options(), PGVEIL_MEMBER(databases)),
        many("agent", "A machine user.", agent_options(), PGVEIL_MEMBER(agents)),
        many("person", "A human: approves, audits, administers; never reads rows here.", person_options(), PGVEIL_MEMBER(people)),
        many("grant", "Standing access; better granted for a task from the console.", grant_options(), PGVEIL_MEMBER(grants)),
        many("rule", "First match wins; built-in last rules: read, session, transaction -> allow; write, ddl -> hold; "
             "admin, unknown -> deny.", rule_options(), PGVEIL_MEMBER(rules)),
        single("masking", "What agents see of sensitive values.", masking_options(), PGVEIL_MEMBER(masking)),
        many("masking.column", "A sensitive column; all matching entries apply, the strictest wins.", column_options(),
             PGVEIL_MEMBER(masking.columns)),
    };
}

#undef PGVEIL_MEMBER

}  // namespace

const std::vector<Section>& sections() {
    static const std::vector<Section> all = make_sections();
    return all;
}

}  // namespace pgveil::config
