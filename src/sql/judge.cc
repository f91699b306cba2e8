#include "sql/judge.h"

#include <algorithm>

namespace pgveil::sql {

namespace {

constexpr Judgement kRead{Kind::Read, Effect::Read};
constexpr Judgement kWrite{Kind::Write, Effect::Write};

template <class T>
const T& of(const Node* node) {
    return *reinterpret_cast<const T*>(node);
}

bool names_cte(const CteScope* scope, std::string_view name) {
    for (; scope != nullptr; scope = scope->outer) {
        const NodesView ctes = nodes(scope->with->ctes);
        for (std::size_t i = 0; i < scope->visible; ++i)
            if (text_of(PGVEIL_AS(CommonTableExpr, ctes[i])->ctename) == name) return true;
    }
    return false;
}

}  // namespace

void Judge::query(const Node* node) {
    const std::size_t base = stack_.size();
    push(node, nullptr);
    while (stack_.size() > base) {
        const Item item = stack_.back();
        stack_.pop_back();
        visit(item);
    }
}

void Judge::queries(const List* list) {
    for (const Node* node : nodes(list))
        if (node != nullptr) query(node);
}

void Judge::push(const void* node, const CteScope* scope, bool locked) {
    if (node != nullptr) stack_.push_back({static_cast<const Node*>(node), scope, locked});
}

void Judge::push_list(const List* list, const CteScope* scope, bool locked) {
    for (const Node* node : nodes(list)) push(node, scope, locked);
}

void Judge::push_children(const Node* node, const CteScope* scope) {
    children_.clear();
    if (!append_children(node, children_)) found_.unknown("syntax that this version does not know");
    for (const Node* child : children_) push(child, scope);
}

// In a recursive clause every query sees all names, else only those before it (parse_cte.c).
const CteScope* Judge::open_with(const WithClause* with, const CteScope* outer) {
    if (with == nullptr) return outer;
    const NodesView ctes = nodes(with->ctes);
    for (std::size_t i = 0; i < ctes.size(); ++i) {
        scopes_.push_back(std::make_unique<CteScope>(with, with->recursive ? ctes.size() : i, outer));
        push(ctes[i], scopes_.back().get());
    }
    scopes_.push_back(std::make_unique<CteScope>(with, ctes.size(), outer));
    return scopes_.back().get();
}

void Judge::visit(const Item& item) {
    switch (item.node->type) {  // the library's tags: everything else is an expression or unknown
        case T_SelectStmt: return select(of<SelectStmt>(item.node), item);
        case T_InsertStmt: return insert(of<InsertStmt>(item.node), item.scope);
        case T_UpdateStmt: return update(of<UpdateStmt>(item.node), item.scope);
        case T_DeleteStmt: return remove(of<DeleteStmt>(item.node), item.scope);
        case T_MergeStmt: return merge(of<MergeStmt>(item.node), item.scope);
        case T_RangeVar: return from_name(of<RangeVar>(item.node), item);
        case T_JoinExpr:
            operator_named({}, "=");  // USING and NATURAL compare; a condition compares by its own
            push(of<JoinExpr>(item.node).larg, item.scope, item.locked);
            push(of<JoinExpr>(item.node).rarg, item.scope, item.locked);
            push(of<JoinExpr>(item.node).quals, item.scope);
            return;
        case T_RangeSubselect: return push(of<RangeSubselect>(item.node).subquery, item.scope, item.locked);
        case T_RangeTableSample:
            sample_method(of<RangeTableSample>(item.node));
            push(of<RangeTableSample>(item.node).relation, item.scope, item.locked);
            push_list(of<RangeTableSample>(item.node).args, item.scope);
            push(of<RangeTableSample>(item.node).repeatable, item.scope);
            return;
        default: return visit_expression(item);
    }
}

void Judge::visit_expression(const Item& item) {
    const Node* node = item.node;
    switch (node->type) {
        case T_FuncCall: call(of<FuncCall>(node)); break;
        case T_CurrentOfExpr: found_.by_name = true; break;
        case T_A_Expr: {
            const auto& expression = of<A_Expr>(node);
            switch (expression.kind) {
                case AEXPR_BETWEEN: case AEXPR_NOT_BETWEEN: case AEXPR_BETWEEN_SYM: case AEXPR_NOT_BETWEEN_SYM:
                    for (const char* name : {"<", ">", "<=", ">="}) operator_named({}, name);
                    break;
                case AEXPR_OP: case AEXPR_OP_ANY: case AEXPR_OP_ALL: case AEXPR_DISTINCT: case AEXPR_NOT_DISTINCT:
                case AEXPR_NULLIF: case AEXPR_IN: case AEXPR_LIKE: case AEXPR_ILIKE: case AEXPR_SIMILAR:
                    operator_named(expression.name);
                    break;
            }
            break;
        }
        case T_SubLink:
            if (of<SubLink>(node).operName != nullptr) operator_named(of<SubLink>(node).operName);
            else operator_named({}, "=");
            break;
        case T_CaseExpr:
            if (of<CaseExpr>(node).arg != nullptr) operator_named({}, "=");
            break;
        case T_SortBy: operator_named(of<SortBy>(node).useOp); break;
        case T_TypeCast: {
            // Its type is judged with what is cast, not as a child of its own.
            const auto& written = of<TypeCast>(node);
            cast(written);
            push(written.arg, item.scope);
            if (written.typeName != nullptr) push_list(written.typeName->typmods, item.scope);
            return;
        }
        case T_TypeName: type(of<TypeName>(node)); break;
        case T_ParamRef:
            if (of<ParamRef>(node).number > 0)
                found_.parameters = std::max(found_.parameters, static_cast<std::uint32_t>(of<ParamRef>(node).number));
            break;
        case T_ColumnRef: {
            const NodesView fields = nodes(of<ColumnRef>(node).fields);
            if (fields.size() >= 2) field_as_function(text_of(fields.back()), true);
            break;
        }
        case T_A_Indirection:
            for (const Node* field : nodes(of<A_Indirection>(node).indirection))
                field_as_function(text_of(field), false);
            break;
        default: break;  // push_children reports what it does not know
    }
    push_children(node, item.scope);
}

void Judge::select(const SelectStmt& select, const Item& item) {
    found_.cause(kRead);
    const CteScope* scope = open_with(select.withClause, item.scope);
    const bool locks = item.locked || select.lockingClause != nullptr;
    if (select.lockingClause != nullptr) found_.cause({Kind::Write, Effect::Lock}, "SELECT with a row lock (FOR UPDATE or FOR SHARE)");
    if (select.intoClause != nullptr) {
        found_.cause({Kind::Ddl, Effect::Ddl}, "SELECT INTO makes a table");
        relation(*select.intoClause->rel, Use::Write, true);
    }
    note_named_setting(select);
    push_list(select.distinctClause, scope);
    push_list(select.targetList, scope);
    push_list(select.fromClause, scope, locks);
    push(select.whereClause, scope);
    push_list(select.groupClause, scope);
    push(select.havingClause, scope);
    push_list(select.windowClause, scope);
    push_list(select.valuesLists, scope);
    push_list(select.sortClause, scope);
    push(select.limitOffset, scope);
    push(select.limitCount, scope);
    push(select.larg, scope, locks);
    push(select.rarg, scope, locks);
}

void Judge::insert(const InsertStmt& insert, const CteScope* outer) {
    const CteScope* scope = open_with(insert.withClause, outer);
    write_to(*insert.relation, "INSERT into");
    push_list(insert.cols, scope);
    push(insert.selectStmt, scope);
    push(insert.onConflictClause, scope);
    push_list(insert.returningList, scope);
}

void Judge::update(const UpdateStmt& update, const CteScope* outer) {
    const CteScope* scope = open_with(update.withClause, outer);
    write_to(*update.relation, "UPDATE on");
    push_list(update.targetList, scope);
    push(update.whereClause, scope);
    push_list(update.fromClause, scope);
    push_list(update.returningList, scope);
}

void Judge::remove(const DeleteStmt& remove, const CteScope* outer) {
    const CteScope* scope = open_with(remove.withClause, outer);
    write_to(*remove.relation, "DELETE from");
    push_list(remove.usingClause, scope);
    push(remove.whereClause, scope);
    push_list(remove.returningList, scope);
}

void Judge::merge(const MergeStmt& merge, const CteScope* outer) {
    const CteScope* scope = open_with(merge.withClause, outer);
    write_to(*merge.relation, "MERGE into");
    push(merge.sourceRelation, scope);
    push(merge.joinCondition, scope);
    push_list(merge.mergeWhenClauses, scope);
}

void Judge::write_to(const RangeVar& name, std::string_view verb) {
    const std::size_t before = found_.relations.size();
    relation(name, Use::Write);
    const bool known = found_.relations.size() > before && found_.relations[before].oid != kInvalidOid;
    found_.cause(kWrite, std::string(verb) + " " + (known ? found_.relations[before].name : QualifiedName{text_of(name.schemaname), text_of(name.relname)}.text()));
}

void Judge::from_name(const RangeVar& name, const Item& item) {
    if (name.schemaname == nullptr && names_cte(item.scope, text_of(name.relname))) return;
    relation(name, Use::Read);
    if (item.locked) relation(name, Use::Lock);
}

void Judge::sample_method(const RangeTableSample& sample) {
    const QualifiedName name = sql::name_of(sample.method, catalog_);
    const bool plain = name.schema.empty() || name.schema == "pg_catalog";
    if (plain && (name.name == "system" || name.name == "bernoulli")) return;
    function_named(name, 1);
}

}  // namespace pgveil::sql
