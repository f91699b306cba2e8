#include <algorithm>
#include <optional>

#include "sql/settings.h"
#include "sql/statements.h"

namespace pgveil::sql {

namespace {

constexpr Judgement kRead{Kind::Read, Effect::Read};
constexpr Judgement kWrite{Kind::Write, Effect::Write};
constexpr Judgement kDdl{Kind::Ddl, Effect::Ddl};
constexpr Judgement kRole{Kind::Admin, Effect::Role};
constexpr Judgement kAdmin{Kind::Admin, Effect::Admin};
constexpr Judgement kReplication{Kind::Admin, Effect::Replication};

struct Rule {
    NodeTag tag;
    Judgement judgement;
    std::string_view words;
    bool wrappable = true;
};

// Statements whose node alone says what they are. Everything else is in one of the functions below or unknown.
constexpr Rule kRules[] = {
    {T_AlterTableStmt, kDdl, "ALTER TABLE"},
    {T_AlterDomainStmt, kDdl, "ALTER DOMAIN"},
    {T_GrantStmt, kDdl, "GRANT or REVOKE on objects"},
    {T_GrantRoleStmt, kRole, "GRANT or REVOKE of a role"},
    {T_AlterDefaultPrivilegesStmt, kDdl, "ALTER DEFAULT PRIVILEGES"},
    {T_CreateStmt, kDdl, "CREATE TABLE"},
    {T_DefineStmt, kDdl, "CREATE AGGREGATE, OPERATOR, TYPE or the like"},
    {T_CommentStmt, kDdl, "COMMENT"},
    {T_CreateFunctionStmt, kDdl, "CREATE FUNCTION"},
    {T_AlterFunctionStmt, kDdl, "ALTER FUNCTION"},
    {T_RenameStmt, kDdl, "ALTER ... RENAME"},
    {T_RuleStmt, kDdl, "CREATE RULE"},
    {T_ViewStmt, kDdl, "CREATE VIEW"},
    {T_LoadStmt, {Kind::Admin, Effect::Program}, "LOAD brings a library into the server"},
    {T_CreateDomainStmt, kDdl, "CREATE DOMAIN"},
    {T_CreatedbStmt, kAdmin, "CREATE DATABASE", false},
    {T_DropdbStmt, kAdmin, "DROP DATABASE", false},
    {T_CreateSeqStmt, kDdl, "CREATE SEQUENCE"},
    {T_AlterSeqStmt, kDdl, "ALTER SEQUENCE"},
    {T_CreateTrigStmt, kDdl, "CREATE TRIGGER"},
    {T_CreatePLangStmt, kDdl, "CREATE LANGUAGE"},
    {T_CreateRoleStmt, kRole, "CREATE ROLE"},
    {T_AlterRoleStmt, kRole, "ALTER ROLE"},
    {T_DropRoleStmt, kRole, "DROP ROLE"},
    {T_CheckPointStmt, kAdmin, "CHECKPOINT"},
    {T_CreateSchemaStmt, kDdl, "CREATE SCHEMA"},
    {T_AlterDatabaseStmt, kAdmin, "ALTER DATABASE", false},
    {T_AlterDatabaseRefreshCollStmt, kAdmin, "ALTER DATABASE"},
    {T_AlterDatabaseSetStmt, kAdmin, "ALTER DATABASE ... SET"},
    {T_AlterRoleSetStmt, kRole, "ALTER ROLE ... SET"},
    {T_CreateConversionStmt, kDdl, "CREATE CONVERSION"},
    {T_CreateCastStmt, kDdl, "CREATE CAST"},
    {T_CreateOpClassStmt, kDdl, "CREATE OPERATOR CLASS"},
    {T_CreateOpFamilyStmt, kDdl, "CREATE OPERATOR FAMILY"},
    {T_AlterOpFamilyStmt, kDdl, "ALTER OPERATOR FAMILY"},
    {T_CreateTableSpaceStmt, {Kind::Admin, Effect::File}, "CREATE TABLESPACE", false},
    {T_DropTableSpaceStmt, {Kind::Admin, Effect::File}, "DROP TABLESPACE", false},
    {T_AlterObjectDependsStmt, kDdl, "ALTER ... DEPENDS ON EXTENSION"},
    {T_AlterObjectSchemaStmt, kDdl, "ALTER ... SET SCHEMA"},
    {T_AlterOwnerStmt, kDdl, "ALTER ... OWNER"},
    {T_AlterOperatorStmt, kDdl, "ALTER OPERATOR"},
    {T_AlterTypeStmt, kDdl, "ALTER TYPE"},
    {T_DropOwnedStmt, kRole, "DROP OWNED"},
    {T_ReassignOwnedStmt, kRole, "REASSIGN OWNED"},
    {T_CompositeTypeStmt, kDdl, "CREATE TYPE"},
    {T_CreateEnumStmt, kDdl, "CREATE TYPE"},
    {T_CreateRangeStmt, kDdl, "CREATE TYPE"},
    {T_AlterEnumStmt, kDdl, "ALTER TYPE"},
    {T_AlterTSDictionaryStmt, kDdl, "ALTER TEXT SEARCH DICTIONARY"},
    {T_AlterTSConfigurationStmt, kDdl, "ALTER TEXT SEARCH CONFIGURATION"},
    {T_CreateFdwStmt, kDdl, "CREATE FOREIGN DATA WRAPPER"},
    {T_AlterFdwStmt, kDdl, "ALTER FOREIGN DATA WRAPPER"},
    {T_CreateForeignServerStmt, kDdl, "CREATE SERVER"},
    {T_AlterForeignServerStmt, kDdl, "ALTER SERVER"},
    {T_CreateUserMappingStmt, kDdl, "CREATE USER MAPPING"},
    {T_AlterUserMappingStmt, kDdl, "ALTER USER MAPPING"},
    {T_DropUserMappingStmt, kDdl, "DROP USER MAPPING"},
    {T_AlterTableSpaceOptionsStmt, kAdmin, "ALTER TABLESPACE"},
    {T_AlterTableMoveAllStmt, kDdl, "ALTER TABLE ALL IN TABLESPACE"},
    {T_SecLabelStmt, kDdl, "SECURITY LABEL"},
    {T_CreateForeignTableStmt, kDdl, "CREATE FOREIGN TABLE"},
    {T_ImportForeignSchemaStmt, {Kind::Admin, Effect::Network}, "IMPORT FOREIGN SCHEMA asks another server"},
    {T_CreateExtensionStmt, kDdl, "CREATE EXTENSION"},
    {T_AlterExtensionStmt, kDdl, "ALTER EXTENSION"},
    {T_AlterExtensionContentsStmt, kDdl, "ALTER EXTENSION"},
    {T_CreateEventTrigStmt, kDdl, "CREATE EVENT TRIGGER"},
    {T_AlterEventTrigStmt, kDdl, "ALTER EVENT TRIGGER"},
    {T_AlterSystemStmt, kAdmin, "ALTER SYSTEM", false},
    {T_CreatePolicyStmt, kDdl, "CREATE POLICY"},
    {T_AlterPolicyStmt, kDdl, "ALTER POLICY"},
    {T_CreateTransformStmt, kDdl, "CREATE TRANSFORM"},
    {T_CreateAmStmt, kDdl, "CREATE ACCESS METHOD"},
    {T_CreatePublicationStmt, kReplication, "CREATE PUBLICATION"},
    {T_AlterPublicationStmt, kReplication, "ALTER PUBLICATION"},
    {T_CreateSubscriptionStmt, kReplication, "CREATE SUBSCRIPTION", false},
    {T_AlterSubscriptionStmt, kReplication, "ALTER SUBSCRIPTION", false},
    {T_DropSubscriptionStmt, kReplication, "DROP SUBSCRIPTION", false},
    {T_CreateStatsStmt, kDdl, "CREATE STATISTICS"},
    {T_AlterCollationStmt, kDdl, "ALTER COLLATION"},
    {T_AlterStatsStmt, kDdl, "ALTER STATISTICS"},
};

template <class T>
const T& of(const Node* node) {
    return *reinterpret_cast<const T*>(node);
}

bool option_on(const List* options, std::string_view name) {
    return std::ranges::any_of(nodes(options), [&](const Node* node) {
        const auto* option = PGVEIL_AS(DefElem, node);
        return option != nullptr && text_of(option->defname) == name;
    });
}

void copy(const CopyStmt& node, StatementFrame& frame) {
    Findings& found = frame.judge.findings();
    frame.statement.verb = node.is_from ? Verb::CopyIn : Verb::CopyOut;
    if (node.relation != nullptr) frame.judge.relation(*node.relation, node.is_from ? Use::Write : Use::Read);
    if (node.query != nullptr) frame.judge.query(node.query);
    if (node.whereClause != nullptr) frame.judge.query(node.whereClause);
    if (node.is_program) return found.cause({Kind::Admin, Effect::Program}, "COPY with PROGRAM runs a command on the server");
    if (node.filename != nullptr) return found.cause({Kind::Admin, Effect::File}, "COPY with a file on the server");
    frame.statement.has_result = !node.is_from;
    if (!node.is_from) {
        found.cause(kRead);
        return found.cause({Kind::Read, Effect::CopyOut});
    }
    found.cause({Kind::Write, Effect::CopyIn}, "COPY FROM STDIN");
}

void create_as(const CreateTableAsStmt& node, StatementFrame& frame) {
    frame.judge.findings().cause(kDdl, node.objtype == OBJECT_MATVIEW ? "CREATE MATERIALIZED VIEW" : "CREATE TABLE AS");
    frame.judge.relation(*node.into->rel, Use::Write, true);
    frame.judge.memo().created.emplace_back(text_of(node.into->rel->relname));
    if (node.query->type == T_ExecuteStmt) {
        BodyAnalysis body = analyze_body(node.query, frame);
        frame.judge.findings().cause({body.analysis.kind, Effect::Ddl}, "CREATE TABLE AS EXECUTE");
        for (RelationUse& relation : body.analysis.relations) frame.judge.findings().use(std::move(relation));
        return;
    }
    frame.judge.query(node.query);
}

void drop(const DropStmt& node, StatementFrame& frame) {
    frame.judge.findings().cause(kDdl, "DROP");
    if (node.concurrent) frame.judge.findings().wrappable = false;
    const bool relations = node.removeType == OBJECT_TABLE || node.removeType == OBJECT_VIEW || node.removeType == OBJECT_MATVIEW ||
                           node.removeType == OBJECT_FOREIGN_TABLE || node.removeType == OBJECT_SEQUENCE || node.removeType == OBJECT_INDEX;
    for (const Node* object : nodes(node.objects)) {
        const auto* parts = PGVEIL_AS(List, object);
        if (!relations || parts == nullptr) continue;
        const QualifiedName name = name_of(parts, frame.judge.context().catalog);
        std::string schema(name.schema), bare(name.name);
        RangeVar range{};
        range.type = T_RangeVar;
        range.schemaname = schema.empty() ? nullptr : schema.data();
        range.relname = bare.data();
        frame.judge.relation(range, Use::Write, true);
    }
}

constexpr std::uint32_t bit(Effect effect) { return 1U << static_cast<unsigned>(effect); }

/// Expressions inside definitions run now or later: what they call counts, names they do not resolve do not
/// (a definition may speak of what it is making).
void definition_parts(const Node* node, StatementFrame& frame) {
    Findings inside;
    Judge judge(frame.judge.context(), frame.judge.path(), frame.judge.path(), frame.judge.memo(), inside);
    judge.query(node);
    constexpr std::uint32_t kGrave = bit(Effect::File) | bit(Effect::Program) | bit(Effect::Network) | bit(Effect::Admin) |
                                     bit(Effect::Replication) | bit(Effect::Role);
    if (inside.kind == Kind::Unknown) {
        inside.kind = (inside.effects & kGrave) != 0 ? Kind::Admin : Kind::Ddl;
        inside.unknown_names.clear();
    }
    if (inside.kind == Kind::Write) inside.kind = Kind::Ddl;
    inside.functions.clear();
    frame.judge.findings().merge_called(inside, "the definition");
}

void maintenance(const Node* node, StatementFrame& frame) {
    Findings& found = frame.judge.findings();
    const auto name = [&](const RangeVar* relation) {
        if (relation != nullptr) frame.judge.relation(*relation, Use::Write, true);
    };
    switch (node->type) {
        case T_VacuumStmt: {
            const auto& vacuum = of<VacuumStmt>(node);
            for (const Node* rel : nodes(vacuum.rels))
                if (const auto* one = PGVEIL_AS(VacuumRelation, rel)) name(one->relation);
            if (vacuum.is_vacuumcmd) found.wrappable = false;
            return found.cause(kDdl, vacuum.is_vacuumcmd ? "VACUUM" : "ANALYZE");
        }
        case T_ClusterStmt:
            name(of<ClusterStmt>(node).relation);
            found.wrappable = of<ClusterStmt>(node).relation != nullptr;
            return found.cause(kDdl, "CLUSTER");
        case T_ReindexStmt: {
            const auto& reindex = of<ReindexStmt>(node);
            if (reindex.kind == REINDEX_OBJECT_TABLE) name(reindex.relation);
            found.wrappable = (reindex.kind == REINDEX_OBJECT_TABLE || reindex.kind == REINDEX_OBJECT_INDEX) &&
                              !option_on(reindex.params, "concurrently");
            return found.cause(kDdl, "REINDEX");
        }
        case T_IndexStmt:
            name(of<IndexStmt>(node).relation);
            found.wrappable = !of<IndexStmt>(node).concurrent;
            found.cause(kDdl, "CREATE INDEX");
            return definition_parts(node, frame);
        case T_RefreshMatViewStmt: {
            const auto& refresh = of<RefreshMatViewStmt>(node);
            frame.judge.relation(*refresh.relation, Use::Write);
            return found.cause(kWrite, "REFRESH MATERIALIZED VIEW");
        }
        case T_TruncateStmt:
            for (const Node* rel : nodes(of<TruncateStmt>(node).relations)) frame.judge.relation(*PGVEIL_AS(RangeVar, rel), Use::Write);
            return found.cause(kWrite, "TRUNCATE");
        default: return found.unknown("statement that this version does not know");
    }
}

void call(const CallStmt& node, StatementFrame& frame) {
    Findings& found = frame.judge.findings();
    found.wrappable = false;  // a procedure may commit
    found.cause(kWrite, "CALL");
    frame.statement.has_result = true;
    frame.judge.query(reinterpret_cast<const Node*>(node.funccall));
}

/// The relation a definition is about, and the name it makes.
void definition_names(const Node* node, StatementFrame& frame) {
    const auto uses = [&](const RangeVar* relation) {
        if (relation != nullptr) frame.judge.relation(*relation, Use::Write, true);
    };
    std::vector<std::string>& created = frame.judge.memo().created;
    const auto makes = [&](const RangeVar* relation) {
        uses(relation);
        created.emplace_back(text_of(relation->relname));
    };
    switch (node->type) {
        case T_CreateStmt: makes(of<CreateStmt>(node).relation); break;
        case T_CreateForeignTableStmt: makes(of<CreateForeignTableStmt>(node).base.relation); break;
        case T_ViewStmt: makes(of<ViewStmt>(node).view); break;
        case T_CreateSeqStmt: makes(of<CreateSeqStmt>(node).sequence); break;
        case T_CompositeTypeStmt: created.emplace_back(text_of(of<CompositeTypeStmt>(node).typevar->relname)); break;
        case T_CreateEnumStmt: created.emplace_back(text_of(nodes(of<CreateEnumStmt>(node).typeName).back())); break;
        case T_CreateDomainStmt: created.emplace_back(text_of(nodes(of<CreateDomainStmt>(node).domainname).back())); break;
        case T_CreateFunctionStmt: created.emplace_back(text_of(nodes(of<CreateFunctionStmt>(node).funcname).back())); break;
        case T_RenameStmt:
            uses(of<RenameStmt>(node).relation);
            created.emplace_back(text_of(of<RenameStmt>(node).newname));
            break;
        case T_AlterTableStmt:
            uses(of<AlterTableStmt>(node).relation);
            for (const Node* command : nodes(of<AlterTableStmt>(node).cmds))
                if (const auto* one = PGVEIL_AS(AlterTableCmd, command); one != nullptr && one->subtype == AT_DetachPartition)
                    if (const auto* part = PGVEIL_AS(PartitionCmd, one->def); part != nullptr && part->concurrent) frame.judge.findings().wrappable = false;
            break;
        case T_AlterObjectSchemaStmt: uses(of<AlterObjectSchemaStmt>(node).relation); break;
        case T_AlterOwnerStmt: uses(of<AlterOwnerStmt>(node).relation); break;
        case T_AlterSeqStmt: uses(of<AlterSeqStmt>(node).sequence); break;
        case T_CreateTrigStmt: uses(of<CreateTrigStmt>(node).relation); break;
        case T_RuleStmt: uses(of<RuleStmt>(node).relation); break;
        case T_CreatePolicyStmt: uses(of<CreatePolicyStmt>(node).table); break;
        case T_AlterPolicyStmt: uses(of<AlterPolicyStmt>(node).table); break;
        case T_GrantStmt:
            for (const Node* object : nodes(of<GrantStmt>(node).objects)) uses(PGVEIL_AS(RangeVar, object));
            break;
        case T_CreateStatsStmt:
            for (const Node* from : nodes(of<CreateStatsStmt>(node).relations)) uses(PGVEIL_AS(RangeVar, from));
            break;
        default: break;  // names nothing of ours
    }
}

bool has_walked_parts(NodeTag tag) {
    switch (tag) {
        case T_CreateStmt: case T_CreateForeignTableStmt: case T_ViewStmt: case T_RuleStmt: case T_AlterTableStmt:
        case T_CreateFunctionStmt: case T_CreateTrigStmt: case T_CreatePolicyStmt: case T_AlterPolicyStmt:
        case T_CreateStatsStmt: case T_CreateDomainStmt: case T_AlterDomainStmt: case T_CompositeTypeStmt:
            return true;
        default: return false;
    }
}

const Rule* rule_of(NodeTag tag) {
    const auto* const found = std::ranges::find(kRules, tag, &Rule::tag);
    return found == std::end(kRules) ? nullptr : found;
}

}  // namespace

void judge_utility(const Node* node, StatementFrame& frame) {
    Findings& found = frame.judge.findings();
    switch (node->type) {
        case T_CopyStmt: return copy(of<CopyStmt>(node), frame);
        case T_CreateTableAsStmt: return create_as(of<CreateTableAsStmt>(node), frame);
        case T_DropStmt: return drop(of<DropStmt>(node), frame);
        case T_VacuumStmt: case T_ClusterStmt: case T_ReindexStmt: case T_IndexStmt: case T_RefreshMatViewStmt: case T_TruncateStmt:
            return maintenance(node, frame);
        case T_CallStmt: return call(of<CallStmt>(node), frame);
        case T_DoStmt:
            found.wrappable = false;  // a DO block may commit
            found.user_functions = found.opaque_writes = true;
            return found.cause_by_call(kWrite, "DO runs a block of code");
        default: break;
    }
    const Rule* rule = rule_of(node->type);
    if (rule == nullptr) return found.unknown("statement that this version does not know");
    found.cause(rule->judgement, std::string(rule->words));
    if (!rule->wrappable) found.wrappable = false;
    definition_names(node, frame);
    if (has_walked_parts(node->type)) definition_parts(node, frame);
}

bool knows_statement(NodeTag tag) {
    switch (tag) {
        case T_SelectStmt: case T_InsertStmt: case T_UpdateStmt: case T_DeleteStmt: case T_MergeStmt: case T_TransactionStmt:
        case T_VariableSetStmt: case T_VariableShowStmt: case T_DiscardStmt: case T_ConstraintsSetStmt: case T_ListenStmt:
        case T_UnlistenStmt: case T_NotifyStmt: case T_LockStmt: case T_PrepareStmt: case T_ExecuteStmt: case T_DeallocateStmt:
        case T_DeclareCursorStmt: case T_FetchStmt: case T_ClosePortalStmt: case T_ExplainStmt: case T_ReturnStmt: case T_CopyStmt:
        case T_CreateTableAsStmt: case T_DropStmt: case T_VacuumStmt: case T_ClusterStmt: case T_ReindexStmt: case T_IndexStmt:
        case T_RefreshMatViewStmt: case T_TruncateStmt: case T_CallStmt: case T_DoStmt:
            return true;
        default: return rule_of(tag) != nullptr;
    }
}

}  // namespace pgveil::sql
