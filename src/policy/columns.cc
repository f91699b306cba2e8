#include "policy/columns.h"

#include <algorithm>

#include "policy/votes.h"

namespace pgveil::policy {
namespace {

using masking::Transform;
using masking::Treatment;
using sql::Flow;

/// What the log counts masked cells under.
std::string rule_of(const TagEntry& entry) { return (is_vote(entry.tag) ? "vote/" : "tag/") + entry.tag.column; }

ColumnDirective scan_directive(std::string why) { return {Treatment::Scan, Transform::Redact, "", "content", std::move(why), false}; }

/// An expression over sensitive columns: no transform but redaction (or NULL, where a tag asks for it) is safe.
ColumnDirective derived(const Question& question, const sql::OutputColumn& column) {
    const TagEntry* strictest = nullptr;
    for (const ColumnId origin : column.origins) {
        const TagEntry* entry = sensitive(question.tags, origin);
        if (entry != nullptr && (strictest == nullptr || entry->tag.transform > strictest->tag.transform)) strictest = entry;
    }
    if (strictest == nullptr) return scan_directive("derived from columns without a tag");
    return {Treatment::Apply, std::max(Transform::Redact, strictest->tag.transform), strictest->tag.class_name,
            rule_of(*strictest), "derived from " + strictest->tag.column, false};
}

/// One stored value as it is; a set operation can give several origins, then their tags must agree.
ColumnDirective as_is(const Question& question, const sql::OutputColumn& column) {
    if (column.origins.empty()) return opaque_directive(question);
    ColumnDirective strictest = directive_for(question.tags, column.origins.front());
    for (const ColumnId origin : column.origins) {
        const ColumnDirective next = directive_for(question.tags, origin);
        if (next.treatment == strictest.treatment && next.transform == strictest.transform &&
            next.class_name == strictest.class_name) {
            continue;
        }
        if (next.treatment == Treatment::Apply || strictest.treatment == Treatment::Apply) return derived(question, column);
        strictest = stricter(strictest, next);
    }
    if (column.origins.size() > 1) strictest.look_alikes = 0;
    return strictest;
}

/// A view's own column can be tagged too: the stricter of that and of what its base columns ask for.
ColumnDirective with_views(const Question& question, const sql::OutputColumn& column, ColumnDirective directive) {
    for (const ColumnId view : column.via) {
        if (sensitive(question.tags, view) == nullptr) continue;
        ColumnDirective next = directive_for(question.tags, view);
        if (column.flow != Flow::AsIs) next.transform = std::max(Transform::Redact, next.transform);
        const bool same = next.treatment == directive.treatment && next.transform == directive.transform &&
                          next.class_name == directive.class_name;
        if (!same && directive.treatment == Treatment::Apply) {
            next.transform = std::max({Transform::Redact, next.transform, directive.transform});
            next.keyed_allowed = false;
        }
        if (!same) directive = stricter(next, directive);
    }
    return directive;
}

ColumnDirective by_flow(const Question& question, const sql::OutputColumn& column) {
    switch (column.flow) {
        case Flow::Opaque: {
            const ColumnDirective known = derived(question, column);
            return known.treatment == Treatment::Apply ? stricter(known, opaque_directive(question)) : opaque_directive(question);
        }
        case Flow::Derived: return derived(question, column);
        case Flow::AsIs: return as_is(question, column);
        case Flow::CountLike: return scan_directive("says nothing of single values");
        case Flow::Constant: return scan_directive("from the statement itself");
    }
    return {};
}

/// count(*) AS emails counts them, and psql calls a word of the catalog "Token".
bool name_speaks(const sql::OutputColumn& column) {
    switch (column.flow) {
        case Flow::CountLike: case Flow::Constant: return false;
        case Flow::Opaque: return true;
        case Flow::Derived: case Flow::AsIs: break;
    }
    const auto of_system = [](ColumnId origin) { return origin.relation.value < catalog::kFirstNormalOid; };
    return column.origins.empty() || !std::ranges::all_of(column.origins, of_system);
}

int strictness(Treatment treatment) {
    switch (treatment) {
        case Treatment::Withhold: return 3;
        case Treatment::Apply: return 2;
        case Treatment::Scan: return 1;
        case Treatment::Pass: return 0;
    }
    return 3;
}

/// Parents and children included: an error text may quote a partition's row under its parent's name.
bool has_sensitive_column(const Question& question, Oid oid, int depth = 0) {
    const catalog::Relation* relation = question.catalog.relation(oid);
    if (relation == nullptr || depth > 16) return false;
    if (std::ranges::any_of(relation->columns, [&](const catalog::Column& column) {
            return sensitive(question.tags, {oid, column.number}) != nullptr;
        })) {
        return true;
    }
    return std::ranges::any_of(relation->children,
                               [&](Oid child) { return has_sensitive_column(question, child, depth + 1); });
}

}  // namespace

const TagEntry* sensitive(const TagTable& tags, ColumnId column) {
    const TagEntry* entry = tags.find(column);
    return entry == nullptr || entry->clear ? nullptr : entry;
}

ColumnDirective opaque_directive(const Question& question) {
    const bool protects = std::ranges::any_of(question.tags.all(), [](const auto& tag) { return !tag.second.clear; });
    if (!protects) return scan_directive("origin unknown, and no column of this database is tagged");
    switch (question.ruleset.opaque) {
        case OpaquePolicy::Redact:
            return {Treatment::Apply, Transform::Redact, "OPAQUE", "opaque",
                    "the origin of this expression could not be resolved (masking.opaque)", false};
        case OpaquePolicy::Scan: return scan_directive("origin unknown (masking.opaque = scan)");
    }
    return {};
}

ColumnDirective directive_of(const Question& question, const sql::OutputColumn& column) {
    ColumnDirective directive = with_views(question, column, by_flow(question, column));
    directive.name_speaks = name_speaks(column);
    directive.null_tells = directive.treatment == Treatment::Apply && column.flow != Flow::AsIs && !column.steady;
    return directive;
}

ColumnDirective directive_for(const TagTable& tags, ColumnId column) {
    const TagEntry* entry = tags.find(column);
    if (entry == nullptr) {
        ColumnDirective scan = scan_directive("column without a tag");
        const LookAlikes against = tags.look_alikes(column);
        scan.look_alikes = against.shapes;
        if (against.shapes != 0) scan.why += "; " + words_of(against);
        return scan;
    }
    const std::string rule = rule_of(*entry);
    if (entry->clear) return {Treatment::Pass, Transform::Clear, entry->tag.class_name, rule, "tagged clear", false};
    return {Treatment::Apply, entry->tag.transform, entry->tag.class_name, rule,
            "column tagged by " + entry->tag.source, true};
}

const ColumnDirective& stricter(const ColumnDirective& a, const ColumnDirective& b) {
    const int left = strictness(a.treatment), right = strictness(b.treatment);
    if (left != right) return left > right ? a : b;
    if (a.treatment == Treatment::Apply) {
        if (a.transform != b.transform) return a.transform > b.transform ? a : b;
        if (a.keyed_allowed != b.keyed_allowed) return a.keyed_allowed ? b : a;
    }
    return a;
}

bool touches_sensitive(const Question& question) {
    const sql::Analysis& analysis = question.analysis;
    const bool protects = std::ranges::any_of(question.tags.all(), [](const auto& tag) { return !tag.second.clear; });
    if (!protects) return false;
    // What is not understood, or runs code of the users' own, may quote anything.
    if (analysis.kind == sql::Kind::Unknown || analysis.user_functions) return true;
    const auto is_sensitive = [&](ColumnId column) { return sensitive(question.tags, column) != nullptr; };
    for (const sql::Statement& statement : analysis.statements) {
        if (statement.has_result && !statement.columns_known) return true;
        for (const sql::OutputColumn& column : statement.columns) {
            if (column.flow == Flow::Opaque || std::ranges::any_of(column.origins, is_sensitive) ||
                std::ranges::any_of(column.via, is_sensitive)) {
                return true;
            }
        }
    }
    for (const sql::Predicate& predicate : analysis.predicates) {
        if (is_sensitive(predicate.column)) return true;
    }
    for (const sql::Assignment& assignment : analysis.assignments) {
        if (is_sensitive(assignment.target) || std::ranges::any_of(assignment.origins, is_sensitive)) return true;
    }
    // "Failing row contains (...)" quotes the whole row, whichever columns were written.
    return std::ranges::any_of(analysis.relations, [&](const sql::RelationUse& use) {
        return use.use != sql::Use::Read && has_sensitive_column(question, use.oid);
    });
}

}  // namespace pgveil::policy
