#include "proxy/world.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/load.h"
#include "config/rule_pack_reader.h"
#include "crypto/digest.h"
#include "crypto/encode.h"

namespace pgveil::proxy {
namespace {

std::optional<sql::Kind> kind_of(std::string_view name) {
    for (const sql::Kind kind : {sql::Kind::Unknown, sql::Kind::Admin, sql::Kind::Ddl, sql::Kind::Write, sql::Kind::Session,
                                 sql::Kind::Transaction, sql::Kind::Read}) {
        if (sql::name_of(kind) == name) return kind;
    }
    return std::nullopt;
}

policy::Limits limits_of(const config::Limits& limits) { return {limits.rows, limits.bytes.bytes, limits.time}; }

policy::RuleAction action_of(config::RuleAction action) {
    switch (action) {
        case config::RuleAction::Deny: return policy::RuleAction::Deny;
        case config::RuleAction::Hold: return policy::RuleAction::Hold;
        case config::RuleAction::Allow: return policy::RuleAction::Allow;
    }
    return policy::RuleAction::Deny;
}

policy::PredicatePolicy predicates_of(config::Predicates predicates) {
    switch (predicates) {
        case config::Predicates::Deny: return policy::PredicatePolicy::Deny;
        case config::Predicates::Hold: return policy::PredicatePolicy::Hold;
        case config::Predicates::Equality: return policy::PredicatePolicy::Equality;
        case config::Predicates::Allow: return policy::PredicatePolicy::Allow;
    }
    return policy::PredicatePolicy::Deny;
}

policy::Rule rule_of(const config::RuleEntry& entry, const config::Config& config) {
    policy::Rule rule;
    rule.name = entry.name;
    for (const std::string& kind : entry.when.kind) {
        if (const auto known = kind_of(kind)) rule.kinds.push_back(*known);
    }
    rule.tables = entry.when.tables;
    rule.agents = entry.when.agents;
    rule.databases = entry.when.databases;
    rule.action = action_of(entry.action);
    if (entry.mode) rule.mode = mode_of(*entry.mode);
    rule.approvers = entry.approvers;
    rule.approvals = entry.approvals;
    rule.wait = entry.wait;
    rule.pending = entry.pending;
    rule.approved = entry.approved;
    rule.limits = limits_of(entry.limits.value_or(config.policy.limits));
    return rule;
}

std::shared_ptr<const policy::Ruleset> ruleset_of(const config::Config& config) {
    auto rules = std::make_shared<policy::Ruleset>();
    for (const config::RuleEntry& entry : config.rules) rules->rules.push_back(rule_of(entry, config));
    for (const config::ColumnEntry& entry : config.masking.columns) {
        policy::ColumnRule column{entry.column, entry.class_name, entry.transform.value_or(masking::Transform::Redact), std::nullopt};
        if (entry.predicates) column.predicates = predicates_of(*entry.predicates);
        rules->columns.push_back(std::move(column));
    }
    rules->mode = mode_of(config.policy.mode);
    rules->predicates = predicates_of(config.masking.predicates);
    rules->equality_per_statement = config.masking.equality_limit.statement;
    rules->opaque = config.masking.opaque == config::Opaque::Scan ? policy::OpaquePolicy::Scan : policy::OpaquePolicy::Redact;
    rules->revision = crypto::hex(crypto::sha256(config::effective(config)));
    return rules;
}

Result<Account, std::string> with_secret(Account account, const Secret& secret, std::span<const std::string> from, std::string_view name) {
    const auto verifier = crypto::parse_verifier(text_of(secret.reveal()));
    if (!verifier) return refuse(fmt::format("the secret of \"{}\" is not a SCRAM-SHA-256 verifier", name));
    account.verifier = *verifier;
    for (const std::string& range : from) {
        const auto parsed = net::parse_ip_range(range);
        if (!parsed) return refuse(parsed.error());
        account.from.push_back(*parsed);
    }
    return account;
}

Result<std::shared_ptr<World>, std::string> with_accounts(std::shared_ptr<World> world) {
    for (const config::AgentEntry& entry : world->config->agents) {
        if (entry.auth != config::AuthMethod::Scram) return refuse(fmt::format("agent \"{}\": only auth = \"scram\" is supported yet", entry.name));
        Account account;
        account.agent = {entry.name, entry.owner, {}};
        account.max_sessions = entry.max_sessions;
        auto made = with_secret(std::move(account), entry.secret, entry.from, entry.name);
        if (!made) return refuse(made.error());
        world->accounts.emplace(entry.name, std::move(*made));
    }
    for (const config::PersonEntry& entry : world->config->people) {
        Account account;
        account.is_person = true;
        account.person = {entry.name, entry.roles, entry.groups};
        auto made = with_secret(std::move(account), entry.secret, entry.from, entry.name);
        if (!made) return refuse(made.error());
        world->accounts.emplace(entry.name, std::move(*made));
    }
    return world;
}

}  // namespace

policy::Mode mode_of(config::Mode mode) {
    switch (mode) {
        case config::Mode::Enforce: return policy::Mode::Enforce;
        case config::Mode::Warn: return policy::Mode::Warn;
        case config::Mode::Shadow: return policy::Mode::Shadow;
    }
    return policy::Mode::Enforce;
}

Result<WorldPtr, std::string> make_world(std::shared_ptr<const config::Config> config, const Keys& keys, std::uint64_t version) {
    auto world = std::make_shared<World>();
    world->config = std::move(config);
    world->mask_keys = keys.mask;
    world->token_keys = keys.token;
    world->mock_keys = keys.mock;
    world->version = version;
    const config::Tls& tls = world->config->proxy.tls;
    if (tls.effective() != config::TlsMode::Off) {
        auto loaded = net::TlsServerContext::load({tls.cert.path, tls.key.path, tls.client_ca.path});
        if (!loaded) return refuse(loaded.error());
        world->tls = *loaded;
    }
    auto packs = config::read_packs(world->config->masking.packs, config::rules_folder(world->config->masking.rules_dir.path));
    if (!packs) return refuse(config::to_string(packs.error().front()));
    const auto& disabled = world->config->masking.disable;
    for (masking::RulePack& pack : *packs) {
        std::erase_if(pack.rules, [&](const masking::Rule& rule) { return std::ranges::find(disabled, rule.id) != disabled.end(); });
    }
    auto compiled = masking::compile(*packs);
    if (!compiled) return refuse(fmt::format("rule {}: {}", compiled.error().rule, compiled.error().why));
    world->rules = *compiled;
    world->ruleset = ruleset_of(*world->config);
    auto complete = with_accounts(world);
    if (!complete) return refuse(complete.error());
    return WorldPtr(*complete);
}

}  // namespace pgveil::proxy
