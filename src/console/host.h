// ConsoleHost: what the console shows and asks of the running proxy but does not own itself.
//
// proxy/ implements it. Called on the control thread, one call at a time; calls may block briefly (reload reads
// files). Everything is a value: a picture of one moment. No secret may be put into these values: people
// without the admin role read some of them. Texts may come from agents; the console makes them inert.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "audit/journal.h"
#include "pgveil/core/clock.h"
#include "pgveil/core/principal.h"
#include "pgveil/core/result.h"

namespace pgveil::console {

struct ConfigEntry {
    std::string key, value, standard;      // standard: the default
    bool reloadable = false;
};

struct DatabaseInfo {
    std::string name, host, dbname, user, user_write, mode;
    std::uint16_t port = 5432;
    std::uint32_t connections = 0;         // server connections now
    std::chrono::seconds max_grant{0};
};

struct AgentInfo {
    std::string name, auth, owner;
    std::vector<std::string> from;
    std::uint32_t sessions = 0, max_sessions = 0;   // max 0: no limit
};

struct PersonInfo {
    std::string name;
    std::vector<Role> roles;
    std::vector<std::string> groups;
};

/// One client session, agents' and people's.
struct SessionInfo {
    SessionId id;
    bool is_person = false;
    std::string user, database, application_name, task;
    std::string state;                     // "login", "idle", "active", "idle in transaction", "held", "closing"
    std::string address, local_address;    // without port; "unix" for unix sockets
    std::uint16_t port = 0, local_port = 0;
    std::string tls;                       // "" or "TLSv1.3"
    WallTime connected{}, last_request{};  // epoch: never
    std::uint64_t statements = 0;
    std::uint32_t server_pid = 0;          // 0: no server connection
    std::string access;                    // "read", "write" by the live grant, "" without
    WallTime until{};                      // end of grant or credential; epoch: none
};

struct ServerInfo {
    SessionId session;                     // the client it serves
    std::string user, database, state, address, tls;
    std::uint16_t port = 0;
    std::uint32_t pid = 0;
    WallTime connected{}, last_request{};
};

struct RuleInfo {
    std::string name, when, action, mode;
    std::vector<std::string> approvers;
    std::uint32_t approvals = 0;
    std::chrono::seconds wait{0}, pending{0}, approved{0};
    std::string limits;
    std::uint64_t matched = 0;             // statements since start
};

struct MaskedColumnInfo {
    std::string column, class_name, transform, predicates, source;   // source: config line or rule id
    std::uint64_t masked = 0;              // cells since start
};

struct StatsInfo {
    std::string database;
    std::uint64_t transactions = 0, statements = 0, received = 0, sent = 0;
    std::uint64_t transaction_us = 0, statement_us = 0, wait_us = 0;
    std::uint64_t held = 0, denied = 0, rows = 0, masked = 0;
};

/// What a reload did, or why it did nothing. `problems` are "file:line:column: text".
struct ReloadOutcome {
    bool done = false;
    std::vector<std::string> notes, problems;
};

class ConsoleHost {
  public:
    ConsoleHost() = default;
    ConsoleHost(const ConsoleHost&) = delete;
    ConsoleHost& operator=(const ConsoleHost&) = delete;
    virtual ~ConsoleHost() = default;

    [[nodiscard]] virtual std::string version() const = 0;          // "0.1.0"
    [[nodiscard]] virtual std::vector<ConfigEntry> config() const = 0;
    [[nodiscard]] virtual std::vector<DatabaseInfo> databases() const = 0;
    [[nodiscard]] virtual std::vector<AgentInfo> agents() const = 0;
    [[nodiscard]] virtual std::vector<PersonInfo> people() const = 0;
    [[nodiscard]] virtual std::vector<SessionInfo> sessions() const = 0;
    [[nodiscard]] virtual std::vector<ServerInfo> servers() const = 0;
    [[nodiscard]] virtual std::vector<RuleInfo> rules() const = 0;
    [[nodiscard]] virtual std::vector<MaskedColumnInfo> masking() const = 0;
    [[nodiscard]] virtual std::vector<StatsInfo> stats() const = 0;
    [[nodiscard]] virtual audit::JournalStatus audit() const = 0;

    /// Ends one session (57P01 to its client). False: there is none.
    virtual bool kill(SessionId session) = 0;
    /// Ends all sessions of an agent; how many there were.
    virtual std::size_t kill_agent(std::string_view agent) = 0;
    virtual std::size_t kill_database(std::string_view database) = 0;
    /// Reads the config again; all or nothing.
    virtual ReloadOutcome reload() = 0;
    /// Begins the drain, as SIGTERM does. Returns at once.
    virtual void shutdown() = 0;
};

}  // namespace pgveil::console
