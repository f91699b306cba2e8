// What the console shows of the running proxy. Pictures of one moment, on the desk's thread.
#include <fmt/format.h>

#include "config/load.h"
#include "proxy/predecessor.h"
#include "proxy/proxy.h"
#include "proxy/succession.h"
#include "proxy/version.h"

namespace pgveil::proxy {
namespace {

std::string_view mode_name(config::Mode mode) {
    switch (mode) {
        case config::Mode::Enforce: return "enforce";
        case config::Mode::Warn: return "warn";
        case config::Mode::Shadow: return "shadow";
    }
    return "enforce";
}

std::string_view action_name(config::RuleAction action) {
    switch (action) {
        case config::RuleAction::Deny: return "deny";
        case config::RuleAction::Hold: return "hold";
        case config::RuleAction::Allow: return "allow";
    }
    return "deny";
}

std::string_view auth_name(config::AuthMethod method) {
    switch (method) {
        case config::AuthMethod::Scram: return "scram";
        case config::AuthMethod::Cert: return "cert";
        case config::AuthMethod::Token: return "token";
    }
    return "scram";
}

// One value of a conninfo in keyword form; URIs are shown without it.
std::string keyword(std::string_view conninfo, std::string_view key) {
    const std::string needle = std::string(key) + "=";
    std::size_t at = conninfo.starts_with(needle) ? 0 : conninfo.find(" " + needle);
    if (at == std::string_view::npos) return {};
    at = conninfo.find('=', at) + 1;
    return std::string(conninfo.substr(at, conninfo.find(' ', at) - at));
}

std::string list(const std::vector<std::string>& values) { return fmt::format("{}", fmt::join(values, ",")); }

std::string limits_text(const config::Limits& limits) {
    std::vector<std::string> parts;
    if (limits.rows != 0) parts.push_back(fmt::format("{} rows", limits.rows));
    if (limits.bytes.bytes != 0) parts.push_back(fmt::format("{} bytes", limits.bytes.bytes));
    if (limits.time.count() != 0) parts.push_back(fmt::format("{} s", limits.time.count()));
    return fmt::format("{}", fmt::join(parts, ", "));
}

std::pair<std::string, std::uint16_t> host_and_port(const std::string& address) {
    const std::size_t colon = address.rfind(':');
    if (colon == std::string::npos) return {address == "local" ? "unix" : address, 0};
    return {address.substr(0, colon), static_cast<std::uint16_t>(std::atoi(address.c_str() + colon + 1))};
}

console::SessionInfo info_of(const SessionDetails& session) {
    console::SessionInfo info;
    info.id = SessionId{session.id};
    info.is_person = session.person;
    info.user = session.name;
    info.database = session.database;
    info.application_name = session.application;
    std::tie(info.address, info.port) = host_and_port(session.address);
    info.tls = session.encrypted ? "TLS" : "";
    info.connected = session.since;
    info.server_pid = session.pid;
    info.access = session.person ? "" : session.writes ? "write" : "read";
    return info;
}

}  // namespace

std::string Proxy::version() const { return kVersion; }

std::vector<console::ConfigEntry> Proxy::config() const {
    std::vector<console::ConfigEntry> entries;
    const std::string text = config::effective(*world()->config);
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::string_view line = std::string_view(text).substr(at, end - at);
        if (const std::size_t equals = line.find(" = "); equals != std::string_view::npos) {
            entries.push_back({std::string(line.substr(0, equals)), std::string(line.substr(equals + 3)), "", true});
        }
        at = end + 1;
    }
    return entries;
}

std::vector<console::DatabaseInfo> Proxy::databases() const {
    std::vector<console::DatabaseInfo> all;
    const WorldPtr now = world();
    const auto sessions = shared_.registry.list();
    for (const config::Database& database : now->config->databases) {
        console::DatabaseInfo info;
        info.name = database.name;
        info.host = keyword(database.upstream, "host");
        info.dbname = keyword(database.upstream, "dbname");
        info.user = keyword(database.upstream, "user");
        info.user_write = keyword(database.upstream_write, "user");
        const std::string port = keyword(database.upstream, "port");
        if (!port.empty()) info.port = static_cast<std::uint16_t>(std::atoi(port.c_str()));
        info.mode = mode_name(database.mode.value_or(now->config->policy.mode));
        info.max_grant = database.max_grant;
        for (const SessionEntry& session : sessions) info.connections += session.database == database.name ? 1 : 0;
        all.push_back(std::move(info));
    }
    return all;
}

std::vector<console::AgentInfo> Proxy::agents() const {
    std::vector<console::AgentInfo> all;
    for (const config::AgentEntry& agent : world()->config->agents) {
        all.push_back({agent.name, std::string(auth_name(agent.auth)), agent.owner, agent.from,
                       static_cast<std::uint32_t>(shared_.registry.sessions_of(agent.name)), agent.max_sessions});
    }
    return all;
}

std::vector<console::PersonInfo> Proxy::people() const {
    std::vector<console::PersonInfo> all;
    for (const config::PersonEntry& person : world()->config->people) all.push_back({person.name, person.roles, person.groups});
    return all;
}

