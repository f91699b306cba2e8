// pq_answer: connecting and asking over libpq, as the loader and the sampler do it. Private to catalog.
//
// Blocks, with an end (timed_query.h). One thread at a time. What the server says of itself is trusted for structure.
#pragma once

#include <memory>
#include <string>

#include "catalog/pq_loader.h"

namespace pgveil::catalog {

struct ClearResult {
    void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, ClearResult>;

/// The last result of the text. The refusal says whether the server answered (Query) or is gone (Connection).
[[nodiscard]] Result<ResultPtr, LoadError> query(PGconn& connection, const std::string& sql,
                                                 std::chrono::milliseconds most = std::chrono::seconds(30));

/// What the DBA reads in pg_stat_activity and in the server's log; the conninfo's own comes first unless `always`.
struct Application {
    const char* name;
    bool always = false;
};
[[nodiscard]] Result<PGconn*, LoadError> open_connection(const std::string& conninfo, const Secret& password, std::chrono::seconds timeout,
                                                         Application application);

}  // namespace pgveil::catalog
