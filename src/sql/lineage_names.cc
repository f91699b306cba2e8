#include "sql/lineage_names.h"

namespace pgveil::sql {

namespace {

constexpr std::string_view kNoName = "?column?";

/// How good a name is: a type's name gives way to the name inside a cast.
enum class Strength { None, Type, Real };
struct Name {
    std::string_view name;
    Strength strength = Strength::None;
};

Name name_of(const void* node);

Name last_string(const List* list) {
    std::string_view name;
    for (const Node* part : nodes(list)) {
        if (tag_of(part) == T_String) name = text_of(part);
    }
    return name.empty() ? Name{} : Name{name, Strength::Real};
}

Name name_of_value_function(const SQLValueFunction& function) {
    switch (function.op) {
        case SVFOP_CURRENT_DATE: return {"current_date", Strength::Real};
        case SVFOP_CURRENT_TIME:
        case SVFOP_CURRENT_TIME_N: return {"current_time", Strength::Real};
        case SVFOP_CURRENT_TIMESTAMP:
        case SVFOP_CURRENT_TIMESTAMP_N: return {"current_timestamp", Strength::Real};
        case SVFOP_LOCALTIME:
        case SVFOP_LOCALTIME_N: return {"localtime", Strength::Real};
        case SVFOP_LOCALTIMESTAMP:
        case SVFOP_LOCALTIMESTAMP_N: return {"localtimestamp", Strength::Real};
        case SVFOP_CURRENT_ROLE: return {"current_role", Strength::Real};
        case SVFOP_CURRENT_USER: return {"current_user", Strength::Real};
        case SVFOP_USER: return {"user", Strength::Real};
        case SVFOP_SESSION_USER: return {"session_user", Strength::Real};
        case SVFOP_CURRENT_CATALOG: return {"current_catalog", Strength::Real};
        case SVFOP_CURRENT_SCHEMA: return {"current_schema", Strength::Real};
    }
    return {};
}

Name name_of_xml(const XmlExpr& xml) {
    switch (xml.op) {
        case IS_XMLCONCAT: return {"xmlconcat", Strength::Real};
        case IS_XMLELEMENT: return {"xmlelement", Strength::Real};
        case IS_XMLFOREST: return {"xmlforest", Strength::Real};
        case IS_XMLPARSE: return {"xmlparse", Strength::Real};
        case IS_XMLPI: return {"xmlpi", Strength::Real};
        case IS_XMLROOT: return {"xmlroot", Strength::Real};
        case IS_XMLSERIALIZE:
        case IS_DOCUMENT: return {};
    }
    return {};
}

Name name_of_sublink(const SubLink& link) {
    switch (link.subLinkType) {
        case EXISTS_SUBLINK: return {"exists", Strength::Real};
        case ARRAY_SUBLINK: return {"array", Strength::Real};
        case EXPR_SUBLINK: {
            const auto* select = PGVEIL_AS(SelectStmt, link.subselect);
            while (select && select->larg) select = select->larg;
            if (!select || nodes(select->targetList).empty()) return {};
            const auto* target = PGVEIL_AS(ResTarget, nodes(select->targetList)[0]);
            if (!target) return {};
            return target->name ? Name{text_of(target->name), Strength::Real} : name_of(target->val);
        }
        case ANY_SUBLINK:
        case ALL_SUBLINK:
        case ROWCOMPARE_SUBLINK:
        case MULTIEXPR_SUBLINK:
        case CTE_SUBLINK: return {};
    }
    return {};
}

Name name_of(const void* any) {
    const auto* node = static_cast<const Node*>(any);
    switch (tag_of(node)) {
        case T_ColumnRef: return last_string(PGVEIL_AS(ColumnRef, node)->fields);
        case T_A_Indirection: {
            const auto& indirection = *PGVEIL_AS(A_Indirection, node);
            const Name field = last_string(indirection.indirection);
            return field.strength == Strength::None ? name_of(indirection.arg) : field;
        }
        case T_FuncCall: return last_string(PGVEIL_AS(FuncCall, node)->funcname);
        case T_A_Expr:
            return PGVEIL_AS(A_Expr, node)->kind == AEXPR_NULLIF ? Name{"nullif", Strength::Real} : Name{};
        case T_TypeCast: {
            const auto& cast = *PGVEIL_AS(TypeCast, node);
            const Name inner = name_of(cast.arg);
            if (inner.strength == Strength::Real || !cast.typeName) return inner;
            const Name type = last_string(cast.typeName->names);
            return type.strength == Strength::None ? inner : Name{type.name, Strength::Type};
        }
        case T_CollateClause: return name_of(PGVEIL_AS(CollateClause, node)->arg);
        case T_GroupingFunc: return {"grouping", Strength::Real};
        case T_SubLink: return name_of_sublink(*PGVEIL_AS(SubLink, node));
        case T_CaseExpr: {
            const Name inner = name_of(PGVEIL_AS(CaseExpr, node)->defresult);
            return inner.strength == Strength::Real ? inner : Name{"case", Strength::Type};
        }
        case T_A_ArrayExpr: return {"array", Strength::Real};
        case T_RowExpr: return {"row", Strength::Real};
        case T_CoalesceExpr: return {"coalesce", Strength::Real};
        case T_MinMaxExpr:
            return {PGVEIL_AS(MinMaxExpr, node)->op == IS_GREATEST ? "greatest" : "least", Strength::Real};
        case T_SQLValueFunction: return name_of_value_function(*PGVEIL_AS(SQLValueFunction, node));
        case T_XmlExpr: return name_of_xml(*PGVEIL_AS(XmlExpr, node));
        case T_XmlSerialize: return {"xmlserialize", Strength::Real};
        default: return {};
    }
}

}  // namespace

std::string_view output_name(const ResTarget& target) {
    if (target.name) return text_of(target.name);
    const Name name = name_of(target.val);
    return name.strength == Strength::None ? kNoName : name.name;
}

}  // namespace pgveil::sql