std::vector<console::SessionInfo> Proxy::sessions() const {
    std::vector<console::SessionInfo> all;
    for (const SessionEntry& entry : shared_.registry.list()) {
        console::SessionInfo info = info_of(entry);
        info.state = entry.activity->state;
        info.statements = entry.activity->statements;
        info.last_request = WallTime{std::chrono::microseconds{entry.activity->last_request_us}};
        all.push_back(std::move(info));
    }
    if (Predecessor* before = shared_.predecessor) {
        for (const SessionDetails& left : before->sessions()) {
            all.push_back(info_of(left));
            all.back().state = "closing";    // it ends them as they become idle
        }
    }
    return all;
}

std::vector<console::ServerInfo> Proxy::servers() const {
    std::vector<console::ServerInfo> all;
    for (const SessionEntry& entry : shared_.registry.list()) {
        if (entry.pid == 0) continue;
        console::ServerInfo info;
        info.session = SessionId{entry.id};
        info.user = entry.name;
        info.database = entry.database;
        info.state = entry.activity->state;
        info.last_request = WallTime{std::chrono::microseconds{entry.activity->last_request_us}};
        info.pid = entry.pid;
        info.connected = entry.since;
        all.push_back(std::move(info));
    }
    return all;
}

std::vector<console::RuleInfo> Proxy::rules() const {
    std::vector<console::RuleInfo> all;
    const WorldPtr now = world();
    for (const config::RuleEntry& rule : now->config->rules) {
        console::RuleInfo info;
        info.name = rule.name;
        info.when = fmt::format("kind={} tables={} agents={} databases={}", list(rule.when.kind), list(rule.when.tables), list(rule.when.agents), list(rule.when.databases));
        info.action = action_name(rule.action);
        info.mode = mode_name(rule.mode.value_or(now->config->policy.mode));
        info.approvers = rule.approvers;
        info.approvals = rule.approvals;
        info.wait = rule.wait;
        info.pending = rule.pending;
        info.approved = rule.approved;
        if (rule.limits) info.limits = limits_text(*rule.limits);
        info.matched = shared_.rule_counts.of(rule.name);
        all.push_back(std::move(info));
    }
    for (const policy::BuiltIn& rule : policy::built_in_rules()) {
        console::RuleInfo info;
        info.name = rule.name;
        info.when = fmt::format("kind={} and no rule above", sql::name_of(rule.kind));
        info.action = rule.action == policy::RuleAction::Allow ? "allow" : rule.action == policy::RuleAction::Hold ? "hold" : "deny";
        info.mode = mode_name(now->config->policy.mode);
        info.approvals = 1;
        info.pending = policy::Rule{}.pending;
        info.approved = policy::Rule{}.approved;
        info.matched = shared_.rule_counts.of(info.name);
        all.push_back(std::move(info));
    }
    return all;
}

std::vector<console::MaskedColumnInfo> Proxy::masking() const {
    std::vector<console::MaskedColumnInfo> all;
    const std::scoped_lock lock(mutex_);
    for (const auto& [database, view] : views_) {
        for (const auto& [column, entry] : view->tags->all()) {
            console::MaskedColumnInfo info;
            info.column = database + "." + view->catalog->column_name(column);
            info.class_name = entry.tag.class_name;
            info.transform = entry.clear ? "clear" : std::string(masking::name_of(entry.tag.transform));
            info.source = entry.tag.source;
            all.push_back(std::move(info));
        }
        for (const auto& [column, against] : view->tags->all_look_alikes()) {
            console::MaskedColumnInfo info;
            info.column = database + "." + view->catalog->column_name(column);
            info.transform = "scan";
            info.source = policy::words_of(against);
            all.push_back(std::move(info));
        }
    }
    std::ranges::sort(all, {}, &console::MaskedColumnInfo::column);
    return all;
}

std::vector<console::StatsInfo> Proxy::stats() const {
    std::vector<console::StatsInfo> all;
    for (const config::Database& database : world()->config->databases) {
        console::StatsInfo info;
        info.database = database.name;
        const auto counters = shared_.tally.of(database.name);
        info.received = counters->received;
        info.sent = counters->sent;
        info.statements = counters->statements;
        all.push_back(std::move(info));
    }
    return all;
}

audit::JournalStatus Proxy::audit() const { return logbook_.status(); }

bool Proxy::kill(SessionId session) {
    for (const SessionEntry& entry : shared_.registry.list()) {
        if (entry.id != session.value) continue;
        workers_[entry.worker]->post([id = entry.id](Worker& worker) { worker.kill(id, "the session was ended by an operator"); });
        return true;
    }
    Predecessor* before = shared_.predecessor;
    return before != nullptr && before->kill(session.value);
}

std::size_t Proxy::kill_agent(std::string_view agent) {
    std::size_t count = shared_.registry.sessions_of(agent);
    if (Predecessor* before = shared_.predecessor) count += before->kill_agent(agent);
    everywhere([name = std::string(agent)](Worker& worker) { worker.kill_named(name, "the agent's sessions were ended by an operator"); });
    return count;
}

std::size_t Proxy::kill_database(std::string_view database) {
    Predecessor* before = shared_.predecessor;
    std::size_t count = before == nullptr ? 0 : before->kill_database(database);
    for (const SessionEntry& entry : shared_.registry.list()) {
        if (entry.database == database && !entry.person) count += kill(SessionId{entry.id}) ? 1 : 0;
    }
    return count;
}

}  // namespace pgveil::proxy
