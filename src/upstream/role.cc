#include <libpq-fe.h>

#include <cstring>

#include "upstream/connector.h"
#include "upstream/opening.h"

namespace pgveil::upstream {
namespace {

// Everything is spelled with its schema: the session's search_path may be the agent's. A role setting may
// have made current_user another than session_user; RESET ROLE leads back, so the worse of both counts.
constexpr const char* kRoleQuery =
    "SELECT session_user::pg_catalog.text,"
    " pg_catalog.bool_or(r.rolsuper), pg_catalog.bool_or(r.rolreplication),"
    " pg_catalog.bool_or(r.rolbypassrls), pg_catalog.bool_or(r.rolcreaterole),"
    " pg_catalog.bool_or(pg_catalog.pg_has_role(r.oid, 'pg_read_server_files'::pg_catalog.name, 'MEMBER'::pg_catalog.text)),"
    " pg_catalog.bool_or(pg_catalog.pg_has_role(r.oid, 'pg_write_server_files'::pg_catalog.name, 'MEMBER'::pg_catalog.text)),"
    " pg_catalog.bool_or(pg_catalog.pg_has_role(r.oid, 'pg_execute_server_program'::pg_catalog.name, 'MEMBER'::pg_catalog.text)),"
    " pg_catalog.bool_or(pg_catalog.pg_has_role(r.oid, 'pg_signal_backend'::pg_catalog.name, 'MEMBER'::pg_catalog.text))"
    " FROM pg_catalog.pg_roles r"
    " WHERE r.rolname OPERATOR(pg_catalog.=) session_user OR r.rolname OPERATOR(pg_catalog.=) current_user";

// Anything but a clear "f" is the dangerous answer.
bool yes(const PGresult* result, int column) { return std::strcmp(PQgetvalue(result, 0, column), "f") != 0; }

ConnectFailure role_failure(PGconn* connection) {
    ConnectFailure failure = failure_of(PQerrorMessage(connection));
    failure.sqlstate.clear();   // no setting of the client's is at fault
    failure.message = "the server role could not be examined: " + failure.message;
    return failure;
}

}  // namespace

bool RoleFacts::dangerous() const {
    return superuser || replication || bypass_rls || create_role || read_server_files || write_server_files ||
           execute_server_program || signal_backend;
}

std::string RoleFacts::why() const {
    std::string reasons;
    const auto add = [&](bool holds, const char* name) {
        if (holds) reasons += (reasons.empty() ? "" : ", ") + std::string(name);
    };
    add(superuser, "SUPERUSER");
    add(replication, "REPLICATION");
    add(bypass_rls, "BYPASSRLS");
    add(create_role, "CREATEROLE");
    add(read_server_files, "member of pg_read_server_files");
    add(write_server_files, "member of pg_write_server_files");
    add(execute_server_program, "member of pg_execute_server_program");
    add(signal_backend, "member of pg_signal_backend");
    return reasons;
}

std::optional<ConnectFailure> Connector::find_role(pg_conn* connection, const ConnectRequest& request,
                                                   Handover& handover) {
    const std::string key = request.conninfo + '\0' + request.database;
    const auto now = std::chrono::steady_clock::now();
    {
        const std::lock_guard lock(mutex_);
        const auto known = roles_.find(key);
        if (known != roles_.end() && now < known->second.until) {
            handover.role = known->second.facts;
            return std::nullopt;
        }
    }
    const std::chrono::seconds most = request.connect_timeout.count() > 0 ? request.connect_timeout : std::chrono::seconds(10);
    const ResultPointer result = ask_one_row(connection, kRoleQuery, most, closing_->flag);
    if (!result || PQntuples(result.get()) != 1 || PQnfields(result.get()) != 9) return role_failure(connection);
    const PGresult* const r = result.get();
    handover.role = RoleFacts{.session_user = PQgetvalue(r, 0, 0), .superuser = yes(r, 1), .replication = yes(r, 2),
                              .bypass_rls = yes(r, 3), .create_role = yes(r, 4), .read_server_files = yes(r, 5),
                              .write_server_files = yes(r, 6), .execute_server_program = yes(r, 7),
                              .signal_backend = yes(r, 8)};
    const std::lock_guard lock(mutex_);
    roles_[key] = {*handover.role, now + role_cache_};
    return std::nullopt;
}

}  // namespace pgveil::upstream
