#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "console/run.h"
#include "control/visible_text.h"

// SHOW in PgBouncer's shape: one pool per database and user, session pooling.
namespace pgveil::console {
namespace {

const std::string kSession = "session";

/// PgBouncer writes times as text in its log's form.
std::string clock_text(WallTime time) {
    if (time == WallTime{}) return "";
    auto text = timestamp_text(std::chrono::floor<std::chrono::seconds>(time));
    return text.substr(0, 19) + " UTC";
}

std::vector<Row> database_rows(const Place& place) {
    const auto off = place.service.switches();
    std::vector<Row> rows;
    for (const auto& d : place.host.databases()) {
        const bool disabled = !off || std::ranges::any_of(*off, [&](const control::Switch& s) {
            return s.subject == control::Switch::Subject::Database && s.name == d.name;
        });
        rows.push_back({d.name, d.host, number(d.port), d.dbname, d.user, number(0), number(0), number(0), kSession, number(0),
                        number(d.connections), number(0), number(disabled ? 1 : 0), d.mode,
                        fmt::format("{}s", d.max_grant.count()), d.user_write});
    }
    return rows;
}

std::vector<Row> stats_rows(const ConsoleHost& host) {
    std::vector<Row> rows;
    const auto per = [](std::uint64_t total, std::uint64_t count) { return number(count ? total / count : 0); };
    for (const auto& s : host.stats()) {
        rows.push_back({s.database, number(s.transactions), number(s.statements), number(s.received), number(s.sent),
                        number(s.transaction_us), number(s.statement_us), number(s.wait_us), number(0), number(0), number(0),
                        number(0), per(s.transaction_us, s.transactions), per(s.statement_us, s.statements),
                        per(s.wait_us, s.statements), number(s.held), number(s.denied), number(s.rows), number(s.masked)});
    }
    return rows;
}

struct Pool {
    std::uint64_t clients = 0, waiting = 0, busy = 0, idle = 0;
    WallTime oldest{};                     // of those that wait
};

std::vector<Row> pool_rows(const ConsoleHost& host, WallTime now) {
    std::map<std::pair<std::string, std::string>, Pool> pools;
    for (const auto& s : host.sessions()) {
        Pool& pool = pools[{s.database, s.user}];
        ++pool.clients;
        if (s.state == "held") {
            ++pool.waiting;
            if (pool.oldest == WallTime{} || s.last_request < pool.oldest) pool.oldest = s.last_request;
        }
        if (s.server_pid != 0) ++(s.state == "active" ? pool.busy : pool.idle);
    }
    std::vector<Row> rows;
    for (const auto& [key, p] : pools) {
        const auto waited = p.oldest == WallTime{} || p.oldest > now ? 0 : (now - p.oldest).count();
        rows.push_back({key.first, key.second, number(p.clients - p.waiting), number(p.waiting), number(0), number(0),
                        number(p.busy), number(0), number(0), number(p.idle), number(0), number(0), number(0),
                        std::int64_t{waited / 1'000'000}, std::int64_t{waited % 1'000'000}, kSession});
    }
    return rows;
}

std::vector<Row> client_rows(const ConsoleHost& host) {
    std::vector<Row> rows;
    for (const auto& s : host.sessions()) {
        rows.push_back({std::string("C"), s.user, s.database, std::string(s.state == "held" ? "waiting" : "active"), s.address,
                        number(s.port), s.local_address, number(s.local_port), clock_text(s.connected), clock_text(s.last_request),
                        number(0), number(0), number(0), fmt::format("0x{:x}", s.id.value),
                        s.server_pid ? fmt::format("0x{:x}", s.id.value) : std::string(), number(0), s.tls,
                        control::excerpt(s.application_name, 200), number(s.id.value)});
    }
    return rows;
}

std::vector<Row> server_rows(const ConsoleHost& host) {
    std::vector<Row> rows;
    for (const auto& s : host.servers()) {
        rows.push_back({std::string("S"), s.user, s.database, s.state, s.address, number(s.port), std::string(), number(0),
                        clock_text(s.connected), clock_text(s.last_request), number(0), number(0), number(0),
                        fmt::format("0x{:x}", s.session.value), fmt::format("0x{:x}", s.session.value), number(s.pid), s.tls,
                        std::string(), number(s.session.value)});
    }
    return rows;
}

std::vector<Row> user_rows(const ConsoleHost& host) {
    std::vector<Row> rows;
    for (const auto& a : host.agents()) rows.push_back({a.name, kSession, std::string("agent")});
    for (const auto& p : host.people()) rows.push_back({p.name, std::string(), std::string("person")});
    return rows;
}

std::vector<Row> list_rows(const ConsoleHost& host) {
    const auto item = [](std::string_view name, std::size_t count) { return Row{std::string(name), number(count)}; };
    const auto sessions = host.sessions();
    const auto logins = std::ranges::count(sessions, std::string("login"), &SessionInfo::state);
    return {item("databases", host.databases().size()), item("users", host.agents().size() + host.people().size()),
            item("pools", pool_rows(host, {}).size()), item("free_clients", 0), item("used_clients", sessions.size()),
            item("login_clients", static_cast<std::size_t>(logins)), item("free_servers", 0), item("used_servers", host.servers().size()),
            item("dns_names", 0), item("dns_zones", 0), item("dns_queries", 0), item("dns_pending", 0)};
}

}  // namespace

Answer show_pooling(const Command& c, const Place& place, const Asker& asker) {
    Answer a;
    a.tag = "SHOW";
    if (c.verb == Verb::ShowDatabases) a.rows = database_rows(place);
    if (c.verb == Verb::ShowStats) a.rows = stats_rows(place.host);
    if (c.verb == Verb::ShowPools) a.rows = pool_rows(place.host, asker.now);
    if (c.verb == Verb::ShowClients) a.rows = client_rows(place.host);
    if (c.verb == Verb::ShowServers) a.rows = server_rows(place.host);
    if (c.verb == Verb::ShowUsers) a.rows = user_rows(place.host);
    if (c.verb == Verb::ShowLists) a.rows = list_rows(place.host);
    return a;
}

}  // namespace pgveil::console
