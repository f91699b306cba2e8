// timed_query: PQexec that does not wait for ever. A server that is gone without a word, or answers a byte a minute, must
// not hold the thread that reads the catalog. Private to catalog. Blocks; one thread at a time.
#pragma once

#include <libpq-fe.h>

#include <chrono>

namespace pgveil::catalog {

/// The last result of the text, as PQexec gives it. After `most` the connection is ended and its status is bad.
[[nodiscard]] PGresult* timed_query(PGconn& connection, const char* sql, std::chrono::milliseconds most);

}  // namespace pgveil::catalog
