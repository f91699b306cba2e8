// Permissions: which role may do what. One table for console, HTTP and CLI; tested row by row.
//
// Roles do not imply one another. Being allowed here is necessary, not sufficient: who may approve a given
// request (groups, owner, distinct people) is the service's to say. Values; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "pgveil/core/principal.h"

namespace pgveil::control {

enum class Action : std::uint8_t {
    ShowGeneral,     // help, version, agents, people, databases, rules, masking, stats, pools ...: any person
    ShowConfig,
    ShowRequests,    // the list, texts masked
    ShowRequest,     // one, as far as the person may read it
    ShowStatement,   // its statement and parameters in clear
    ShowGrants,
    ShowSessions,
    ShowAudit,
    Approve,
    Deny,
    Grant,
    Revoke,
    Kill,
    Switch,          // DISABLE, ENABLE
    Reload,
    Shutdown
};

inline constexpr Action kAllActions[] = {
    Action::ShowGeneral, Action::ShowConfig, Action::ShowRequests, Action::ShowRequest, Action::ShowStatement,
    Action::ShowGrants,  Action::ShowSessions, Action::ShowAudit,  Action::Approve,     Action::Deny,
    Action::Grant,       Action::Revoke,     Action::Kill,         Action::Switch,      Action::Reload,
    Action::Shutdown};

[[nodiscard]] std::string_view name_of(Action action);
[[nodiscard]] std::string_view name_of(Role role);
[[nodiscard]] bool role_may(Role role, Action action);
/// True if one of the person's roles may. A person without roles may nothing.
[[nodiscard]] bool may(const Person& who, Action action);
/// "approver or admin": for the message of a refusal.
[[nodiscard]] std::string roles_that_may(Action action);

}  // namespace pgveil::control
