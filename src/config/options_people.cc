// Options of databases, agents, people, grants and rules.
#include "config/sections.h"

namespace pgveil::config {
namespace {

/// A conninfo may hold a password: shown without it.
Option<Database> conninfo(std::string Database::*field, Info info) {
    Option<Database> made = option(field, info);
    made.type = "libpq connection string";
    made.show = [field](const Database& database) { return show(without_password(database.*field)); };
    return made;
}

}  // namespace

template <>
const Options<When>& options_of<When>() {
    static const Options<When> all{
        option(&When::kind, {.name = "kind", .sentence = "read, write, ddl, session, transaction, admin, unknown; empty: any (an allow rule "
               "never covers admin and unknown unless they are named).", .example = "[\"write\"]"}),
        option(&When::tables, {.name = "tables", .sentence = "schema.table, * and ? within a part; views, their base tables, partitions and "
               "parents count.", .example = "[\"public.orders\"]"}),
        option(&When::agents, {.name = "agents", .sentence = "Agent names or globs.", .example = "[\"*\"]"}),
        option(&When::databases, {.name = "databases", .sentence = "Database names or globs.", .example = "[\"shop\"]"}),
    };
    return all;
}

const Options<Database>& database_options() {
    static const Options<Database> all{
        option(&Database::name, {.name = "name", .sentence = "What clients ask for.", .example = "\"shop\"", .required = true}),
        conninfo(&Database::upstream, {.name = "upstream", .sentence = "Where the server is: libpq conninfo or URI, all of libpq's rules apply.",
                 .example = "\"host=127.0.0.1 port=5432 dbname=shop user=pgveil\"", .required = true}),
        option(&Database::password_file, {.name = "password_file", .sentence = "File with the upstream password, read at every server connection.",
               .example = "\"secrets/shop\""}),
        conninfo(&Database::upstream_write, {.name = "upstream_write", .sentence = "Sessions under a write grant connect as this role, all others "
                 "as `upstream`, which then need not be able to write at all.",
                 .example = "\"host=127.0.0.1 port=5432 dbname=shop user=pgveil_writer\""}),
        option(&Database::password_file_write, {.name = "password_file_write", .sentence = "File with the password of upstream_write; without it "
               "password_file.", .example = "\"secrets/shop_writer\""}),
        option(&Database::mode, {.name = "mode", .sentence = "Overrides policy.mode for this database.", .example = "\"shadow\""}),
        option(&Database::max_grant, {.name = "max_grant", .sentence = "Longest grant people may give.", .example = "\"8h\"", .least = 60}),
        option(&Database::dangerous_role, {.name = "dangerous_role", .sentence = "Accept an upstream role that is superuser, REPLICATION, BYPASSRLS, "
               "CREATEROLE or may read server files or run programs.", .example = "false"}),
        option(&Database::settings, {.name = "settings", .sentence = "Dotted settings agents may SET (row-level-security tenants).", .example = "[\"app.tenant\"]"}),
        option(&Database::connect_timeout, {.name = "connect_timeout", .sentence = "How long a server connection may take.", .example = "\"10s\"", .least = 1, .most = 600}),
        option(&Database::refresh, {.name = "refresh", .sentence = "How often the catalog is looked at for changes.", .example = "\"5s\"", .least = 1, .most = 3600}),
        option(&Database::warm_connections, {.name = "warm_connections", .sentence = "Idle server connections to keep for the next session of the same agent with the "
               "same startup settings, after DISCARD ALL; 0: every session has a fresh one.", .example = "8", .most = 1000}),
        option(&Database::warm_idle, {.name = "warm_idle", .sentence = "How long one is kept without use (an hour after its opening it is not used again).", .example = "\"60s\"", .least = 1, .most = 3600}),
    };
    return all;
}

const Options<AgentEntry>& agent_options() {
    static const Options<AgentEntry> all{
        option(&AgentEntry::name, {.name = "name", .sentence = "The PostgreSQL user name it connects with.", .example = "\"copilot\"", .required = true}),
        option(&AgentEntry::auth, {.name = "auth", .sentence = "How it proves who it is.", .example = "\"scram\""}),
        option(&AgentEntry::secret, {.name = "secret", .sentence = "SCRAM-SHA-256 verifier, from `pgveil scram`.", .example = "\"SCRAM-SHA-256$4096:...\""}),
        option(&AgentEntry::owner, {.name = "owner", .sentence = "The person who answers for it, and may neither grant to it nor approve for it.", .example = "\"dana\""}),
        option(&AgentEntry::subject, {.name = "subject", .sentence = "auth = cert: the certificate's SAN or CN; auth = token: the claim's value; "
               "without it the name.", .example = "\"spiffe://example.com/copilot\""}),
        option(&AgentEntry::from, {.name = "from", .sentence = "Address blocks it may come from; empty: anywhere.", .example = "[\"10.0.0.0/8\"]"}),
        option(&AgentEntry::max_sessions, {.name = "max_sessions", .sentence = "Sessions at one time; 0 = no limit.", .example = "20"}),
        option(&AgentEntry::log_budget, {.name = "log_budget", .sentence = "Audit log it may fill a day (PV012 beyond); not set: no limit.", .example = "\"2GiB/day\""}),
        option(&AgentEntry::egress, {.name = "egress", .sentence = "Result bytes it may take a day (PV012 beyond); not set: no limit.", .example = "\"1GiB/day\""}),
    };
    return all;
}

const Options<PersonEntry>& person_options() {
    static const Options<PersonEntry> all{
        option(&PersonEntry::name, {.name = "name", .sentence = "Login name on the console.", .example = "\"dana\"", .required = true}),
        option(&PersonEntry::secret, {.name = "secret", .sentence = "SCRAM-SHA-256 verifier with at least 100,000 iterations, from `pgveil scram "
               "--iterations 100000`.", .example = "\"SCRAM-SHA-256$100000:...\"", .required = true}),
        option(&PersonEntry::roles, {.name = "roles", .sentence = "Each only what it says; admin does not imply approver.", .example = "[\"approver\", \"auditor\"]"}),
        option(&PersonEntry::groups, {.name = "groups", .sentence = "A rule's `approvers` names groups; approving needs the role and the group.", .example = "[\"dba\"]"}),
        option(&PersonEntry::from, {.name = "from", .sentence = "Address blocks they may come from; empty: anywhere.", .example = "[\"10.0.0.0/8\"]"}),
    };
    return all;
}

const Options<GrantEntry>& grant_options() {
    static const Options<GrantEntry> all{
        option(&GrantEntry::agent, {.name = "agent", .sentence = "Whom.", .example = "\"copilot\"", .required = true}),
        option(&GrantEntry::database, {.name = "database", .sentence = "Where.", .example = "\"shop\"", .required = true}),
        option(&GrantEntry::access, {.name = "access", .sentence = "read, or write (may ask; rules still hold or deny).", .example = "\"write\"",
               .fallback = "\"read\""}),
        option(&GrantEntry::until, {.name = "until", .sentence = "Absolute end.", .example = "2027-01-01T00:00:00Z", .required = true}),
        option(&GrantEntry::not_before, {.name = "not_before", .sentence = "Absolute start; not set: at once.", .example = "2026-12-01T00:00:00Z"}),
        option(&GrantEntry::reason, {.name = "reason", .sentence = "For the record.", .example = "\"nightly report\""}),
    };
    return all;
}

const Options<RuleEntry>& rule_options() {
    static const Options<RuleEntry> all{
        option(&RuleEntry::name, {.name = "name", .sentence = "What people and records call it.", .example = "\"orders need a dba\"", .required = true}),
        option(&RuleEntry::when, {.name = "when", .sentence = "What it is about. allow matches only if everything lies within; hold and deny if "
               "anything does.", .example = "{ kind = [\"write\"], tables = [\"public.orders\"] }"}),
        option(&RuleEntry::action, {.name = "action", .sentence = "What happens.", .example = "\"hold\"", .required = true}),
        option(&RuleEntry::mode, {.name = "mode", .sentence = "Overrides the database's mode for this rule; a rule in shadow or warn mode decides nothing.",
               .example = "\"shadow\""}),
        option(&RuleEntry::approvers, {.name = "approvers", .sentence = "Groups of which one must approve; empty: any approver.", .example = "[\"dba\"]"}),
        option(&RuleEntry::approvals, {.name = "approvals", .sentence = "Distinct people who must approve.", .example = "1", .least = 1, .most = 20}),
        option(&RuleEntry::wait, {.name = "wait", .sentence = "How long the statement may wait on the wire before the ticket error.", .example = "\"30s\"", .most = 300}),
        option(&RuleEntry::pending, {.name = "pending", .sentence = "How long a request waits for people.", .example = "\"30m\"", .least = 1, .most = 30 * 86400}),
        option(&RuleEntry::approved, {.name = "approved", .sentence = "How long an approval may wait for its use.", .example = "\"10m\"", .least = 1, .most = 7 * 86400}),
        option(&RuleEntry::limits, {.name = "limits", .sentence = "Limits of the statements it lets pass.",
               .example = "{ rows = 100000, bytes = \"64MiB\", time = \"30s\" }"}),
    };
    return all;
}

}  // namespace pgveil::config
