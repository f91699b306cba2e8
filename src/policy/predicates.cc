// Predicates and assignments over tagged columns: what tells of values without returning them.
#include <algorithm>
#include <array>

#include "policy/columns.h"
#include "sql/array_values.h"

namespace pgveil::policy {
namespace {

using sql::PredicateUse;

/// So few possible values that a handful of comparisons, or a sort, finds the one.
bool has_small_domain(const Question& question, ColumnId column, const TagEntry& entry) {
    constexpr std::array<std::string_view, 9> kClasses{"DATE_OF_BIRTH", "BIRTH_DATE", "PIN", "AGE", "GENDER", "SEX",
                                                       "BOOLEAN", "CVV", "CREDIT_CARD_CVV"};
    if (std::ranges::find(kClasses, entry.tag.class_name) != kClasses.end()) return true;
    const catalog::Relation* relation = question.catalog.relation(column.relation);
    const catalog::Column* stored = relation == nullptr ? nullptr : relation->column(column.attribute);
    return stored != nullptr && question.catalog.base_type(stored->type) == type_oid::Bool;
}

PredicatePolicy policy_for(const Question& question, ColumnId column, const TagEntry& entry) {
    if (entry.predicates) return *entry.predicates;
    const PredicatePolicy general = question.ruleset.predicates;
    return general != PredicatePolicy::Allow && has_small_domain(question, column, entry) ? PredicatePolicy::Deny : general;
}

std::string_view words_for(PredicateUse use) {
    switch (use) {
        case PredicateUse::Other: return "is used in an expression of a condition";
        case PredicateUse::Range: return "is compared by range";
        case PredicateUse::Pattern: return "is compared by pattern";
        case PredicateUse::Equality: return "is compared for equality";
        case PredicateUse::Group: return "is grouped or made distinct";
        case PredicateUse::Order: return "is sorted by";
    }
    return "is used in a condition";
}

bool is_equality(PredicateUse use) { return use == PredicateUse::Equality || use == PredicateUse::Group; }

/// What one use of one sensitive column asks for.
Verdict verdict_for(PredicatePolicy policy, PredicateUse use) {
    switch (policy) {
        case PredicatePolicy::Deny: return Verdict::Refuse;
        case PredicatePolicy::Hold: return use == PredicateUse::Order ? Verdict::Forward : Verdict::Hold;
        case PredicatePolicy::Equality:
            return use == PredicateUse::Order || is_equality(use) ? Verdict::Forward : Verdict::Refuse;
        case PredicatePolicy::Allow: return Verdict::Forward;
    }
    return Verdict::Refuse;
}

std::string hint_for(PredicatePolicy policy) {
    if (policy == PredicatePolicy::Deny) {
        return "This column may not be used in WHERE, JOIN, GROUP BY or ORDER BY (masking.predicates = deny for it). "
               "Select it without a condition, or filter by another column.";
    }
    return "Sensitive columns may be compared with =, <> or IN only, with values or with columns of the same class "
           "(masking.predicates = equality). Use an exact value, or filter by another column.";
}

/// Equal values of another class say what this one is: a number beside a serial number, ordered and cut as the asker likes.
bool meets_other_class(const Question& question, const sql::Predicate& predicate, const TagEntry& entry) {
    return std::ranges::any_of(predicate.with, [&](ColumnId other) {
        const TagEntry* there = sensitive(question.tags, other);
        return there == nullptr || there->tag.class_name != entry.tag.class_name;
    });
}

void add_once(std::vector<std::string>& reasons, std::string reason) {
    if (std::ranges::find(reasons, reason) == reasons.end()) reasons.push_back(std::move(reason));
}

}  // namespace

PredicateFinding judge_predicates(const Question& question) {
    PredicateFinding finding;
    for (const sql::Predicate& predicate : question.analysis.predicates) {
        const TagEntry* entry = sensitive(question.tags, predicate.column);
        if (entry == nullptr) continue;
        finding.any_sensitive = true;
        const PredicatePolicy policy = policy_for(question, predicate.column, *entry);
        const bool mixed = meets_other_class(question, predicate, *entry);
        const Verdict verdict = verdict_for(policy, mixed ? PredicateUse::Other : predicate.use);
        if (predicate.use == PredicateUse::Equality && policy != PredicatePolicy::Allow) {
            std::uint64_t values = std::uint64_t{finding.values} + predicate.values;
            for (const std::uint32_t n : predicate.arrays) values += n <= question.array_sizes.size() ? question.array_sizes[n - 1] : sql::kUnknownCount;
            finding.values = static_cast<std::uint32_t>(std::min<std::uint64_t>(values, sql::kUnknownCount));
            finding.arrays |= !predicate.arrays.empty();
        }
        if (verdict == Verdict::Forward) continue;
        add_once(finding.reasons, "sensitive column " + entry->tag.column + " " + std::string(mixed ? "is compared with a column of another class" : words_for(predicate.use)));
        // Refuse < Hold < Forward: the smaller is the stricter.
        finding.verdict = std::min(finding.verdict, verdict);
        finding.absolute |= policy == PredicatePolicy::Deny;
        if (finding.hint.empty() || policy == PredicatePolicy::Deny) finding.hint = hint_for(policy);
    }
    if (finding.values > question.ruleset.equality_per_statement && finding.verdict == Verdict::Forward) {
        finding.verdict = Verdict::Hold;
        const bool unbound = finding.arrays && question.array_sizes.empty();
        finding.reasons.push_back("compares " + (unbound ? "an array of" : std::to_string(finding.values)) +
                                  " values with sensitive columns, more than masking.equality_limit.statement" + (unbound ? " unless it is short when bound" : ""));
    }
    return finding;
}

AssignmentFinding judge_assignments(const Question& question) {
    AssignmentFinding finding;
    for (const sql::Assignment& assignment : question.analysis.assignments) {
        const TagEntry* target = sensitive(question.tags, assignment.target);
        for (const ColumnId origin : assignment.origins) {
            const TagEntry* source = sensitive(question.tags, origin);
            if (source == nullptr) continue;
            finding.any_sensitive = true;
            if (target == nullptr) add_once(finding.reasons, "copies " + source->tag.column + " into a column without a tag");
        }
        if (target == nullptr) continue;
        finding.any_sensitive = true;
        if (assignment.assigns_value) {
            finding.writes_masked = true;
            add_once(finding.reasons, "writes " + target->tag.column + ", which this agent sees masked");
        }
    }
    return finding;
}

}  // namespace pgveil::policy
