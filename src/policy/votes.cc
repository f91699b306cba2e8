#include "policy/votes.h"

#include "pgveil/masking/column_poll.h"

namespace pgveil::policy {
namespace {

using catalog::Relation;
using catalog::RelationKind;

constexpr std::string_view kVote = "vote: ";
constexpr std::uint8_t kAllShapes = masking::look_alike::NineDigits | masking::look_alike::SixteenDigits;
constexpr int kDeepest = 16;   // of partitions below partitions

/// The column as the vote knew it, or nullptr.
const catalog::Column* voted_column(const catalog::Snapshot& catalog, const ColumnVote& vote) {
    const Relation* relation = catalog.relation(vote.column.relation);
    if (relation == nullptr || relation->qualified() != vote.relation) return nullptr;
    if (relation->kind != RelationKind::Table && relation->kind != RelationKind::Materialized) return nullptr;
    const catalog::Column* column = relation->column(vote.column.attribute);
    return column != nullptr && column->name == vote.name && column->type == vote.type ? column : nullptr;
}

std::string words_of(const ColumnVote& vote) {
    return std::string(kVote) + std::to_string(vote.passed) + " of " + std::to_string(vote.distinct) + " distinct sampled values are such numbers";
}

/// What may be said against of `column` when rows of `relation` and of all below it are read.
LookAlikes below(const TagTable& tags, const catalog::Snapshot& catalog, const Relation& relation, const std::string& name, int depth) {
    const catalog::Column* column = relation.column(name);
    if (column == nullptr || depth > kDeepest) return {};
    const bool has_rows = relation.kind != RelationKind::Partitioned;
    if (!has_rows && relation.children.empty()) return {};
    LookAlikes all = has_rows ? tags.look_alikes({relation.oid, column->number}) : LookAlikes{kAllShapes};
    for (const Oid oid : relation.children) {
        const Relation* child = catalog.relation(oid);
        const LookAlikes part = child == nullptr ? LookAlikes{} : below(tags, catalog, *child, name, depth + 1);
        all = {static_cast<std::uint8_t>(all.shapes & part.shapes), all.failed + part.failed, all.shaped + part.shaped};
    }
    return all.shapes == 0 ? LookAlikes{} : all;
}

}  // namespace

void count_votes(TagTable& tags, std::string_view database, const catalog::Snapshot& catalog, const masking::CompiledRules& rules,
                 std::span<const ColumnVote> votes) {
    const std::string revision = votes.empty() ? std::string() : masking::poll_revision(rules);
    for (const ColumnVote& vote : votes) {
        if (voted_column(catalog, vote) == nullptr || tags.find(vote.column) != nullptr) continue;
        // A vote for a rule outlives a change of the packs until it is cast anew; one against does not.
        const masking::Rule* rule = vote.rule.empty() ? nullptr : masking::rule_of_id(rules, vote.rule);
        if (rule != nullptr && masking::name_speaks_against(rules, *rule, vote.name)) continue;
        if (rule != nullptr && rule->transform != masking::Transform::Clear) {
            tags.put(vote.column, {{std::string(database) + "." + vote.relation + "." + vote.name, rule->class_name, rule->transform, words_of(vote)},
                                   false, {}});
        } else if (vote.revision == revision) {
            tags.put(vote.column, LookAlikes{vote.look_alikes, vote.failed, vote.shaped});
        }
    }
}

void spread_look_alikes(TagTable& tags, const catalog::Snapshot& catalog) {
    if (tags.all_look_alikes().empty()) return;
    std::vector<std::pair<ColumnId, LookAlikes>> parents;   // all judged by the votes as cast
    for (const Relation& relation : catalog.contents().relations) {
        if (relation.children.empty() || (relation.kind != RelationKind::Partitioned && relation.kind != RelationKind::Table)) continue;
        for (const catalog::Column& column : relation.columns) {
            parents.emplace_back(ColumnId{relation.oid, column.number}, below(tags, catalog, relation, column.name, 0));
        }
    }
    for (const auto& [column, against] : parents) tags.put(column, against);
}

bool is_vote(const Tag& tag) { return tag.source.starts_with(kVote); }

std::string words_of(const LookAlikes& against) {
    const bool nine = (against.shapes & masking::look_alike::NineDigits) != 0, sixteen = (against.shapes & masking::look_alike::SixteenDigits) != 0;
    const std::string shapes = nine && sixteen ? "nnn-nn-nnnn and 16 digits" : nine ? "nnn-nn-nnnn" : "16 digits";
    return "vote against " + shapes + ": " + std::to_string(against.failed) + " of " + std::to_string(against.shaped) + " look-alikes are no such number";
}

}  // namespace pgveil::policy
