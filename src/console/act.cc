#include <fmt/format.h>

#include <charconv>

#include "console/run.h"
#include "control/visible_text.h"

// Commands that change something.
namespace pgveil::console {
namespace {

constexpr SqlState kUndefinedObject{"42704"}, kConfigFileError{"F0000"};

Answer tagged(std::string_view tag, std::string notice = {}) {
    Answer a;
    a.tag = tag;
    if (!notice.empty()) a.notices.push_back(std::move(notice));
    return a;
}

std::string_view word_of(Access access) {
    return access == Access::Write ? "write" : access == Access::Read ? "read" : "none";
}

Answer approve(const Command& c, const Place& place, const Person& who, WallTime now) {
    const auto done = place.service.approve(who, c.target, c.reason, c.max_rows, now);
    if (!done) return failure(done.error());
    if (done->state == RequestState::Pending) {
        return tagged("APPROVE", fmt::format("request {} has {} of {} approvals", done->id, done->approved_by.size(), done->approvals_needed));
    }
    if (done->kind == RequestKind::Access) return tagged("APPROVE", fmt::format("request {} is granted as {}", done->id, done->outcome_tag));
    return tagged("APPROVE", fmt::format("request {} is approved until {}", done->id, timestamp_text(done->expires)));
}

Answer deny(const Command& c, const Place& place, const Person& who, WallTime now) {
    const auto done = place.service.deny(who, c.target, c.reason, now);
    if (!done) return failure(done.error());
    return tagged("DENY", fmt::format("request {} is denied", done->id));
}

Answer grant(const Command& c, const Place& place, const Person& who, WallTime now) {
    Grant draft;
    draft.agent = c.target;
    draft.database = c.database;
    draft.access = c.access;
    draft.reason = c.reason;
    const auto done = place.service.grant(who, draft, c.length, now);
    if (!done) return failure(done.error());
    Answer a = tagged("GRANT");
    a.rows.push_back({done->id, done->agent, done->database, std::string(word_of(done->access)), done->until});
    return a;
}

Answer revoke(const Command& c, const Place& place, const Person& who, WallTime now) {
    const auto done = place.service.revoke(who, c.target, c.reason, now);
    if (!done) return failure(done.error());
    return tagged("REVOKE", fmt::format("grant {} of agent {} is revoked", done->id, done->agent));
}

Answer kill(const Command& c, const Place& place) {
    std::uint64_t id = 0;
    const char* last = c.target.data() + c.target.size();
    const auto [end, error] = std::from_chars(c.target.data(), last, id);
    if (error != std::errc{} || end != last || !place.host.kill(SessionId(id))) {
        return failure(kUndefinedObject, fmt::format("there is no session \"{}\"", control::excerpt(c.target, 60)), "SHOW SESSIONS lists them; KILL AGENT 'name' ends all of an agent's.");
    }
    return tagged("KILL");
}

Answer kill_agent(const Command& c, const Place& place) {
    bool known = false;
    for (const auto& agent : place.host.agents()) known = known || agent.name == c.target;
    if (!known) return failure(kUndefinedObject, fmt::format("there is no agent \"{}\"", control::excerpt(c.target, 60)), "SHOW AGENTS lists them.");
    const auto count = place.host.kill_agent(c.target);
    return tagged("KILL", fmt::format("{} session{} ended", count, count == 1 ? "" : "s"));
}

Answer turn(const Command& c, const Place& place, const Person& who, WallTime now) {
    const bool off = c.verb == Verb::DisableAgent || c.verb == Verb::DisableDatabase;
    const bool agent = c.verb == Verb::DisableAgent || c.verb == Verb::EnableAgent;
    const auto subject = agent ? control::Switch::Subject::Agent : control::Switch::Subject::Database;
    const auto done = off ? place.service.disable(who, subject, c.target, c.reason, now)
                          : place.service.enable(who, subject, c.target, c.reason, now);
    if (!done) return failure(done.error());
    if (!off) return tagged("ENABLE");
    const auto count = agent ? place.host.kill_agent(c.target) : place.host.kill_database(c.target);
    return tagged("DISABLE", fmt::format("{} session{} ended; it stays off until ENABLE", count, count == 1 ? "" : "s"));
}

Answer reload(const Place& place) {
    auto outcome = place.host.reload();
    if (!outcome.done) {
        std::string all;
        for (const auto& problem : outcome.problems) all += (all.empty() ? "" : "\n") + problem;
        const auto first = outcome.problems.empty() ? std::string("no reason given") : outcome.problems.front();
        return failure(kConfigFileError, "the configuration was not loaded: " + first, "What was in force stays in force. `pgveil check` shows the same.", all);
    }
    Answer a = tagged("RELOAD");
    a.notices = std::move(outcome.notes);
    return a;
}

}  // namespace

Answer act(const Command& c, const Place& place, const Person& who, WallTime now) {
    if (c.verb == Verb::Approve) return approve(c, place, who, now);
    if (c.verb == Verb::Deny) return deny(c, place, who, now);
    if (c.verb == Verb::Grant) return grant(c, place, who, now);
    if (c.verb == Verb::RevokeGrant) return revoke(c, place, who, now);
    if (c.verb == Verb::Kill) return kill(c, place);
    if (c.verb == Verb::KillAgent) return kill_agent(c, place);
    if (c.verb == Verb::Reload) return reload(place);
    if (c.verb == Verb::Shutdown) {
        place.host.shutdown();
        return tagged("SHUTDOWN");
    }
    return turn(c, place, who, now);
}

/// What drivers and pools send: answered as a server with our fixed settings would.
Answer set_up(const Command& c, const Place& place) {
    Answer a;
    a.tag = c.tag;
    if (c.verb == Verb::ShowSetting) {
        a.tag = "SHOW";
        const std::string& n = c.target;
        a.rows.push_back({std::string(n == "SERVER_VERSION" ? "15.0" : n == "SERVER_VERSION_NUM" ? "150000"
                                      : n.ends_with("ENCODING") ? "UTF8" : n == "STANDARD_CONFORMING_STRINGS" ? "on"
                                      : n == "DATESTYLE" ? "ISO, MDY" : n == "TIMEZONE" ? "UTC"
                                      : n.ends_with("ISOLATION") ? "read committed" : n == "TRANSACTION_READ_ONLY" ? "off" : "")});
    } else if (c.verb == Verb::SelectConstant) {
        a.tag = "SELECT 1";
        std::int64_t n = 0;
        std::from_chars(c.target.data(), c.target.data() + c.target.size(), n);
        if (c.tag == "number") a.rows.push_back({n});
        else a.rows.push_back({c.tag == "version" ? "pgveil " + place.host.version() + " console" : c.target});
    }
    return a;
}

}  // namespace pgveil::console
