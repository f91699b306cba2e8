// make_tags: which stored columns are sensitive, and what is to become of their values.
#include <algorithm>
#include <array>

#include "policy/decide.h"
#include "policy/glob.h"
#include "policy/votes.h"

namespace pgveil::policy {
namespace {

using catalog::Relation;
using catalog::RelationKind;

bool stores_rows(RelationKind kind) {
    switch (kind) {
        case RelationKind::Table:
        case RelationKind::Partitioned:
        case RelationKind::Materialized:
        case RelationKind::Foreign: return true;
        case RelationKind::View:
        case RelationKind::Sequence:
        case RelationKind::Composite:
        case RelationKind::Index:
        case RelationKind::PartitionedIndex:
        case RelationKind::Toast: return false;
    }
    return false;
}

bool is_system_schema(std::string_view schema) {
    return schema == "pg_catalog" || schema == "information_schema" || schema.starts_with("pg_toast");
}

struct CompiledEntry {
    const ColumnRule* rule;
    std::vector<std::string> parts;
    bool exact;
    bool matched = false;
};

std::vector<CompiledEntry> compile(const std::vector<ColumnRule>& rules) {
    std::vector<CompiledEntry> entries;
    for (const ColumnRule& rule : rules) entries.push_back({&rule, parts_of(rule.column), is_exact(rule.column)});
    return entries;
}

std::string full_name(std::string_view database, const Relation& relation, std::string_view column) {
    return std::string(database) + "." + relation.qualified() + "." + std::string(column);
}

/// The strictest of all config entries that match; `clear` counts only from an exact one.
std::optional<TagEntry> from_config(std::vector<CompiledEntry>& entries, std::string_view database,
                                    const Relation& relation, const catalog::Column& column) {
    std::optional<TagEntry> found;
    std::optional<PredicatePolicy> predicates;
    const std::array<std::string_view, 4> name{database, relation.schema, relation.name, column.name};
    for (CompiledEntry& entry : entries) {
        if (!parts_match(entry.parts, name)) continue;
        entry.matched = true;
        const ColumnRule& rule = *entry.rule;
        if (rule.predicates && (!predicates || *rule.predicates < *predicates)) predicates = rule.predicates;
        const bool clear = rule.transform == masking::Transform::Clear;
        if (clear && !entry.exact) continue;
        if (found && found->tag.transform >= rule.transform) continue;
        found = TagEntry{{full_name(database, relation, column.name), rule.class_name, rule.transform, "config"}, clear, {}};
    }
    if (found) found->predicates = predicates;
    return found;
}

std::optional<TagEntry> from_name(const masking::CompiledRules& rules, std::string_view database,
                                  const Relation& relation, const catalog::Column& column, Oid base_type) {
    const masking::Rule* rule = masking::class_of_name(rules, column.name, base_type);
    if (rule == nullptr || rule->transform == masking::Transform::Clear) return std::nullopt;
    return TagEntry{{full_name(database, relation, column.name), rule->class_name, rule->transform, "name hint " + rule->id},
                    false, {}};
}

/// Columns of the system that carry other people's values: histograms and the texts of running statements.
struct StatisticsColumn {
    std::string_view relation, column_pattern;
};
constexpr std::array kStatistics{
    StatisticsColumn{"pg_statistic", "stavalues?"},          StatisticsColumn{"pg_statistic_ext_data", "stxdmcv"},
    StatisticsColumn{"pg_statistic_ext_data", "stxdexpr"},   StatisticsColumn{"pg_stats", "most_common_vals"},
    StatisticsColumn{"pg_stats", "histogram_bounds"},        StatisticsColumn{"pg_stats", "most_common_elems"},
    StatisticsColumn{"pg_stats_ext", "most_common_vals"},    StatisticsColumn{"pg_stats_ext_exprs", "most_common_vals"},
    StatisticsColumn{"pg_stats_ext_exprs", "histogram_bounds"}, StatisticsColumn{"pg_stats_ext_exprs", "most_common_elems"},
    StatisticsColumn{"pg_stat_activity", "query"},
};

void put_statistics(TagTable& tags, std::string_view database, const Relation& relation) {
    for (const StatisticsColumn& known : kStatistics) {
        if (relation.name != known.relation) continue;
        for (const catalog::Column& column : relation.columns) {
            const ColumnId id{relation.oid, column.number};
            if (!part_matches(known.column_pattern, column.name) || tags.find(id) != nullptr) continue;
            tags.put(id, {{full_name(database, relation, column.name), "STATISTICS", masking::Transform::Redact,
                           "built-in: statistics"}, false, PredicatePolicy::Equality});
        }
    }
}

/// `to` gets what `from` has for columns of the same name, unless it is as strict already.
bool inherit(TagTable& tags, const Relation& from, const Relation& to, bool clear_too) {
    bool changed = false;
    for (const catalog::Column& column : from.columns) {
        const TagEntry* source = tags.find({from.oid, column.number});
        const catalog::Column* target = to.column(column.name);
        if (source == nullptr || target == nullptr || (source->clear && !clear_too)) continue;
        const TagEntry* present = tags.find({to.oid, target->number});
        const bool hint_yields = present != nullptr && source->clear && present->tag.source != "config";
        if (present != nullptr && !hint_yields && (source->clear || present->clear || present->tag.transform >= source->tag.transform)) {
            continue;
        }
        if (present != nullptr && *present == *source) continue;
        tags.put({to.oid, target->number}, TagEntry(*source));
        changed = true;
    }
    return changed;
}

/// Rows of a partition are rows of its parent, so the same column is as sensitive under either name. An
/// exact `clear` reaches down (the partitions are part of the named table), never up.
void inherit_all(TagTable& tags, const catalog::Snapshot& catalog) {
    for (int round = 0; round < 8; ++round) {
        bool changed = false;
        for (const Relation& parent : catalog.contents().relations) {
            for (const Oid child_oid : parent.children) {
                const Relation* child = catalog.relation(child_oid);
                if (child == nullptr || !stores_rows(child->kind)) continue;
                changed |= inherit(tags, parent, *child, true);
                changed |= inherit(tags, *child, parent, false);
            }
        }
        if (!changed) return;
    }
}

}  // namespace

TagTable make_tags(std::string_view database, const catalog::Snapshot& catalog, const Ruleset& ruleset,
                   const masking::CompiledRules& rules, std::span<const ColumnVote> votes, std::vector<std::string>* unmatched) {
    TagTable tags;
    std::vector<CompiledEntry> entries = compile(ruleset.columns);
    for (const Relation& relation : catalog.contents().relations) {
        const bool system = is_system_schema(relation.schema);
        if (!stores_rows(relation.kind) && relation.kind != RelationKind::View) continue;
        for (const catalog::Column& column : relation.columns) {
            std::optional<TagEntry> entry = from_config(entries, database, relation, column);
            if (!entry && !system && stores_rows(relation.kind)) {
                entry = from_name(rules, database, relation, column, catalog.base_type(column.type));
            }
            if (entry) tags.put({relation.oid, column.number}, std::move(*entry));
        }
    }
    count_votes(tags, database, catalog, rules, votes);
    inherit_all(tags, catalog);
    spread_look_alikes(tags, catalog);
    // Statistics repeat values of tagged columns only: with no such column they stay readable.
    const bool any = std::ranges::any_of(tags.all(), [](const auto& tag) { return !tag.second.clear; });
    if (any) {
        for (const Relation& relation : catalog.contents().relations) {
            if (is_system_schema(relation.schema)) put_statistics(tags, database, relation);
        }
    }
    if (unmatched != nullptr) {
        for (const CompiledEntry& entry : entries) {
            // An entry for another database is that database's to match.
            if (!entry.matched && !entry.parts.empty() && part_matches(entry.parts.front(), database)) {
                unmatched->push_back(entry.rule->column);
            }
        }
    }
    return tags;
}

}  // namespace pgveil::policy
