#include "policy/match.h"

#include <algorithm>
#include <array>

#include "policy/glob.h"

namespace pgveil::policy {
namespace {

using sql::Effect;
using sql::Kind;
using sql::RelationUse;
using sql::Use;

Kind kind_of(Effect effect) {
    switch (effect) {
        case Effect::Unknown: return Kind::Unknown;
        case Effect::Read:
        case Effect::CopyOut:
        case Effect::Sleep: return Kind::Read;
        case Effect::Write:
        case Effect::Lock:
        case Effect::Sequence:
        case Effect::Notify:
        case Effect::LargeObject:
        case Effect::CopyIn: return Kind::Write;
        case Effect::Ddl: return Kind::Ddl;
        case Effect::Setting: return Kind::Session;
        case Effect::Transaction: return Kind::Transaction;
        case Effect::Role:
        case Effect::File:
        case Effect::Program:
        case Effect::Network:
        case Effect::Admin:
        case Effect::Replication: return Kind::Admin;
    }
    return Kind::Unknown;
}

/// Is a relation used in this way the business of a rule about `kind`? `gravest` of the statement.
bool covers(Kind kind, Use use, Kind gravest) {
    switch (kind) {
        case Kind::Unknown:
        case Kind::Admin: return true;
        case Kind::Ddl:
        case Kind::Write: return use == Use::Write || use == Use::Lock;
        case Kind::Read: return use == Use::Read || gravest == Kind::Read;  // LOCK ... IN ACCESS SHARE MODE
        case Kind::Session:
        case Kind::Transaction: return kind == gravest;
    }
    return true;
}

std::string_view builtin_name(Kind kind) {
    switch (kind) {
        case Kind::Unknown: return "built-in: unknown";
        case Kind::Admin: return "built-in: admin";
        case Kind::Ddl: return "built-in: ddl";
        case Kind::Write: return "built-in: write";
        case Kind::Session: return "built-in: session";
        case Kind::Transaction: return "built-in: transaction";
        case Kind::Read: return "built-in: read";
    }
    return "built-in: unknown";
}

RuleAction builtin_action(Kind kind) {
    switch (kind) {
        case Kind::Unknown:
        case Kind::Admin: return RuleAction::Deny;
        case Kind::Ddl:
        case Kind::Write: return RuleAction::Hold;
        case Kind::Session:
        case Kind::Transaction:
        case Kind::Read: return RuleAction::Allow;
    }
    return RuleAction::Deny;
}

Verdict verdict_of(RuleAction action) {
    switch (action) {
        case RuleAction::Deny: return Verdict::Refuse;
        case RuleAction::Hold: return Verdict::Hold;
        case RuleAction::Allow: return Verdict::Forward;
    }
    return Verdict::Refuse;
}

bool table_matches(const Rule& rule, std::string_view qualified) {
    const std::vector<std::string> name = parts_of(qualified);
    return std::ranges::any_of(rule.tables, [&](const std::string& pattern) {
        if (pattern == "*") return true;
        const std::vector<std::string> parts = parts_of(pattern);
        return parts.size() == name.size() && std::ranges::equal(parts, name, part_matches);
    });
}

/// Walks the inheritance tree one way; partitions nest, cycles do not exist but a depth bound costs nothing.
bool any_relative(const Rule& rule, const catalog::Snapshot& catalog, const catalog::Relation& relation,
                  std::vector<Oid> catalog::Relation::* direction, int depth = 0) {
    if (depth > 16) return false;
    return std::ranges::any_of(relation.*direction, [&](Oid oid) {
        const catalog::Relation* next = catalog.relation(oid);
        return next != nullptr && (table_matches(rule, next->qualified()) ||
                                   any_relative(rule, catalog, *next, direction, depth + 1));
    });
}

/// Allow: the relation itself or a parent of it is named (its rows are the parent's rows).
bool lies_within(const Rule& rule, const RelationUse& use, const catalog::Snapshot& catalog) {
    if (rule.tables.empty() || table_matches(rule, use.name)) return true;
    const catalog::Relation* relation = catalog.relation(use.oid);
    return relation != nullptr && any_relative(rule, catalog, *relation, &catalog::Relation::parents);
}

/// Hold and deny: a child counts too, since what is done to the parent is done to it.
bool touches(const Rule& rule, const RelationUse& use, const catalog::Snapshot& catalog) {
    if (lies_within(rule, use, catalog)) return true;
    const catalog::Relation* relation = catalog.relation(use.oid);
    return relation != nullptr && any_relative(rule, catalog, *relation, &catalog::Relation::children);
}

bool names_kind(const Rule& rule, Kind kind) { return std::ranges::find(rule.kinds, kind) != rule.kinds.end(); }

bool is_about(const Rule& rule, const Question& question) {
    return any_or_matches(rule.agents, question.agent.name) && any_or_matches(rule.databases, question.database);
}

bool restrictive_matches(const Rule& rule, const Question& question, std::span<const Kind> kinds) {
    for (const Kind kind : kinds) {
        if (!rule.kinds.empty() && !names_kind(rule, kind)) continue;
        if (rule.tables.empty()) return true;
        for (const RelationUse& use : question.analysis.relations) {
            if (covers(kind, use.use, question.analysis.kind) && touches(rule, use, question.catalog)) return true;
        }
    }
    return false;
}

/// The kinds of `open` for which an allow rule answers; empty if anything it covers lies outside.
std::vector<Kind> allowed_by(const Rule& rule, const Question& question, std::span<const Kind> open) {
    std::vector<Kind> allowed;
    for (const Kind kind : open) {
        // What nobody can read (unknown) or what reaches beyond tables (admin) must be named to be allowed,
        // and "within these tables" cannot be said of it.
        const bool beyond_tables = kind == Kind::Unknown || kind == Kind::Admin;
        if (rule.kinds.empty() ? beyond_tables : !names_kind(rule, kind)) continue;
        if (beyond_tables && !rule.tables.empty()) return {};
        // A volatile function, a DO block or a rewrite rule may write any table, whatever stands beside it.
        if (kind == Kind::Write && question.analysis.opaque_writes && !rule.tables.empty()) return {};
        bool used = false;
        for (const RelationUse& use : question.analysis.relations) {
            if (!covers(kind, use.use, question.analysis.kind)) continue;
            used = true;
            if (!lies_within(rule, use, question.catalog)) return {};
        }
        const bool about_tables = kind == Kind::Read || kind == Kind::Write || kind == Kind::Ddl;
        // pg_notify or nextval under a rule for one table: that table is not what it touches.
        if (!used && about_tables && !rule.tables.empty()) {
            if (kind == Kind::Read) continue;
            return {};
        }
        allowed.push_back(kind);
    }
    return allowed;
}

struct Scan {
    const Rule* rule = nullptr;
    RuleAction action = RuleAction::Deny;
    Kind builtin = Kind::Unknown;
};

/// First match among the rules `considered` says yes to, then the built-in ones.
template <class Considered>
Scan scan(const Question& question, std::span<const Kind> kinds, Considered considered) {
    std::vector<Kind> open(kinds.begin(), kinds.end());
    const Rule* gravest_allow = nullptr;
    for (const Rule& rule : question.ruleset.rules) {
        if (!considered(rule) || !is_about(rule, question)) continue;
        if (rule.action != RuleAction::Allow) {
            if (restrictive_matches(rule, question, open)) return {&rule, rule.action, Kind::Unknown};
            continue;
        }
        for (const Kind kind : allowed_by(rule, question, open)) {
            if (kind == kinds.front()) gravest_allow = &rule;
            std::erase(open, kind);
        }
        if (open.empty()) return {gravest_allow, RuleAction::Allow, kinds.front()};
    }
    // The gravest kind left open decides; if all that is left is allowed, the rule that took the gravest did.
    const RuleAction action = builtin_action(open.front());
    if (action == RuleAction::Allow && gravest_allow != nullptr) return {gravest_allow, action, open.front()};
    return {nullptr, action, open.front()};
}

}  // namespace

std::vector<Kind> kinds_of(const sql::Analysis& analysis) {
    std::vector<Kind> kinds{analysis.kind};
    for (const Effect effect : analysis.effects) kinds.push_back(std::max(kind_of(effect), analysis.kind));
    std::ranges::sort(kinds);
    kinds.erase(std::ranges::unique(kinds).begin(), kinds.end());
    return kinds;
}

std::vector<BuiltIn> built_in_rules() {
    std::vector<BuiltIn> all;
    for (const Kind kind : {Kind::Read, Kind::Session, Kind::Transaction, Kind::Write, Kind::Ddl, Kind::Admin, Kind::Unknown}) {
        all.push_back({builtin_name(kind), kind, builtin_action(kind)});
    }
    return all;
}

Match match_rules(const Question& question) {
    const std::vector<Kind> kinds = kinds_of(question.analysis);
    const Mode base = question.database_mode.value_or(question.ruleset.mode);
    const auto mode_of = [&](const Rule& rule) { return rule.mode.value_or(base); };

    // Two judgements: by the rules in force alone, and by all of them. A rule on trial must not take part in
    // the first, not even by answering for a kind.
    const Scan acting = scan(question, kinds, [&](const Rule& rule) { return mode_of(rule) == Mode::Enforce; });
    const Scan would = scan(question, kinds, [](const Rule&) { return true; });
    const bool act = acting.rule != nullptr || base == Mode::Enforce;
    const Scan& found = act ? acting : would;

    Match match;
    if (act && would.rule != nullptr && mode_of(*would.rule) != Mode::Enforce) {
        match.shadow.push_back({would.rule->name, verdict_of(would.action), mode_of(*would.rule)});
    }
    match.rule = found.rule;
    match.action = found.action;
    match.mode = found.rule != nullptr ? mode_of(*found.rule) : base;
    match.name = found.rule != nullptr ? found.rule->name : std::string(builtin_name(found.builtin));
    return match;
}

}  // namespace pgveil::policy
