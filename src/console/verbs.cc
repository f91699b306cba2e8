#include "console/command.h"

namespace pgveil::console {

using control::Action;

std::optional<Action> action_of(Verb verb) {
    switch (verb) {
        case Verb::ShowHelp:
        case Verb::ShowVersion:
        case Verb::ShowDatabases:
        case Verb::ShowAgents:
        case Verb::ShowPeople:
        case Verb::ShowRules:
        case Verb::ShowMasking:
        case Verb::ShowStats:
        case Verb::ShowPools:
        case Verb::ShowUsers:
        case Verb::ShowLists: return Action::ShowGeneral;
        case Verb::ShowConfig: return Action::ShowConfig;
        case Verb::ShowGrants: return Action::ShowGrants;
        case Verb::ShowRequests: return Action::ShowRequests;
        case Verb::ShowRequest: return Action::ShowRequest;
        case Verb::ShowSessions:
        case Verb::ShowClients:
        case Verb::ShowServers: return Action::ShowSessions;
        case Verb::ShowAudit: return Action::ShowAudit;
        case Verb::Approve: return Action::Approve;
        case Verb::Deny: return Action::Deny;
        case Verb::Grant: return Action::Grant;
        case Verb::RevokeGrant: return Action::Revoke;
        case Verb::Kill:
        case Verb::KillAgent: return Action::Kill;
        case Verb::DisableAgent:
        case Verb::DisableDatabase:
        case Verb::EnableAgent:
        case Verb::EnableDatabase: return Action::Switch;
        case Verb::Reload: return Action::Reload;
        case Verb::Shutdown: return Action::Shutdown;
        case Verb::Set:
        case Verb::Begin:
        case Verb::Commit:
        case Verb::Rollback:
        case Verb::Discard:
        case Verb::ShowSetting:
        case Verb::SelectConstant: return std::nullopt;
    }
    return Action::Shutdown;
}

bool changes_something(Verb verb) {
    switch (verb) {
        case Verb::Approve:
        case Verb::Deny:
        case Verb::Grant:
        case Verb::RevokeGrant:
        case Verb::Kill:
        case Verb::KillAgent:
        case Verb::DisableAgent:
        case Verb::DisableDatabase:
        case Verb::EnableAgent:
        case Verb::EnableDatabase:
        case Verb::Reload:
        case Verb::Shutdown: return true;
        case Verb::ShowHelp:
        case Verb::ShowVersion:
        case Verb::ShowConfig:
        case Verb::ShowDatabases:
        case Verb::ShowAgents:
        case Verb::ShowPeople:
        case Verb::ShowGrants:
        case Verb::ShowRequests:
        case Verb::ShowRequest:
        case Verb::ShowSessions:
        case Verb::ShowRules:
        case Verb::ShowMasking:
        case Verb::ShowAudit:
        case Verb::ShowStats:
        case Verb::ShowPools:
        case Verb::ShowClients:
        case Verb::ShowServers:
        case Verb::ShowUsers:
        case Verb::ShowLists:
        case Verb::Set:
        case Verb::Begin:
        case Verb::Commit:
        case Verb::Rollback:
        case Verb::Discard:
        case Verb::ShowSetting:
        case Verb::SelectConstant: return false;
    }
    return true;
}

std::string_view name_of(Verb verb) {
    switch (verb) {
        case Verb::ShowHelp: return "SHOW HELP";
        case Verb::ShowVersion: return "SHOW VERSION";
        case Verb::ShowConfig: return "SHOW CONFIG";
        case Verb::ShowDatabases: return "SHOW DATABASES";
        case Verb::ShowAgents: return "SHOW AGENTS";
        case Verb::ShowPeople: return "SHOW PEOPLE";
        case Verb::ShowGrants: return "SHOW GRANTS";
        case Verb::ShowRequests: return "SHOW REQUESTS";
        case Verb::ShowRequest: return "SHOW REQUEST";
        case Verb::ShowSessions: return "SHOW SESSIONS";
        case Verb::ShowRules: return "SHOW RULES";
        case Verb::ShowMasking: return "SHOW MASKING";
        case Verb::ShowAudit: return "SHOW AUDIT";
        case Verb::ShowStats: return "SHOW STATS";
        case Verb::ShowPools: return "SHOW POOLS";
        case Verb::ShowClients: return "SHOW CLIENTS";
        case Verb::ShowServers: return "SHOW SERVERS";
        case Verb::ShowUsers: return "SHOW USERS";
        case Verb::ShowLists: return "SHOW LISTS";
        case Verb::Approve: return "APPROVE";
        case Verb::Deny: return "DENY";
        case Verb::Grant: return "GRANT";
        case Verb::RevokeGrant: return "REVOKE GRANT";
        case Verb::Kill: return "KILL";
        case Verb::KillAgent: return "KILL AGENT";
        case Verb::DisableAgent: return "DISABLE AGENT";
        case Verb::DisableDatabase: return "DISABLE DATABASE";
        case Verb::EnableAgent: return "ENABLE AGENT";
        case Verb::EnableDatabase: return "ENABLE DATABASE";
        case Verb::Reload: return "RELOAD";
        case Verb::Shutdown: return "SHUTDOWN";
        case Verb::Set: return "SET";
        case Verb::Begin: return "BEGIN";
        case Verb::Commit: return "COMMIT";
        case Verb::Rollback: return "ROLLBACK";
        case Verb::Discard: return "DISCARD";
        case Verb::ShowSetting: return "SHOW";
        case Verb::SelectConstant: return "SELECT";
    }
    return "";
}

}  // namespace pgveil::console
