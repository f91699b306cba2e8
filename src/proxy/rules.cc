#include "proxy/rules.h"

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

}  // namespace

policy::Mode mode_of(config::Mode mode) {
    switch (mode) {
        case config::Mode::Enforce: return policy::Mode::Enforce;
        case config::Mode::Warn: return policy::Mode::Warn;
        case config::Mode::Shadow: return policy::Mode::Shadow;
    }
    return policy::Mode::Enforce;
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
    rules->equality_per_hour = config.masking.equality_limit.hour;
    rules->limits = limits_of(config.policy.limits);
    rules->opaque = config.masking.opaque == config::Opaque::Scan ? policy::OpaquePolicy::Scan : policy::OpaquePolicy::Redact;
    rules->revision = crypto::hex(crypto::sha256(config::effective(config)));
    return rules;
}

Result<std::shared_ptr<const masking::CompiledRules>, std::string> compile_rules(const config::Config& config) {
    auto packs = config::read_packs(config.masking.packs, config::rules_folder(config.masking.rules_dir.path));
    if (!packs) return refuse(config::to_string(packs.error().front()));
    for (masking::RulePack& pack : *packs) {
        std::erase_if(pack.rules, [&](const masking::Rule& rule) {
            return std::ranges::find(config.masking.disable, rule.id) != config.masking.disable.end();
        });
    }
    auto compiled = masking::compile(*packs);
    if (!compiled) return refuse(fmt::format("rule {}: {}", compiled.error().rule, compiled.error().why));
    return *compiled;
}

}  // namespace pgveil::proxy
