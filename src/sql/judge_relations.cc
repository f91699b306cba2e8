#include <algorithm>

#include "sql/judge.h"
#include "sql/statements.h"

namespace pgveil::sql {

namespace {

using catalog::Relation;
using catalog::RelationKind;

// Views over views, functions that call functions: PostgreSQL itself gives up near its stack limit.
constexpr std::size_t kDeepest = 32;

bool is_system_schema(std::string_view schema) {
    return schema == "pg_catalog" || schema == "information_schema" || schema.starts_with("pg_toast");
}

/// A foreign table among the partitions or children.
const Relation* foreign_child(const catalog::Snapshot& catalog, const Relation& parent, int depth = 0) {
    if (parent.kind == RelationKind::Foreign) return &parent;
    if (depth > 16) return nullptr;
    for (const Oid oid : parent.children)
        if (const Relation* child = catalog.relation(oid))
            if (const Relation* found = foreign_child(catalog, *child, depth + 1)) return found;
    return nullptr;
}

}  // namespace

QualifiedName name_of(const List* parts, const catalog::Snapshot& catalog) {
    const NodesView view = nodes(parts);
    QualifiedName name;
    if (view.empty()) return name;
    name.name = text_of(view.back());
    if (view.size() >= 2) name.schema = text_of(view[view.size() - 2]);
    if (view.size() >= 3) name.foreign = text_of(view[view.size() - 3]) != catalog.contents().database;
    return name;
}

void Judge::relation(const RangeVar& name, Use use, bool lenient) {
    const QualifiedName written{text_of(name.schemaname), text_of(name.relname)};
    const bool elsewhere = name.catalogname != nullptr && text_of(name.catalogname) != catalog_.contents().database;
    const Relation* found = nullptr;
    if (!elsewhere)
        found = written.schema.empty() ? catalog_.resolve(written.name, path_) : catalog_.relation(written.schema, written.name);
    if (found != nullptr) return resolved(*found, use);
    // Without a catalog the names of PostgreSQL's own relations are still known, users' are not.
    if (catalog_.empty() && !elsewhere && use == Use::Read && is_builtin_relation(written.schema, written.name)) {
        const std::string schema = written.schema.empty() ? "pg_catalog" : std::string(written.schema);
        found_.use(RelationUse{kInvalidOid, schema + "." + std::string(written.name), use, true});
        if (const auto listed = listed_system_relation(written.name)) found_.cause_by_call(*listed, schema + "." + std::string(written.name) + " shows server files");
        return;
    }
    found_.use(RelationUse{kInvalidOid, written.text(), use, is_system_schema(written.schema)});
    if (!lenient && !created_here(written.name)) found_.unknown_name(written.text(), "relation");
}

// LOCK runs nothing of a relation: no view's query, no policy.
void Judge::locked(const RangeVar& name, Use use) {
    const QualifiedName written{text_of(name.schemaname), text_of(name.relname)};
    const Relation* found = written.schema.empty() ? catalog_.resolve(written.name, path_) : catalog_.relation(written.schema, written.name);
    if (found == nullptr) return relation(name, use);
    found_.use(RelationUse{found->oid, found->qualified(), use, is_system_schema(found->schema)});
}

bool Judge::created_here(std::string_view name) const {
    return std::ranges::find(memo_.created, name) != memo_.created.end();
}

void Judge::resolved(const Relation& relation, Use use) {
    const bool system = is_system_schema(relation.schema);
    RelationUse entry{relation.oid, relation.qualified(), use, system};
    if (std::ranges::find(found_.relations, entry) != found_.relations.end()) return;
    const std::string name = entry.name;
    found_.use(std::move(entry));
    if (system) {
        if (const auto listed = listed_system_relation(relation.name)) found_.cause_by_call(*listed, name + " shows server files");
        if (use == Use::Write) found_.cause({Kind::Admin, Effect::Admin}, "write to the system catalog " + name);
        if (relation.name == "pg_largeobject") found_.cause_by_call({Kind::Write, Effect::LargeObject}, name + " holds large objects");
        return;
    }
    follow(relation, use);
}

void Judge::follow(const Relation& relation, Use use) {
    const std::string name = relation.qualified();
    if (const Relation* foreign = foreign_child(catalog_, relation)) {
        found_.use(RelationUse{foreign->oid, foreign->qualified(), use, false});
        found_.user_functions = true;
        found_.cause_by_call({Kind::Write, Effect::Write}, "foreign table " + foreign->qualified() + " runs elsewhere");
    }
    implicit_casts(relation);
    if (relation.row_security) policies(relation);
    if (use == Use::Write && relation.has_triggers) found_.user_functions = true;
    if (use == Use::Write && relation.has_rules) {
        // What the rules write is not in the catalog snapshot.
        found_.user_functions = found_.opaque_writes = true;
        found_.cause({Kind::Write, Effect::Write}, "rules on " + name + " rewrite the statement");
    }
    if (relation.kind == RelationKind::View) view(relation, use);
}

Judge Judge::bare(Findings& into) {
    return Judge(context_, memo_.facts->bare, running_, memo_, into);
}

void Judge::policies(const Relation& relation) {
    for (const std::string& expression : relation.policy_expressions) {
        Findings inside;
        bare(inside).text("SELECT " + expression, "row security policy of " + relation.qualified());
        found_.merge_called(inside, {});
    }
}

// A view's base relations are used as the view is: a simple view is written through.
void Judge::view(const Relation& relation, Use use) {
    if (memo_.in_progress.size() >= kDeepest) {
        memo_.cut = true;
        return found_.unknown("views nest too deeply");
    }
    const auto known = kept("v" + std::to_string(relation.oid.value), [&](Findings& inside) {
        memo_.in_progress.push_back(relation.oid);
        bare(inside).text(relation.definition, "view " + relation.qualified());
        memo_.in_progress.pop_back();
    });
    if (use == Use::Read) return found_.merge_called(*known, {});
    Findings inside = *known;
    for (RelationUse& base : inside.relations)
        if (base.use == Use::Read && !base.system) base.use = use;
    found_.merge_called(inside, {});
}

void Judge::text(const std::string& sql, std::string_view where, const catalog::Function* function) {
    Findings inside;
    const auto tree = Tree::parse(sql);
    if (!tree || !within_bounds(tree->statements(), context_.bounds))
        return found_.unknown(std::string(where) + " could not be analysed");
    Judge judge = beside(inside);
    for (const Node* raw : nodes(tree->statements())) {
        const Node* statement = PGVEIL_AS(RawStmt, raw)->stmt;
        if (typed_) judge.within(statement, function);
        judge_inner_statement(statement, judge);
    }
    found_.merge_called(inside, where);
}

}  // namespace pgveil::sql
