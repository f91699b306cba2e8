// Command: one statement of the console, understood. Value.
//
// parse_command() knows the grammar and nothing of who asks; permissions, texts of answers and effects are
// elsewhere. Hostile: the text may be anything a logged-in person's client sends.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "console/token.h"
#include "control/permissions.h"
#include "pgveil/core/grant.h"

namespace pgveil::console {

enum class Verb : std::uint8_t {
    ShowHelp, ShowVersion, ShowConfig, ShowDatabases, ShowAgents, ShowPeople, ShowGrants, ShowRequests, ShowRequest,
    ShowSessions, ShowRules, ShowMasking, ShowAudit, ShowStats, ShowPools, ShowClients, ShowServers, ShowUsers, ShowLists,
    Approve, Deny, Grant, RevokeGrant, Kill, KillAgent, DisableAgent, DisableDatabase, EnableAgent, EnableDatabase,
    Reload, Shutdown,
    // what drivers send to set a session up; accepted, without effect here
    Set, Begin, Commit, Rollback, Discard, ShowSetting, SelectConstant
};

struct Command {
    Verb verb = Verb::ShowHelp;
    std::string target;                    // id, session, agent, database, setting or constant
    std::string database;                  // GRANT .. ON
    Access access = Access::None;
    std::chrono::seconds length{0};
    std::string reason;
    std::int64_t max_rows = -1;
    std::string tag;                       // CommandComplete's, for accepted set-up
};

struct CommandError {
    std::string message, hint;
    std::size_t position = 0;              // 1-based character offset into the text; 0: none
    bool not_ours = false;                 // SQL: 0A000 rather than 42601
};

struct Parsed {
    std::optional<Command> command;        // else `error`
    CommandError error;
};

[[nodiscard]] Parsed parse_command(const Statement& statement);

/// '2 hours', '90 min', '1h30m', '3 days'; nullopt: not a length of time, or not positive, or over ten years.
[[nodiscard]] std::optional<std::chrono::seconds> parse_length(std::string_view text);

/// What the person must be allowed; nullopt: anybody logged in (set-up).
[[nodiscard]] std::optional<control::Action> action_of(Verb verb);
/// Changes something: refused inside BEGIN, since ROLLBACK could not undo it.
[[nodiscard]] bool changes_something(Verb verb);
/// "SHOW REQUESTS", "KILL AGENT": for tags, messages and the log.
[[nodiscard]] std::string_view name_of(Verb verb);

}  // namespace pgveil::console
