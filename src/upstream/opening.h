// Opening: one connection attempt with libpq, hosts and timeouts as libpq's own blocking call treats them, but
// with SQLSTATEs in its errors and an ear for being told to stop. Private to upstream. Blocks.
#pragma once

#include <atomic>
#include <memory>

#include "upstream/conninfo.h"

struct pg_conn;
struct pg_result;

namespace pgveil::upstream {

using ConnectionPointer = std::shared_ptr<pg_conn>;

[[nodiscard]] Result<ConnectionPointer, ConnectFailure> open_connection(ConnectionParameters parameters,
                                                                      const std::atomic<bool>& closing);

/// One row, or null with the reason in PQerrorMessage: a server that does not answer in time, or goes on after one row, is
/// told good-bye.
using ResultPointer = std::shared_ptr<pg_result>;
[[nodiscard]] ResultPointer ask_one_row(pg_conn* connection, const char* sql, std::chrono::seconds most, const std::atomic<bool>& closing);

/// What is left of comma-separated `host`, `hostaddr` and `port` lists after the entry that was being tried;
/// false if that was the last or is not found.
[[nodiscard]] bool drop_tried_hosts(ConnectionParameters& parameters, std::string_view tried);

}  // namespace pgveil::upstream
