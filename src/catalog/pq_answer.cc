#include "catalog/pq_answer.h"

#include <algorithm>

#include "catalog/timed_query.h"

namespace pgveil::catalog {
namespace {

std::string first_line(const char* text) {
    const std::string_view all = text ? text : "";
    return std::string(all.substr(0, all.find('\n')));
}

}  // namespace

Result<ResultPtr, LoadError> query(PGconn& connection, const std::string& sql, std::chrono::milliseconds most) {
    ResultPtr result(timed_query(connection, sql.c_str(), most));
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return result;
    LoadError error;
    const char* state = result ? PQresultErrorField(result.get(), PG_DIAG_SQLSTATE) : nullptr;
    error.what = state ? LoadError::What::Query : LoadError::What::Connection;
    error.sqlstate = state ? state : "";
    const char* primary = result ? PQresultErrorField(result.get(), PG_DIAG_MESSAGE_PRIMARY) : nullptr;
    error.message = first_line(primary ? primary : PQerrorMessage(&connection));
    return refuse(std::move(error));
}

Result<PGconn*, LoadError> open_connection(const std::string& conninfo, const Secret& password, std::chrono::seconds timeout,
                                           Application application) {
    std::string password_text(text_of(password.reveal()));
    const std::string seconds = std::to_string(timeout.count());
    // dbname with expand_dbname takes the whole conninfo; what follows it overrides, an empty value does not.
    const char* const keys[] = {"dbname", "password", "connect_timeout", "client_encoding",
                                application.always ? "application_name" : "fallback_application_name", nullptr};
    const char* const values[] = {conninfo.c_str(), password_text.c_str(), seconds.c_str(), "UTF8", application.name, nullptr};
    PGconn* const connection = PQconnectdbParams(keys, values, 1);
    std::ranges::fill(password_text, '\0');
    if (connection != nullptr && PQstatus(connection) == CONNECTION_OK) return connection;
    LoadError error{LoadError::What::Connection, "", first_line(connection != nullptr ? PQerrorMessage(connection) : "out of memory")};
    PQfinish(connection);
    return refuse(std::move(error));
}

}  // namespace pgveil::catalog
