#include "console/run.h"

#include <fmt/format.h>

#include <algorithm>

namespace pgveil::console {
namespace {

constexpr SqlState kUndefinedObject{"42704"}, kDuplicateObject{"42710"};

/// Works without the log: the operator must be able to see what is wrong and to stop things.
bool works_without_log(Verb verb) {
    const auto action = action_of(verb);
    if (!action) return true;
    switch (*action) {
        case control::Action::ShowGeneral:
        case control::Action::ShowConfig:
        case control::Action::ShowSessions:
        case control::Action::ShowAudit:
        case control::Action::Kill:
        case control::Action::Shutdown: return true;
        case control::Action::ShowRequests:
        case control::Action::ShowRequest:
        case control::Action::ShowStatement:
        case control::Action::ShowGrants:
        case control::Action::Approve:
        case control::Action::Deny:
        case control::Action::Grant:
        case control::Action::Revoke:
        case control::Action::Switch:
        case control::Action::Reload: return false;
    }
    return false;
}

/// False: the log cannot take it.
bool record(const Command& command, const Place& place, const Asker& asker, std::string_view decision, SqlState code) {
    audit::Record r;
    r.kind = audit::Kind::AdminCommand;
    r.time = asker.now;
    r.person = asker.name;
    r.session = asker.session.value;
    r.address = asker.address;
    r.decision = decision;
    if (code != sqlstate::Success) r.sqlstate = code.text();
    r.more.emplace_back("command", name_of(command.verb));
    if (!command.target.empty()) r.more.emplace_back("target", command.target);
    const auto accepted = place.journal.append(std::move(r));
    return accepted.outcome == audit::Append::Accepted && place.journal.wait(accepted.sequence);
}

Answer dispatch(const Command& c, const Place& place, const Person& who, const Asker& asker) {
    switch (c.verb) {
        case Verb::ShowHelp:
        case Verb::ShowVersion:
        case Verb::ShowConfig:
        case Verb::ShowAgents:
        case Verb::ShowPeople:
        case Verb::ShowSessions:
        case Verb::ShowRules:
        case Verb::ShowMasking:
        case Verb::ShowAudit: return show_general(c, place, asker);
        case Verb::ShowDatabases:
        case Verb::ShowStats:
        case Verb::ShowPools:
        case Verb::ShowClients:
        case Verb::ShowServers:
        case Verb::ShowUsers:
        case Verb::ShowLists: return show_pooling(c, place, asker);
        case Verb::ShowGrants:
        case Verb::ShowRequests:
        case Verb::ShowRequest: return show_decisions(c, place, who, asker.now);
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
        case Verb::Shutdown: return act(c, place, who, asker.now);
        case Verb::Set:
        case Verb::Begin:
        case Verb::Commit:
        case Verb::Rollback:
        case Verb::Discard:
        case Verb::ShowSetting:
        case Verb::SelectConstant: return set_up(c, place);
    }
    return failure(sqlstate::InternalError, "command without effect");
}

}  // namespace

Answer run(const Command& command, const Place& place, const Asker& asker) {
    const auto action = action_of(command.verb);
    if (!action) return set_up(command, place);
    const auto people = place.host.people();
    const auto at = std::ranges::find(people, asker.name, &PersonInfo::name);
    if (at == people.end()) return failure(sqlstate::InvalidAuthorization, fmt::format("person \"{}\" is no longer configured", asker.name));
    const Person who{at->name, at->roles, at->groups};
    if (!control::may(who, *action)) {
        (void)record(command, place, asker, "refused", sqlstate::InsufficientPrivilege);
        return failure(sqlstate::InsufficientPrivilege, fmt::format("permission denied to {}", control::name_of(*action)),
                       fmt::format("It takes the role {}.", control::roles_that_may(*action)));
    }
    if (!record(command, place, asker, "allowed", sqlstate::Success) && !works_without_log(command.verb)) {
        return failure(sqlstate::AuditUnavailable, "the audit log cannot be written; nothing was done", "SHOW AUDIT says why.");
    }
    Answer answer = dispatch(command, place, who, asker);
    if (answer.error) (void)record(command, place, asker, "refused", answer.error->code);
    return answer;
}

Answer failure(SqlState code, std::string message, std::string hint, std::string detail) {
    Answer a;
    a.error = protocol::ErrorOut{"ERROR", code, std::move(message), std::move(detail), std::move(hint), {}};
    return a;
}

Answer failure(const control::Refused& refused) {
    switch (refused.why) {
        case control::Refusal::Unavailable: return failure(sqlstate::StoreUnavailable, refused.message, "SHOW AUDIT tells whether it is the log.");
        case control::Refusal::NotAllowed:
        case control::Refusal::SelfApproval: return failure(sqlstate::InsufficientPrivilege, refused.message);
        case control::Refusal::NotFound: return failure(kUndefinedObject, refused.message, "SHOW REQUESTS, SHOW GRANTS, SHOW AGENTS and SHOW DATABASES list what there is.");
        case control::Refusal::WrongState: return failure(sqlstate::ObjectNotInState, refused.message);
        case control::Refusal::Invalid: return failure(sqlstate::InvalidParameterValue, refused.message);
        case control::Refusal::Duplicate: return failure(kDuplicateObject, refused.message);
    }
    return failure(sqlstate::InternalError, refused.message);
}

}  // namespace pgveil::console
