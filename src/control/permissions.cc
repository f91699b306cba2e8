#include "control/permissions.h"

#include <array>
#include <string>

namespace pgveil::control {
namespace {

constexpr std::array kRoles{Role::Approver, Role::Auditor, Role::Admin, Role::Reveal, Role::BreakGlass};

struct Allowed {
    bool approver, auditor, admin, reveal, break_glass;
};

//                                   approver auditor admin  reveal break-glass
constexpr Allowed kEverybody      = {true,    true,   true,  true,  true};
constexpr Allowed kApproverOnly   = {true,    false,  false, false, false};
constexpr Allowed kAdminOnly      = {false,   false,  true,  false, false};
constexpr Allowed kReaders        = {true,    true,   true,  false, true};
constexpr Allowed kOverseers      = {false,   true,   true,  false, false};
constexpr Allowed kGranters       = {true,    false,  false, false, true};
constexpr Allowed kRevokers       = {true,    false,  true,  false, true};
constexpr Allowed kStoppers       = {false,   false,  true,  false, true};

constexpr Allowed row_of(Action action) {
    switch (action) {
        case Action::ShowGeneral: return kEverybody;
        case Action::ShowConfig: return kOverseers;
        case Action::ShowRequests:
        case Action::ShowRequest:
        case Action::ShowGrants:
        case Action::ShowSessions: return kReaders;
        case Action::ShowStatement: return kApproverOnly;
        case Action::ShowAudit: return kOverseers;
        case Action::Approve:
        case Action::Deny: return kApproverOnly;
        case Action::Grant: return kGranters;
        case Action::Revoke: return kRevokers;
        case Action::Kill:
        case Action::Switch: return kStoppers;
        case Action::Reload:
        case Action::Shutdown: return kAdminOnly;
    }
    return {};
}

}  // namespace

bool role_may(Role role, Action action) {
    const Allowed row = row_of(action);
    switch (role) {
        case Role::Approver: return row.approver;
        case Role::Auditor: return row.auditor;
        case Role::Admin: return row.admin;
        case Role::Reveal: return row.reveal;
        case Role::BreakGlass: return row.break_glass;
    }
    return false;
}

bool may(const Person& who, Action action) {
    return std::ranges::any_of(who.roles, [action](Role role) { return role_may(role, action); });
}

std::string roles_that_may(Action action) {
    std::string text;
    for (const Role role : kRoles) {
        if (!role_may(role, action)) continue;
        if (!text.empty()) text += " or ";
        text += name_of(role);
    }
    return text;
}

std::string_view name_of(Role role) {
    switch (role) {
        case Role::Approver: return "approver";
        case Role::Auditor: return "auditor";
        case Role::Admin: return "admin";
        case Role::Reveal: return "reveal";
        case Role::BreakGlass: return "break-glass";
    }
    return "";
}

std::string_view name_of(Action action) {
    switch (action) {
        case Action::ShowGeneral: return "show";
        case Action::ShowConfig: return "show config";
        case Action::ShowRequests: return "show requests";
        case Action::ShowRequest: return "show a request";
        case Action::ShowStatement: return "show a held statement";
        case Action::ShowGrants: return "show grants";
        case Action::ShowSessions: return "show sessions";
        case Action::ShowAudit: return "show the audit log's state";
        case Action::Approve: return "approve";
        case Action::Deny: return "deny";
        case Action::Grant: return "grant";
        case Action::Revoke: return "revoke grants";
        case Action::Kill: return "kill sessions";
        case Action::Switch: return "disable and enable";
        case Action::Reload: return "reload";
        case Action::Shutdown: return "shut down";
    }
    return "";
}

}  // namespace pgveil::control
