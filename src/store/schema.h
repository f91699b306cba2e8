// Schema of the SQLite store. Versions are numbered by PRAGMA user_version; a file of a newer version is
// refused, one of an older version is brought forward by the steps that follow its number.
// Times are microseconds since 1970 UTC. Enums are kept as their names: a reordered enum must not turn a
// denied request into an approved one.
#pragma once

namespace pgveil::store {

inline constexpr int kSchemaVersion = 2;
inline constexpr int kApplicationId = 0x70677631;   // "pgv1": tells our file from another program's

inline constexpr const char* kSchemaSteps[kSchemaVersion] = {R"sql(
CREATE TABLE requests (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, state TEXT NOT NULL,
    agent TEXT NOT NULL, owner TEXT NOT NULL, database TEXT NOT NULL, task TEXT NOT NULL, reason TEXT NOT NULL,
    sql_class TEXT NOT NULL, rule TEXT NOT NULL, shape TEXT NOT NULL, digest BLOB NOT NULL CHECK (length(digest) = 32),
    masked_statement TEXT NOT NULL, relations TEXT NOT NULL, why TEXT NOT NULL, approvers TEXT NOT NULL,
    approvals_needed INTEGER NOT NULL CHECK (approvals_needed >= 1), approved_for INTEGER NOT NULL,
    created INTEGER NOT NULL, expires INTEGER NOT NULL, decided INTEGER NOT NULL,
    decided_by TEXT NOT NULL, decision_reason TEXT NOT NULL, outcome_tag TEXT NOT NULL,
    attempts INTEGER NOT NULL, max_rows INTEGER NOT NULL, sealed BLOB, record INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX requests_by_digest ON requests (agent, database, digest, created);
CREATE INDEX requests_by_state ON requests (state, expires);
CREATE INDEX requests_by_agent ON requests (agent, created);
CREATE INDEX requests_by_time ON requests (created);
CREATE TABLE approvals (
    request TEXT NOT NULL REFERENCES requests (id), person TEXT NOT NULL, reason TEXT NOT NULL,
    at INTEGER NOT NULL, max_rows INTEGER NOT NULL, record INTEGER NOT NULL, PRIMARY KEY (request, person)
) STRICT, WITHOUT ROWID;
CREATE TABLE denials (
    request TEXT PRIMARY KEY, agent TEXT NOT NULL, shape TEXT NOT NULL, wording TEXT NOT NULL, person TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX denials_by_agent ON denials (agent, at);
CREATE TABLE grants (
    id TEXT PRIMARY KEY, agent TEXT NOT NULL, database TEXT NOT NULL, access TEXT NOT NULL, reason TEXT NOT NULL,
    task TEXT NOT NULL, created_by TEXT NOT NULL, not_before INTEGER NOT NULL, until INTEGER NOT NULL,
    revoked INTEGER NOT NULL, revoked_by TEXT NOT NULL, request TEXT NOT NULL, record INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX grants_by_end ON grants (until);
CREATE TABLE switches (
    kind TEXT NOT NULL, name TEXT NOT NULL, person TEXT NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL,
    record INTEGER NOT NULL, PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
)sql", R"sql(
CREATE TABLE votes (
    database TEXT NOT NULL, relation INTEGER NOT NULL, attribute INTEGER NOT NULL, type INTEGER NOT NULL,
    relation_name TEXT NOT NULL, column_name TEXT NOT NULL, revision TEXT NOT NULL, rule TEXT NOT NULL,
    passed INTEGER NOT NULL, distinct_values INTEGER NOT NULL, look_alikes INTEGER NOT NULL, failed INTEGER NOT NULL,
    shaped INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (database, relation, attribute)
) STRICT, WITHOUT ROWID;
)sql"};

}  // namespace pgveil::store
