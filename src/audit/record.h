// Record: one line of the log before it gets its index, time and checksum. Value.
//
// Holds no raw literal, ever: whoever fills `sql` took it from sql::mask_for_log. Keys and order of the
// JSON line are audit/line.cc's; names outside tools may read are in contract.md, "The audit log".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pgveil/core/clock.h"
#include "pgveil/core/principal.h"

namespace pgveil::audit {

/// Names: stmt.intent, stmt.result, session.open, session.close, auth.fail, grant.add, grant.revoke,
/// request.file, request.approve, request.deny, request.consume, request.finish, request.expire,
/// config.load, log.start, log.stop, log.idle, log.read, admin.command, storage.fault
enum class Kind : std::uint8_t {
    StmtIntent, StmtResult, SessionOpen, SessionClose, AuthFail, GrantAdd, GrantRevoke, RequestFile, RequestApprove,
    RequestDeny, RequestConsume, RequestFinish, RequestExpire, ConfigLoad, LogStart, LogStop, LogRead, AdminCommand,
    StorageFault, LogIdle
};
[[nodiscard]] std::string_view name_of(Kind kind);
[[nodiscard]] std::optional<Kind> kind_named(std::string_view name);

struct LiteralToken {
    std::string type, token;
    std::uint32_t length = 0;
    bool operator==(const LiteralToken&) const = default;
};

struct Record {
    Kind kind = Kind::StorageFault;
    WallTime time{};
    std::string agent, person, database;
    std::uint64_t session = 0;
    std::uint64_t statement = 0;            // number within the session: joins intent and result
    std::string address;
    std::string sql;                        // masked
    std::vector<LiteralToken> literals;
    std::string sql_class, decision, rule, request, task;
    std::vector<std::string> relations;
    std::int64_t rows = -1, bytes = -1, duration_us = -1;   // -1: not said
    std::vector<std::pair<std::string, std::uint64_t>> masked;  // rule or column -> cells
    std::string sqlstate, tag;
    std::vector<std::pair<std::string, std::string>> more;  // further string fields, own keys
    bool operator==(const Record&) const = default;
};

/// About the bytes of its line in the log, for budgets: cheap, and right to a quarter.
[[nodiscard]] std::size_t weight(const Record& record);

}  // namespace pgveil::audit
