#include "unit/policy/world.h"

namespace pgveil::policy::test {
namespace {

using catalog::Relation;
using catalog::RelationKind;

Relation table(std::uint32_t oid, std::string schema, std::string name, RelationKind kind,
               std::vector<std::pair<std::string, Oid>> columns) {
    Relation relation;
    relation.oid = Oid{oid};
    relation.schema_oid = Oid{schema == "pg_catalog" ? 11U : schema == "odd" ? 2300U : 2200U};
    relation.schema = std::move(schema);
    relation.name = std::move(name);
    relation.kind = kind;
    std::int16_t number = 0;
    for (auto& [column, type] : columns) relation.columns.push_back({column, AttrNumber{++number}, type, false});
    return relation;
}

}  // namespace

catalog::Snapshot make_world() {
    catalog::Snapshot::Contents contents;
    contents.database = "shop";
    contents.schemas = {{Oid{11}, "pg_catalog"}, {Oid{2200}, "public"}, {Oid{2300}, "odd"}};
    using enum RelationKind;
    const auto text = type_oid::Text;
    contents.relations = {
        table(20001, "public", "orders", Table, {{"id", type_oid::Int4}, {"status", text}}),
        table(20002, "public", "staging", Table, {{"id", type_oid::Int4}, {"status", text}}),
        table(20003, "public", "secrets", Table, {{"id", type_oid::Int4}, {"value", text}}),
        table(20004, "public", "customers", Table,
              {{"id", type_oid::Int4}, {"email", text}, {"ssn", text}, {"birth_date", type_oid::Date},
               {"active", type_oid::Bool}, {"note", text}, {"email_verified", type_oid::Bool}}),
        table(20005, "public", "events", Partitioned, {{"id", type_oid::Int4}, {"email", text}}),
        table(20006, "public", "events_1", Table, {{"email", text}, {"id", type_oid::Int4}}),
        table(20007, "public", "v_customers", View, {{"id", type_oid::Int4}, {"email", text}}),
        table(20008, "odd", "dotted.table", Table, {{"id", type_oid::Int4}}),
        table(12001, "pg_catalog", "pg_stats", View, {{"tablename", type_oid::Name}, {"histogram_bounds", text}}),
    };
    contents.relations[4].children = {Oid{20006}};
    contents.relations[5].parents = {Oid{20005}};
    return catalog::Snapshot(std::move(contents), 1);
}

ColumnId column_of(const catalog::Snapshot& world, std::string_view table, std::string_view column) {
    const Relation* relation = world.relation("public", table);
    if (relation == nullptr) return {};
    const catalog::Column* found = relation->column(column);
    return found == nullptr ? ColumnId{} : ColumnId{relation->oid, found->number};
}

TagTable make_world_tags(const catalog::Snapshot& world) {
    TagTable tags;
    const auto put = [&](std::string_view column, std::string class_name, masking::Transform transform) {
        tags.put(column_of(world, "customers", column),
                 {{"shop.public.customers." + std::string(column), std::move(class_name), transform, "config"},
                  transform == masking::Transform::Clear, {}});
    };
    using enum masking::Transform;
    put("email", "EMAIL_ADDRESS", Pseudonym);
    put("ssn", "US_SSN", Null);
    put("birth_date", "DATE_OF_BIRTH", Redact);
    put("active", "HEALTH", Redact);
    put("note", "NOTE", Clear);
    return tags;
}

}  // namespace pgveil::policy::test
