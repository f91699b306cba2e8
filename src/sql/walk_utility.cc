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

void add_constraint(Out& out, const Constraint& c) {
    add(out, c.raw_expr);
    add_list(out, c.exclusions);
    add(out, c.where_clause);
}

void add_create(Out& out, const CreateStmt& s) {
    add_list(out, s.tableElts);
    add(out, s.partbound);
    add(out, s.partspec);
    add(out, s.ofTypename);
    add_list(out, s.constraints);
}

void add_index(Out& out, const IndexStmt& s) {
    add_list(out, s.indexParams);
    add_list(out, s.indexIncludingParams);
    add(out, s.whereClause);
}

void add_function(Out& out, const CreateFunctionStmt& s) {
    add_list(out, s.parameters);
    add(out, s.returnType);
    add(out, s.sql_body);
}

void add_bound(Out& out, const PartitionBoundSpec& b) {
    add_list(out, b.listdatums);
    add_list(out, b.lowerdatums);
    add_list(out, b.upperdatums);
}

/// Parts of definitions.
bool append_part_children(const Node* node, Out& out) {
    switch (node->type) {
        case T_Constraint: add_constraint(out, of<Constraint>(node)); return true;
        case T_PartitionSpec: add_list(out, of<PartitionSpec>(node).partParams); return true;
        case T_PartitionElem: add(out, of<PartitionElem>(node).expr); return true;
        case T_PartitionBoundSpec: add_bound(out, of<PartitionBoundSpec>(node)); return true;
        case T_PartitionRangeDatum: add(out, of<PartitionRangeDatum>(node).value); return true;
        case T_PartitionCmd: add(out, of<PartitionCmd>(node).bound); return true;
        case T_StatsElem: add(out, of<StatsElem>(node).expr); return true;
        case T_FunctionParameter:
            add(out, of<FunctionParameter>(node).argType);
            add(out, of<FunctionParameter>(node).defexpr);
            return true;
        case T_AlterTableCmd: add(out, of<AlterTableCmd>(node).def); return true;
        case T_TableLikeClause: case T_RoleSpec: case T_ObjectWithArgs: case T_ReplicaIdentityStmt: return true;
        // Options name things, they hold no expression that runs; lists of them are still counted.
        case T_DefElem:
            if (tag_of(of<DefElem>(node).arg) == T_List) add(out, of<DefElem>(node).arg);
            return true;
        case T_ReturnStmt: add(out, of<ReturnStmt>(node).returnval); return true;
        default: return false;
    }
}

}  // namespace

bool append_utility_children(const Node* node, Out& out) {
    switch (node->type) {
        case T_RawStmt: add(out, of<RawStmt>(node).stmt); return true;
        case T_PrepareStmt: add_list(out, of<PrepareStmt>(node).argtypes); add(out, of<PrepareStmt>(node).query); return true;
        case T_ExecuteStmt: add_list(out, of<ExecuteStmt>(node).params); return true;
        case T_ExplainStmt: add(out, of<ExplainStmt>(node).query); add_list(out, of<ExplainStmt>(node).options); return true;
        case T_DeclareCursorStmt: add(out, of<DeclareCursorStmt>(node).query); return true;
        case T_CopyStmt: add(out, of<CopyStmt>(node).query); add(out, of<CopyStmt>(node).whereClause); return true;
        case T_CreateTableAsStmt: add(out, of<CreateTableAsStmt>(node).query); add(out, of<CreateTableAsStmt>(node).into); return true;
        case T_CallStmt: add(out, of<CallStmt>(node).funccall); return true;
        case T_ViewStmt: add(out, of<ViewStmt>(node).query); return true;
        case T_RuleStmt: add(out, of<RuleStmt>(node).whereClause); add_list(out, of<RuleStmt>(node).actions); return true;
        case T_CreateStmt: add_create(out, of<CreateStmt>(node)); return true;
        case T_CreateForeignTableStmt: add_create(out, of<CreateForeignTableStmt>(node).base); return true;
        case T_IndexStmt: add_index(out, of<IndexStmt>(node)); return true;
        case T_AlterTableStmt: add_list(out, of<AlterTableStmt>(node).cmds); return true;
        case T_CreateSchemaStmt: add_list(out, of<CreateSchemaStmt>(node).schemaElts); return true;
        case T_CreateFunctionStmt: add_function(out, of<CreateFunctionStmt>(node)); return true;
        case T_CreateTrigStmt: add(out, of<CreateTrigStmt>(node).whenClause); return true;
        case T_CreatePolicyStmt: add(out, of<CreatePolicyStmt>(node).qual); add(out, of<CreatePolicyStmt>(node).with_check); return true;
        case T_AlterPolicyStmt: add(out, of<AlterPolicyStmt>(node).qual); add(out, of<AlterPolicyStmt>(node).with_check); return true;
        case T_CreateStatsStmt: add_list(out, of<CreateStatsStmt>(node).exprs); return true;
        case T_CreateDomainStmt: add(out, of<CreateDomainStmt>(node).typeName); add_list(out, of<CreateDomainStmt>(node).constraints); return true;
        case T_AlterDomainStmt: add(out, of<AlterDomainStmt>(node).def); return true;
        case T_CompositeTypeStmt: add_list(out, of<CompositeTypeStmt>(node).coldeflist); return true;
        case T_VariableSetStmt: add_list(out, of<VariableSetStmt>(node).args); return true;
        case T_TransactionStmt: add_list(out, of<TransactionStmt>(node).options); return true;
        default: return append_part_children(node, out);
    }
}

}  // namespace pgveil::sql
