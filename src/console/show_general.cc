#include <fmt/format.h>

#include <algorithm>

#include "console/run.h"
#include "control/visible_text.h"

// SHOW of what the proxy is and does, requests and PgBouncer's tables apart.
namespace pgveil::console {
namespace {

constexpr std::size_t kLongest = 200;

std::string joined(const std::vector<std::string>& items) {
    std::string text;
    for (const auto& item : items) text += (text.empty() ? "" : ", ") + item;
    return text;
}

std::string length_text(std::chrono::seconds s) {
    const auto n = s.count();
    if (n >= 3600 && n % 3600 == 0) return fmt::format("{}h", n / 3600);
    if (n >= 60 && n % 60 == 0) return fmt::format("{}m", n / 60);
    return fmt::format("{}s", n);
}

Row help(std::string_view command, std::string_view what, control::Action action) {
    const bool everybody = action == control::Action::ShowGeneral;
    return {std::string(command), std::string(what), everybody ? "any" : control::roles_that_may(action)};
}

std::vector<Row> help_rows() {
    using control::Action;
    return {help("SHOW REQUESTS", "held statements and access requests", Action::ShowRequests),
            help("SHOW REQUEST 'id'", "one request in full", Action::ShowRequest),
            help("APPROVE 'id' [MAX ROWS n] [REASON 'text']", "let it run once", Action::Approve),
            help("DENY 'id' REASON 'text'", "refuse it, or withdraw an approval not yet used", Action::Deny),
            help("SHOW GRANTS", "who may connect where, and until when", Action::ShowGrants),
            help("GRANT read|write ON database TO agent FOR '2 hours' [REASON 'text']", "give access for a time", Action::Grant),
            help("REVOKE GRANT 'id' [REASON 'text']", "end it now", Action::Revoke),
            help("SHOW SESSIONS", "who is connected", Action::ShowSessions),
            help("KILL 'session' | KILL AGENT 'name'", "end sessions", Action::Kill),
            help("DISABLE|ENABLE AGENT|DATABASE 'name' [REASON 'text']", "turn off, and on again", Action::Switch),
            help("SHOW RULES|MASKING|AGENTS|PEOPLE|DATABASES|VERSION|HELP", "what is configured", Action::ShowGeneral),
            help("SHOW STATS|POOLS|USERS|LISTS", "counters, as PgBouncer names them", Action::ShowGeneral),
            help("SHOW CLIENTS|SERVERS", "connections, as PgBouncer names them", Action::ShowSessions),
            help("SHOW CONFIG", "every option in force", Action::ShowConfig),
            help("SHOW AUDIT", "the state of the audit log", Action::ShowAudit),
            help("RELOAD", "read the configuration again, all or nothing", Action::Reload),
            help("SHUTDOWN", "drain and end", Action::Shutdown)};
}

std::vector<Row> config_rows(const ConsoleHost& host) {
    std::vector<Row> rows;
    for (auto& e : host.config()) rows.push_back({e.key, e.value, e.standard, std::string(e.reloadable ? "yes" : "no")});
    return rows;
}

std::vector<Row> agent_rows(const Place& place, WallTime now) {
    const auto grants = place.service.live_grants(now);
    const auto off = place.service.switches();
    std::vector<Row> rows;
    for (const auto& a : place.host.agents()) {
        const bool disabled = !off || std::ranges::any_of(*off, [&](const control::Switch& s) {
            return s.subject == control::Switch::Subject::Agent && s.name == a.name;
        });
        const auto live = std::ranges::count_if(grants, [&](const Grant& g) { return g.agent == a.name && g.state_at(now) == GrantState::Live; });
        rows.push_back({a.name, a.owner, a.auth, number(a.sessions), a.max_sessions ? number(a.max_sessions) : Cell(),
                        joined(a.from), std::int64_t{live}, disabled});
    }
    return rows;
}

std::vector<Row> people_rows(const ConsoleHost& host) {
    std::vector<Row> rows;
    for (const auto& p : host.people()) {
        std::string roles;
        for (const Role role : p.roles) roles += (roles.empty() ? "" : ", ") + std::string(control::name_of(role));
        rows.push_back({p.name, roles, joined(p.groups)});
    }
    return rows;
}

std::vector<Row> session_rows(const ConsoleHost& host) {
    std::vector<Row> rows;
    for (const auto& s : host.sessions()) {
        rows.push_back({number(s.id.value), std::string(s.is_person ? "person" : "agent"), s.user, s.database, s.state,
                        control::excerpt(s.application_name, kLongest), control::excerpt(s.task, kLongest), s.address,
                        number(s.port), s.tls, time_cell(s.connected), time_cell(s.last_request), number(s.statements),
                        s.server_pid ? number(s.server_pid) : Cell(), s.access, time_cell(s.until)});
    }
    return rows;
}

std::vector<Row> rule_rows(const ConsoleHost& host) {
    std::vector<Row> rows;
    for (const auto& r : host.rules()) {
        const bool holds = r.action == "hold";
        rows.push_back({r.name, r.when, r.action, r.mode, joined(r.approvers), holds ? number(r.approvals) : Cell(),
                        holds ? Cell(length_text(r.wait)) : Cell(), holds ? Cell(length_text(r.pending)) : Cell(),
                        holds ? Cell(length_text(r.approved)) : Cell(), r.limits, number(r.matched)});
    }
    return rows;
}

std::vector<Row> masking_rows(const ConsoleHost& host) {
    std::vector<Row> rows;
    for (const auto& m : host.masking()) rows.push_back({m.column, m.class_name, m.transform, m.predicates, m.source, number(m.masked)});
    return rows;
}

std::vector<Row> audit_rows(const ConsoleHost& host) {
    const auto s = host.audit();
    const auto item = [](std::string_view name, std::string value) { return Row{std::string(name), std::move(value)}; };
    return {item("state", s.failed ? "FAILED: nothing is executed" : "writing"),
            item("records", std::to_string(s.next_index)),
            item("durable", std::to_string(s.durable_index)),
            item("signed", std::to_string(s.signed_size)),
            item("last checkpoint", s.last_checkpoint == WallTime{} ? "" : timestamp_text(s.last_checkpoint)),
            item("root", s.root_hex),
            item("verifier key", s.verifier_key),
            item("last fault", s.last_fault)};
}

}  // namespace

Answer show_general(const Command& c, const Place& place, const Asker& asker) {
    Answer a;
    a.tag = "SHOW";
    if (c.verb == Verb::ShowHelp) a.rows = help_rows();
    if (c.verb == Verb::ShowVersion) a.rows.push_back({"pgveil " + place.host.version()});
    if (c.verb == Verb::ShowConfig) a.rows = config_rows(place.host);
    if (c.verb == Verb::ShowAgents) a.rows = agent_rows(place, asker.now);
    if (c.verb == Verb::ShowPeople) a.rows = people_rows(place.host);
    if (c.verb == Verb::ShowSessions) a.rows = session_rows(place.host);
    if (c.verb == Verb::ShowRules) a.rows = rule_rows(place.host);
    if (c.verb == Verb::ShowMasking) a.rows = masking_rows(place.host);
    if (c.verb == Verb::ShowAudit) a.rows = audit_rows(place.host);
    return a;
}

}  // namespace pgveil::console
