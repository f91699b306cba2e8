// Config: what the operator wrote, as plain values, checked and with every path absolute.
//
// Filled by load() from TOML; each field is declared once, in options*.cc, with its sentence, default and
// bounds (`pgveil check --reference` prints them). Value; immutable once shared; any thread. What it is not:
// rule packs (rule_pack_reader.h), the policy made of it (proxy/), anything read from the files it names.
// Hostile: no, the operator's own file; secrets in it are Secret.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pgveil/core/clock.h"
#include "pgveil/core/grant.h"
#include "pgveil/core/principal.h"
#include "pgveil/core/secret.h"
#include "pgveil/masking/mask_plan.h"

namespace pgveil::config {

// The zero value of each choice is the strict one.
enum class Mode : std::uint8_t { Enforce, Warn, Shadow };
enum class TlsMode : std::uint8_t { Require, Allow, Off };
enum class Durability : std::uint8_t { Strict, Group };
enum class AuthMethod : std::uint8_t { Scram, Cert, Token };
enum class RuleAction : std::uint8_t { Deny, Hold, Allow };
enum class Predicates : std::uint8_t { Deny, Hold, Equality, Allow };
enum class Opaque : std::uint8_t { Redact, Scan };
enum class Scope : std::uint8_t { Agent, Task, Deployment };
enum class LogFormat : std::uint8_t { Text, Json };
enum class LogLevel : std::uint8_t { Error, Warning, Info, Debug };

/// "127.0.0.1:6432", "[::1]:6432" or "unix:/run/pgveil".
struct Endpoint {
    std::string host;              // address or name; empty for a unix socket
    std::string directory;         // unix: the socket is directory/.s.PGSQL.<port>
    std::uint16_t port = 0;        // unix: the first TCP port of the same list, else 6432
    [[nodiscard]] bool is_unix() const { return !directory.empty(); }
    [[nodiscard]] bool is_loopback() const;   // unix sockets too
    [[nodiscard]] std::string text() const;   // as written in the config
    bool operator==(const Endpoint&) const = default;
};

/// An amount of bytes ("64MiB"); 0 = no limit.
struct ByteSize {
    std::uint64_t bytes = 0;
    auto operator<=>(const ByteSize&) const = default;
};
/// Bytes a day ("2GiB/day"); 0 = no limit.
struct ByteRate {
    std::uint64_t bytes_per_day = 0;
    auto operator<=>(const ByteRate&) const = default;
};
/// A file or directory; absolute after load, relative to the config as written. Empty = not set.
struct Path {
    std::string path;
    [[nodiscard]] bool empty() const { return path.empty(); }
    auto operator<=>(const Path&) const = default;
};

struct Tls {
    std::optional<TlsMode> mode;   // always set after load: require with a cert, else off
    Path cert, key, client_ca;
    [[nodiscard]] TlsMode effective() const { return mode.value_or(cert.empty() ? TlsMode::Off : TlsMode::Require); }
};

struct Proxy {
    std::vector<Endpoint> listen;  // 127.0.0.1:6432 when not written
    std::uint32_t workers = 0;     // 0: one per core
    Path state;
    std::uint32_t max_clients = 1000;
    std::uint32_t max_per_address = 0;
    ByteSize memory{.bytes = 2ULL << 30}, session_memory{.bytes = 1ULL << 30};
    std::chrono::seconds login_timeout{60}, drain_timeout{30}, tcp_user_timeout{0};
    LogFormat log_format = LogFormat::Text;
    LogLevel log_level = LogLevel::Info;
    Tls tls;
};

struct Limits {
    std::uint64_t rows = 0;
    ByteSize bytes;
    std::chrono::seconds time{0};
    bool operator==(const Limits&) const = default;
};

struct Policy {
    Mode mode = Mode::Enforce;
    Limits limits;                 // where no rule says otherwise
};

struct Audit {
    Path dir, sign_key_file;
    std::chrono::seconds retain{std::chrono::days{400}};
    ByteSize reserve{256ULL << 20};
    Path fallback_dir;
    std::vector<std::string> anchor;   // "syslog:", "file:/absolute"
    Durability durability = Durability::Strict;
};

struct Store {
    std::string url;               // "sqlite:/absolute" or "postgresql://..."
};

struct Admin {
    std::string console = "pgveil";
    std::vector<Endpoint> listen;
    std::optional<Endpoint> http, metrics;
    std::vector<std::string> http_hosts;
};

struct Database {
    std::string name, upstream, upstream_write;
    Path password_file, password_file_write;
    std::optional<Mode> mode;
    std::chrono::seconds max_grant{std::chrono::hours{8}};
    bool dangerous_role = false;
    std::vector<std::string> settings;       // dotted names agents may SET
    std::chrono::seconds connect_timeout{10};
    std::chrono::seconds refresh{5};         // catalog
    std::uint32_t warm_connections = 0;
    std::chrono::seconds warm_idle{60};
};

struct AgentEntry {
    std::string name, owner;
    AuthMethod auth = AuthMethod::Scram;
    Secret secret;                           // SCRAM verifier text
    std::string subject;                     // cert: SAN or CN; token: claim value; empty: the name
    std::vector<std::string> from;           // CIDR blocks; empty: anywhere
    std::uint32_t max_sessions = 0;
    ByteRate log_budget, egress;
};

struct PersonEntry {
    std::string name;
    Secret secret;
    std::vector<Role> roles;
    std::vector<std::string> groups, from;
};

struct GrantEntry {
    std::string agent, database, reason;
    Access access = Access::Read;
    WallTime not_before{}, until{};
};

struct When {
    std::vector<std::string> kind, tables, agents, databases;   // empty: any
    bool operator==(const When&) const = default;
};

struct RuleEntry {
    std::string name;
    When when;
    RuleAction action = RuleAction::Deny;
    std::optional<Mode> mode;
    std::vector<std::string> approvers;
    std::uint32_t approvals = 1;
    std::chrono::seconds wait{0}, pending{1800}, approved{600};
    std::optional<Limits> limits;
};

struct EqualityLimit {
    std::uint32_t statement = 20, hour = 1000;
    bool operator==(const EqualityLimit&) const = default;
};

struct ColumnEntry {
    std::string column, class_name;
    std::optional<masking::Transform> transform;   // not written: redact
    std::optional<Predicates> predicates;
};

struct Masking {
    std::vector<std::string> packs;          // names under rules_dir, or absolute paths; "core" when not written
    Path rules_dir;                          // empty: $PGVEIL_RULES, ./rules, the installed packs
    std::vector<std::string> disable;        // rule ids switched off
    Path key_file;
    std::vector<Path> old_key_files;
    Predicates predicates = Predicates::Equality;
    EqualityLimit equality_limit;
    Scope scope = Scope::Agent;
    Opaque opaque = Opaque::Redact;
    std::chrono::seconds sample{std::chrono::hours{24}};   // 0: columns' values are not sampled
    std::vector<ColumnEntry> columns;
};

struct Config {
    std::string file, directory;             // where it came from, absolute
    Proxy proxy;
    Policy policy;
    Audit audit;
    Store store;
    Admin admin;
    std::vector<Database> databases;
    std::vector<AgentEntry> agents;
    std::vector<PersonEntry> people;
    std::vector<GrantEntry> grants;
    std::vector<RuleEntry> rules;
    Masking masking;

    [[nodiscard]] const Database* database(std::string_view name) const;
    [[nodiscard]] const AgentEntry* agent(std::string_view name) const;
    [[nodiscard]] const PersonEntry* person(std::string_view name) const;
};

}  // namespace pgveil::config
