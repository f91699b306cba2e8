#include "control/permissions.h"

#include <doctest/doctest.h>

#include <string>

using namespace pgveil;
using namespace pgveil::control;

TEST_CASE("each role may what the table says, row by row") {
    struct Row {
        Action action;
        const char* roles;   // a approver, u auditor, d admin, r reveal, b break-glass
    };
    const Row rows[] = {{Action::ShowGeneral, "audrb"}, {Action::ShowConfig, "ud"},   {Action::ShowRequests, "audb"},
                        {Action::ShowRequest, "audb"},  {Action::ShowStatement, "a"}, {Action::ShowGrants, "audb"},
                        {Action::ShowSessions, "audb"}, {Action::ShowAudit, "ud"},    {Action::Approve, "a"},
                        {Action::Deny, "a"},            {Action::Grant, "ab"},        {Action::Revoke, "adb"},
                        {Action::Kill, "db"},           {Action::Switch, "db"},       {Action::Reload, "d"},
                        {Action::Shutdown, "d"}};
    REQUIRE(std::size(rows) == std::size(kAllActions));
    for (const auto& row : rows) {
        const std::string roles = row.roles;
        CAPTURE(name_of(row.action));
        CHECK(role_may(Role::Approver, row.action) == (roles.find('a') != std::string::npos));
        CHECK(role_may(Role::Auditor, row.action) == (roles.find('u') != std::string::npos));
        CHECK(role_may(Role::Admin, row.action) == (roles.find('d') != std::string::npos));
        CHECK(role_may(Role::Reveal, row.action) == (roles.find('r') != std::string::npos));
        CHECK(role_may(Role::BreakGlass, row.action) == (roles.find('b') != std::string::npos));
    }
}

TEST_CASE("a person without roles may nothing, and an admin does not approve") {
    for (const auto action : kAllActions) CHECK_FALSE(may(Person{"x", {}, {}}, action));
    CHECK_FALSE(may(Person{"x", {Role::Admin, Role::Auditor}, {}}, Action::Approve));
    CHECK(may(Person{"x", {Role::Admin, Role::Approver}, {}}, Action::Approve));
    CHECK(roles_that_may(Action::Revoke) == "approver or admin or break-glass");
}
