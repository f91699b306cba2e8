#include <array>

#include "console/table.h"

// The columns of every answer. Where PgBouncer has a SHOW of that name, its columns come first, so that tools
// written for it (exporters, dashboards) find theirs by name and place.
namespace pgveil::console {
namespace {

using namespace type_oid;

constexpr Column kHelp[] = {{"command"}, {"what it does"}, {"roles"}};
constexpr Column kVersion[] = {{"version"}};
constexpr Column kConfig[] = {{"key"}, {"value"}, {"default"}, {"changeable"}};
constexpr Column kDatabases[] = {{"name"}, {"host"}, {"port", Int8}, {"database"}, {"force_user"}, {"pool_size", Int8},
                                 {"min_pool_size", Int8}, {"reserve_pool", Int8}, {"pool_mode"}, {"max_connections", Int8},
                                 {"current_connections", Int8}, {"paused", Int8}, {"disabled", Int8}, {"mode"},
                                 {"max_grant"}, {"write_user"}};
constexpr Column kAgents[] = {{"agent"}, {"owner"}, {"auth"}, {"sessions", Int8}, {"max_sessions", Int8},
                              {"from"}, {"live_grants", Int8}, {"disabled", Bool}};
constexpr Column kPeople[] = {{"person"}, {"roles"}, {"groups"}};
constexpr Column kGrants[] = {{"id"}, {"state"}, {"agent"}, {"database"}, {"access"}, {"from", Timestamptz},
                              {"until", Timestamptz}, {"created_by"}, {"reason"}, {"task"}};
constexpr Column kRequests[] = {{"id"}, {"state"}, {"kind"}, {"agent"}, {"owner"}, {"database"}, {"class"}, {"statement"},
                                {"reason"}, {"task"}, {"rule"}, {"approvals"}, {"approvers"}, {"created", Timestamptz},
                                {"expires", Timestamptz}, {"decided_by"}, {"decision_reason"}, {"outcome"}};
constexpr Column kRequest[] = {{"field"}, {"value"}};
constexpr Column kSessions[] = {{"session", Int8}, {"kind"}, {"user"}, {"database"}, {"state"}, {"application_name"},
                                {"task"}, {"addr"}, {"port", Int8}, {"tls"}, {"connected", Timestamptz},
                                {"last_request", Timestamptz}, {"statements", Int8}, {"server_pid", Int8}, {"access"},
                                {"until", Timestamptz}};
constexpr Column kRules[] = {{"rule"}, {"when"}, {"action"}, {"mode"}, {"approvers"}, {"approvals", Int8}, {"wait"},
                             {"pending"}, {"approved"}, {"limits"}, {"matched", Int8}};
constexpr Column kMasking[] = {{"column"}, {"class"}, {"transform"}, {"predicates"}, {"source"}, {"masked", Int8}};
constexpr Column kAudit[] = {{"item"}, {"value"}};
constexpr Column kStats[] = {{"database"}, {"total_xact_count", Int8}, {"total_query_count", Int8}, {"total_received", Int8},
                             {"total_sent", Int8}, {"total_xact_time", Int8}, {"total_query_time", Int8},
                             {"total_wait_time", Int8}, {"avg_xact_count", Int8}, {"avg_query_count", Int8},
                             {"avg_recv", Int8}, {"avg_sent", Int8}, {"avg_xact_time", Int8}, {"avg_query_time", Int8},
                             {"avg_wait_time", Int8}, {"held", Int8}, {"denied", Int8}, {"rows", Int8}, {"masked", Int8}};
constexpr Column kPools[] = {{"database"}, {"user"}, {"cl_active", Int8}, {"cl_waiting", Int8}, {"cl_active_cancel_req", Int8},
                             {"cl_waiting_cancel_req", Int8}, {"sv_active", Int8}, {"sv_active_cancel", Int8},
                             {"sv_being_canceled", Int8}, {"sv_idle", Int8}, {"sv_used", Int8}, {"sv_tested", Int8},
                             {"sv_login", Int8}, {"maxwait", Int8}, {"maxwait_us", Int8}, {"pool_mode"}};
constexpr Column kClients[] = {{"type"}, {"user"}, {"database"}, {"state"}, {"addr"}, {"port", Int8}, {"local_addr"},
                               {"local_port", Int8}, {"connect_time"}, {"request_time"}, {"wait", Int8}, {"wait_us", Int8},
                               {"close_needed", Int8}, {"ptr"}, {"link"}, {"remote_pid", Int8}, {"tls"},
                               {"application_name"}, {"session", Int8}};
constexpr Column kUsers[] = {{"name"}, {"pool_mode"}, {"kind"}};
constexpr Column kLists[] = {{"list"}, {"items", Int8}};
constexpr Column kGranted[] = {{"id"}, {"agent"}, {"database"}, {"access"}, {"until", Timestamptz}};
constexpr Column kNumber[] = {{"?column?", Int8}};
constexpr Column kText[] = {{"?column?"}};
constexpr Column kSelectVersion[] = {{"version"}};
constexpr Column kSetting[] = {{"setting"}};

}  // namespace

std::span<const Column> columns_of(const Command& command) {
    switch (command.verb) {
        case Verb::ShowHelp: return kHelp;
        case Verb::ShowVersion: return kVersion;
        case Verb::ShowConfig: return kConfig;
        case Verb::ShowDatabases: return kDatabases;
        case Verb::ShowAgents: return kAgents;
        case Verb::ShowPeople: return kPeople;
        case Verb::ShowGrants: return kGrants;
        case Verb::ShowRequests: return kRequests;
        case Verb::ShowRequest: return kRequest;
        case Verb::ShowSessions: return kSessions;
        case Verb::ShowRules: return kRules;
        case Verb::ShowMasking: return kMasking;
        case Verb::ShowAudit: return kAudit;
        case Verb::ShowStats: return kStats;
        case Verb::ShowPools: return kPools;
        case Verb::ShowClients:
        case Verb::ShowServers: return kClients;
        case Verb::ShowUsers: return kUsers;
        case Verb::ShowLists: return kLists;
        case Verb::Grant: return kGranted;
        case Verb::ShowSetting: return kSetting;
        case Verb::SelectConstant:
            if (command.tag == "version") return kSelectVersion;
            return command.tag == "number" ? std::span<const Column>(kNumber) : kText;
        case Verb::Approve:
        case Verb::Deny:
        case Verb::RevokeGrant:
        case Verb::Kill:
        case Verb::KillAgent:
        case Verb::DisableAgent:
        case Verb::DisableDatabase:
        case Verb::EnableAgent:
        case Verb::EnableDatabase:
        case Verb::Reload:
        case Verb::Shutdown:
        case Verb::Set:
        case Verb::Begin:
        case Verb::Commit:
        case Verb::Rollback:
        case Verb::Discard: return {};
    }
    return {};
}

}  // namespace pgveil::console
