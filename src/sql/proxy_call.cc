#include "sql/proxy_call.h"

namespace pgveil::sql {

namespace {

ProxyCall call_named(std::string_view name) {
    if (name == "request") return ProxyCall::Request;
    if (name == "execute") return ProxyCall::Execute;
    if (name == "explain") return ProxyCall::Explain;
    if (name == "submit") return ProxyCall::Submit;
    return ProxyCall::Misused;
}

bool only_star(const SelectStmt& select) {
    const NodesView targets = nodes(select.targetList);
    if (targets.size() != 1) return false;
    const auto* target = PGVEIL_AS(ResTarget, targets[0]);
    const auto* column = target == nullptr ? nullptr : PGVEIL_AS(ColumnRef, target->val);
    return column != nullptr && target->name == nullptr && nodes(column->fields).size() == 1 &&
           tag_of(nodes(column->fields)[0]) == T_A_Star;
}

bool nothing_else(const SelectStmt& s) {
    return s.distinctClause == nullptr && s.intoClause == nullptr && s.whereClause == nullptr && s.groupClause == nullptr &&
           s.havingClause == nullptr && s.windowClause == nullptr && s.valuesLists == nullptr && s.sortClause == nullptr &&
           s.limitOffset == nullptr && s.limitCount == nullptr && s.lockingClause == nullptr && s.withClause == nullptr &&
           s.op == SETOP_NONE;
}

/// The FuncCall of FROM's one plain function, or null.
const FuncCall* only_function(const SelectStmt& select) {
    const NodesView from = nodes(select.fromClause);
    if (from.size() != 1) return nullptr;
    const auto* range = PGVEIL_AS(RangeFunction, from[0]);
    if (range == nullptr || range->lateral || range->ordinality || range->is_rowsfrom || range->coldeflist != nullptr) return nullptr;
    const NodesView functions = nodes(range->functions);
    if (functions.size() != 1) return nullptr;
    const auto* pair = PGVEIL_AS(List, functions[0]);
    return pair == nullptr || nodes(pair).empty() ? nullptr : PGVEIL_AS(FuncCall, nodes(pair)[0]);
}

bool is_pgveil(const FuncCall& call) {
    const NodesView name = nodes(call.funcname);
    return name.size() == 2 && text_of(name[0]) == "pgveil";
}

}  // namespace

ProxyCallForm proxy_call_of(const Node* statement) {
    ProxyCallForm form;
    const auto* select = PGVEIL_AS(SelectStmt, statement);
    const FuncCall* call = select == nullptr ? nullptr : only_function(*select);
    if (call == nullptr || !is_pgveil(*call)) return form;
    form.call = ProxyCall::Misused;
    const NodesView arguments = nodes(call->args);
    if (!only_star(*select) || !nothing_else(*select) || arguments.size() != 1 || call->func_variadic ||
        call->agg_distinct || call->agg_order != nullptr || call->agg_filter != nullptr || call->over != nullptr)
        return form;
    const Node* argument = arguments[0];
    if (const auto* cast = PGVEIL_AS(TypeCast, argument)) argument = cast->arg;  // $1::text, as some drivers write
    if (const auto* parameter = PGVEIL_AS(ParamRef, argument)) {
        if (parameter->number != 1) return form;
        form.argument_is_parameter = true;
    } else if (const auto* constant = PGVEIL_AS(A_Const, argument); constant != nullptr && !constant->isnull && constant->val.node.type == T_String) {
        form.argument = text_of(constant->val.sval.sval);
    } else {
        return form;
    }
    form.call = call_named(text_of(nodes(call->funcname)[1]));
    return form;
}

}  // namespace pgveil::sql
