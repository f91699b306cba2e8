#include "sql/walk.h"

namespace pgveil::sql {

namespace {

using Out = std::vector<const Node*>;

void add(Out& out, const void* node) {
    if (node != nullptr) out.push_back(static_cast<const Node*>(node));
}
void add_list(Out& out, const List* list) {
    for (const Node* node : nodes(list)) add(out, node);
}

template <class T>
const T& of(const Node* node) {
    return *reinterpret_cast<const T*>(node);
}

void add_select(Out& out, const SelectStmt& s) {
    add(out, s.withClause);
    add_list(out, s.distinctClause);
    add(out, s.intoClause);
    add_list(out, s.targetList);
    add_list(out, s.fromClause);
    add(out, s.whereClause);
    add_list(out, s.groupClause);
    add(out, s.havingClause);
    add_list(out, s.windowClause);
    add_list(out, s.valuesLists);
    add_list(out, s.sortClause);
    add(out, s.limitOffset);
    add(out, s.limitCount);
    add_list(out, s.lockingClause);
    add(out, s.larg);
    add(out, s.rarg);
}

void add_insert(Out& out, const InsertStmt& s) {
    add(out, s.withClause);
    add(out, s.relation);
    add_list(out, s.cols);
    add(out, s.selectStmt);
    add(out, s.onConflictClause);
    add_list(out, s.returningList);
}

void add_update(Out& out, const UpdateStmt& s) {
    add(out, s.withClause);
    add(out, s.relation);
    add_list(out, s.targetList);
    add(out, s.whereClause);
    add_list(out, s.fromClause);
    add_list(out, s.returningList);
}

void add_delete(Out& out, const DeleteStmt& s) {
    add(out, s.withClause);
    add(out, s.relation);
    add_list(out, s.usingClause);
    add(out, s.whereClause);
    add_list(out, s.returningList);
}

void add_merge(Out& out, const MergeStmt& s) {
    add(out, s.withClause);
    add(out, s.relation);
    add(out, s.sourceRelation);
    add(out, s.joinCondition);
    add_list(out, s.mergeWhenClauses);
}

void add_function(Out& out, const FuncCall& f) {
    add_list(out, f.args);
    add_list(out, f.agg_order);
    add(out, f.agg_filter);
    add(out, f.over);
}

void add_window(Out& out, const WindowDef& w) {
    add_list(out, w.partitionClause);
    add_list(out, w.orderClause);
    add(out, w.startOffset);
    add(out, w.endOffset);
}

void add_table_function(Out& out, const RangeTableFunc& f) {
    add(out, f.docexpr);
    add(out, f.rowexpr);
    add_list(out, f.namespaces);
    add_list(out, f.columns);
}

void add_conflict(Out& out, const OnConflictClause& c) {
    add(out, c.infer);
    add_list(out, c.targetList);
    add(out, c.whereClause);
}

bool append_clause_children(const Node* node, Out& out);
bool append_from_children(const Node* node, Out& out);

}  // namespace

// Expressions; what is not one is tried as a clause, then as part of FROM, then as a utility statement's part.
bool append_children(const Node* node, Out& out) {
    switch (node->type) {  // NodeTag is the library's: the default hands on to the next list
        case T_List: add_list(out, reinterpret_cast<const List*>(node)); return true;
        case T_A_Const: case T_ColumnRef: case T_ParamRef: case T_A_Star: case T_String: case T_Integer: case T_Float:
        case T_Boolean: case T_BitString: case T_SetToDefault: case T_SQLValueFunction: case T_CurrentOfExpr:
            return true;
        case T_A_Expr: add(out, of<A_Expr>(node).lexpr); add(out, of<A_Expr>(node).rexpr); return true;
        case T_BoolExpr: add_list(out, of<BoolExpr>(node).args); return true;
        case T_FuncCall: add_function(out, of<FuncCall>(node)); return true;
        case T_A_Indices: add(out, of<A_Indices>(node).lidx); add(out, of<A_Indices>(node).uidx); return true;
        case T_A_Indirection:
            add(out, of<A_Indirection>(node).arg);
            add_list(out, of<A_Indirection>(node).indirection);
            return true;
        case T_A_ArrayExpr: add_list(out, of<A_ArrayExpr>(node).elements); return true;
        case T_TypeCast: add(out, of<TypeCast>(node).arg); add(out, of<TypeCast>(node).typeName); return true;
        case T_CollateClause: add(out, of<CollateClause>(node).arg); return true;
        case T_SubLink: add(out, of<SubLink>(node).testexpr); add(out, of<SubLink>(node).subselect); return true;
        case T_CaseExpr:
            add(out, of<CaseExpr>(node).arg);
            add_list(out, of<CaseExpr>(node).args);
            add(out, of<CaseExpr>(node).defresult);
            return true;
        case T_CaseWhen: add(out, of<CaseWhen>(node).expr); add(out, of<CaseWhen>(node).result); return true;
        case T_CoalesceExpr: add_list(out, of<CoalesceExpr>(node).args); return true;
        case T_MinMaxExpr: add_list(out, of<MinMaxExpr>(node).args); return true;
        case T_NullTest: add(out, of<NullTest>(node).arg); return true;
        case T_BooleanTest: add(out, of<BooleanTest>(node).arg); return true;
        case T_RowExpr: add_list(out, of<RowExpr>(node).args); return true;
        case T_NamedArgExpr: add(out, of<NamedArgExpr>(node).arg); return true;
        case T_GroupingFunc: add_list(out, of<GroupingFunc>(node).args); return true;
        case T_GroupingSet: add_list(out, of<GroupingSet>(node).content); return true;
        case T_XmlExpr: add_list(out, of<XmlExpr>(node).named_args); add_list(out, of<XmlExpr>(node).args); return true;
        case T_XmlSerialize: add(out, of<XmlSerialize>(node).expr); add(out, of<XmlSerialize>(node).typeName); return true;
        case T_MultiAssignRef: add(out, of<MultiAssignRef>(node).source); return true;
        case T_TypeName: add_list(out, of<TypeName>(node).typmods); return true;
        default: return append_clause_children(node, out);
    }
}

namespace {

bool append_clause_children(const Node* node, Out& out) {
    switch (node->type) {
        case T_SelectStmt: add_select(out, of<SelectStmt>(node)); return true;
        case T_InsertStmt: add_insert(out, of<InsertStmt>(node)); return true;
        case T_UpdateStmt: add_update(out, of<UpdateStmt>(node)); return true;
        case T_DeleteStmt: add_delete(out, of<DeleteStmt>(node)); return true;
        case T_MergeStmt: add_merge(out, of<MergeStmt>(node)); return true;
        case T_MergeWhenClause:
            add(out, of<MergeWhenClause>(node).condition);
            add_list(out, of<MergeWhenClause>(node).targetList);
            add_list(out, of<MergeWhenClause>(node).values);
            return true;
        case T_ResTarget: add_list(out, of<ResTarget>(node).indirection); add(out, of<ResTarget>(node).val); return true;
        case T_SortBy: add(out, of<SortBy>(node).node); return true;
        case T_WindowDef: add_window(out, of<WindowDef>(node)); return true;
        case T_LockingClause: return true;  // its names repeat the FROM clause's
        case T_WithClause: add_list(out, of<WithClause>(node).ctes); return true;
        case T_CommonTableExpr:
            add(out, of<CommonTableExpr>(node).ctequery);
            add(out, of<CommonTableExpr>(node).search_clause);
            add(out, of<CommonTableExpr>(node).cycle_clause);
            return true;
        case T_CTESearchClause: return true;
        case T_CTECycleClause:
            add(out, of<CTECycleClause>(node).cycle_mark_value);
            add(out, of<CTECycleClause>(node).cycle_mark_default);
            return true;
        case T_OnConflictClause: add_conflict(out, of<OnConflictClause>(node)); return true;
        case T_InferClause: add_list(out, of<InferClause>(node).indexElems); add(out, of<InferClause>(node).whereClause); return true;
        case T_IndexElem: add(out, of<IndexElem>(node).expr); return true;
        case T_IntoClause: add_list(out, of<IntoClause>(node).options); return true;  // the target is the statement's affair
        default: return append_from_children(node, out);
    }
}

bool append_from_children(const Node* node, Out& out) {
    switch (node->type) {
        case T_RangeVar: return true;
        case T_JoinExpr:
            add(out, of<JoinExpr>(node).larg);
            add(out, of<JoinExpr>(node).rarg);
            add(out, of<JoinExpr>(node).quals);
            return true;
        case T_RangeSubselect: add(out, of<RangeSubselect>(node).subquery); return true;
        case T_RangeFunction:
            add_list(out, of<RangeFunction>(node).functions);
            add_list(out, of<RangeFunction>(node).coldeflist);
            return true;
        case T_RangeTableFunc: add_table_function(out, of<RangeTableFunc>(node)); return true;
        case T_RangeTableFuncCol:
            add(out, of<RangeTableFuncCol>(node).typeName);
            add(out, of<RangeTableFuncCol>(node).colexpr);
            add(out, of<RangeTableFuncCol>(node).coldefexpr);
            return true;
        case T_RangeTableSample:
            add(out, of<RangeTableSample>(node).relation);
            add_list(out, of<RangeTableSample>(node).args);
            add(out, of<RangeTableSample>(node).repeatable);
            return true;
        case T_ColumnDef:
            add(out, of<ColumnDef>(node).typeName);
            add(out, of<ColumnDef>(node).raw_default);
            add(out, of<ColumnDef>(node).collClause);
            add_list(out, of<ColumnDef>(node).constraints);
            return true;
        default: return append_utility_children(node, out);
    }
}

}  // namespace

bool within_bounds(const List* statements, const Bounds& bounds) {
    struct Item {
        const Node* node;
        std::uint32_t depth;
    };
    std::vector<Item> stack;
    Out children;
    std::uint64_t count = 0;
    for (const Node* node : nodes(statements)) stack.push_back({node, 1});
    while (!stack.empty()) {
        const Item item = stack.back();
        stack.pop_back();
        if (item.depth > bounds.depth || ++count > bounds.nodes) return false;
        children.clear();
        (void)append_children(item.node, children);  // unknown nodes are the judge's to report
        if (count + children.size() > bounds.nodes) return false;
        for (const Node* child : children) stack.push_back({child, item.depth + 1});
    }
    return true;
}

}  // namespace pgveil::sql
