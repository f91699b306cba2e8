#include "catalog/timed_query.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdint>

namespace pgveil::catalog {
namespace {

using Clock = std::chrono::steady_clock;

bool ready(const PGconn& connection, Clock::time_point until) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    pollfd watched{.fd = PQsocket(&connection), .events = POLLIN, .revents = 0};
    return left.count() > 0 && ::poll(&watched, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 3'600'000))) != 0;
}

/// libpq may have read the whole answer already, so it is asked before the socket is.
void collect(PGconn& connection, Clock::time_point until) {
    while (PQisBusy(&connection) != 0) {
        if (!ready(connection, until)) ::shutdown(PQsocket(&connection), SHUT_RDWR);   // libpq reads its end, and says so
        if (PQconsumeInput(&connection) != 1) return;
    }
}

}  // namespace

PGresult* timed_query(PGconn& connection, const char* sql, std::chrono::milliseconds most) {
    const auto until = Clock::now() + most;
    if (PQsendQuery(&connection, sql) != 1) return nullptr;
    PGresult* last = nullptr;
    for (;;) {
        collect(connection, until);
        PGresult* const next = PQgetResult(&connection);
        if (next == nullptr) return last;
        PQclear(last);
        last = next;
        const ExecStatusType status = PQresultStatus(last);   // as PQexec: what copies is not our business
        if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
            ::shutdown(PQsocket(&connection), SHUT_RDWR);
            return last;
        }
    }
}

}  // namespace pgveil::catalog
