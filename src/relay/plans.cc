#include "relay/plans.h"

#include <algorithm>

namespace pgveil::relay {
namespace {

using masking::Treatment;
using policy::ColumnDirective;

ColumnDirective opaque(const Judged* judged, const DatabaseView& view) {
    if (judged != nullptr && judged->view_version != 0) return judged->decision.opaque;
    ColumnDirective directive;
    directive.treatment = view.rules->opaque == policy::OpaquePolicy::Scan ? Treatment::Scan : Treatment::Apply;
    directive.transform = masking::Transform::Redact;
    directive.class_name = "MASKED";
    directive.rule = "opaque";
    directive.why = "origin could not be resolved";
    return directive;
}

// What RowDescription alone says. Views carry their own OID, so only lineage can speak for them.
ColumnDirective described(const masking::Column& column, const Judged* judged, const DatabaseView& view, bool lineage_known) {
    ColumnDirective scan;
    scan.treatment = Treatment::Scan;
    if (column.id.relation == kInvalidOid || column.id.attribute.value == 0) return lineage_known ? scan : opaque(judged, view);
    const catalog::Relation* relation = view.catalog->relation(column.id.relation);
    if (relation == nullptr) return {};                              // newer than the snapshot: withheld
    if (column.id.attribute.value < 0) return scan;                  // system columns hold no values
    if (relation->column(column.id.attribute) == nullptr) return {};
    if (relation->kind == catalog::RelationKind::View) return lineage_known ? scan : opaque(judged, view);
    if (!lineage_known && relation->schema == "pg_catalog") return opaque(judged, view);   // statistics, activity
    return policy::directive_for(*view.tags, column.id);
}

masking::TypeInfo type_info(Oid type, const catalog::Snapshot& catalog) {
    masking::TypeInfo info;
    info.oid = catalog.base_type(type);
    const catalog::Type* found = catalog.type(info.oid);
    if (found == nullptr) return info;
    info.kind = found->kind;
    info.name = found->name;
    info.element = catalog.base_type(found->element);
    if (const catalog::Type* element = catalog.type(info.element)) {
        info.element_kind = element->kind;
        info.element_name = element->name;
    }
    return info;
}

Format format_of(std::span<const std::int16_t> formats, std::size_t i) {
    if (formats.empty()) return Format::Text;
    const std::int16_t code = formats.size() == 1 ? formats[0] : (i < formats.size() ? formats[i] : std::int16_t{1});
    return code == 0 ? Format::Text : Format::Binary;
}

}  // namespace

masking::Column column_of(std::string_view name, ColumnId id, Oid type, const catalog::Snapshot& catalog) {
    masking::Column column;
    column.name = std::string(name);
    column.id = id;
    column.type = type_info(type, catalog);
    if (const catalog::Relation* relation = catalog.relation(id.relation)) {
        if (const catalog::Column* stored = relation->column(id.attribute)) column.stored_name = stored->name;
    }
    return column;
}

masking::RowPlan make_plan(const Judged* judged, std::size_t result, const Description& description,
                           std::span<const std::int16_t> formats, const DatabaseView& view) {
    const std::vector<ColumnDirective>* lineage = nullptr;
    if (judged != nullptr && result < judged->decision.columns.size() && result < judged->decision.columns_known.size() &&
        judged->decision.columns_known[result] &&
        judged->decision.columns[result].size() == description.columns.size()) {
        lineage = &judged->decision.columns[result];
    }
    masking::RowPlan plan;
    plan.columns.reserve(description.columns.size());
    for (std::size_t i = 0; i < description.columns.size(); ++i) {
        masking::ColumnPlan column;
        column.column = description.columns[i];
        column.column.format = format_of(formats, i);
        column.column.name_speaks = lineage == nullptr || (*lineage)[i].name_speaks;
        const ColumnDirective by_server = described(column.column, judged, view, lineage != nullptr);
        const ColumnDirective& chosen = lineage != nullptr ? policy::stricter((*lineage)[i], by_server) : by_server;
        column.treatment = chosen.treatment;
        column.transform = chosen.transform;
        column.class_name = chosen.class_name;
        column.rule = chosen.rule;
        column.keyed_allowed = chosen.keyed_allowed;
        column.null_tells = chosen.treatment == Treatment::Apply && (chosen.null_tells || (lineage != nullptr && (*lineage)[i].null_tells));
        // Against a rule speaks only what statement and server both say of the column: it is read as it is stored. What
        // RETURNING names as a column's may have come from elsewhere a moment ago.
        if (lineage != nullptr && chosen.treatment == Treatment::Scan && judged->analysis.kind == sql::Kind::Read) {
            column.look_alikes = static_cast<std::uint8_t>((*lineage)[i].look_alikes & by_server.look_alikes);
        }
        column.key_domain = view.database + '\0' + chosen.class_name;
        plan.columns.push_back(std::move(column));
    }
    return plan;
}

PlanCache::Kept& PlanCache::kept(const JudgedPtr& judged) {
    constexpr std::size_t most = 16 << 20;   // bytes; honest sessions repeat some hundred statements of some kilobytes
    if (!judged->lasting) {
        if (passing_.judged != judged) passing_ = {}, passing_.judged = judged;
        return passing_;
    }
    if (const auto found = kept_.find(judged.get()); found != kept_.end()) return found->second;
    const std::size_t weight = 2 * weight_of(*judged);   // the judgement it keeps alive, and a plan of as many columns
    if (weight_ + weight > most) clear();
    weight_ += weight;
    Kept& kept = kept_[judged.get()];
    kept.judged = judged;
    return kept;
}

const PlanCache::Kept* PlanCache::found(const JudgedPtr& judged) const {
    if (!judged->lasting) return passing_.judged == judged ? &passing_ : nullptr;
    const auto at = kept_.find(judged.get());
    return at == kept_.end() ? nullptr : &at->second;
}

PlannedPtr PlanCache::plan(const JudgedPtr& judged, std::size_t result, const DescriptionPtr& description,
                           std::span<const std::int16_t> formats, const DatabaseView& view, masking::RowMasker& masker) {
    Kept& here = kept(judged);
    const PlannedPtr& last = here.planned;
    if (last && last->description == description && last->result == result && last->view_version == view.version &&
        std::ranges::equal(last->formats, formats)) {
        return last;
    }
    auto planned = std::make_shared<Planned>();
    planned->description = description;
    planned->result = result;
    planned->formats.assign(formats.begin(), formats.end());
    planned->view_version = view.version;
    planned->rows = make_plan(judged.get(), result, *description, formats, view);
    masker.settle(planned->rows);
    planned->passes = masking::RowMasker::passes_everything(planned->rows);
    here.planned = std::move(planned);
    return here.planned;
}

DescriptionPtr PlanCache::described(const JudgedPtr& judged, ByteView row_description, const DatabaseView& view) const {
    const Kept* here = found(judged);
    if (here == nullptr || here->view_version != view.version) return nullptr;
    return std::ranges::equal(here->row_description, row_description) ? here->description : nullptr;
}

void PlanCache::learn(const JudgedPtr& judged, ByteView row_description, const DatabaseView& view, DescriptionPtr description) {
    Kept& here = kept(judged);
    here.view_version = view.version;
    here.row_description = copy_of(row_description);
    here.description = std::move(description);
}

}  // namespace pgveil::relay
