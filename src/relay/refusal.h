// Refusals: the errors an agent meets, in words and in JSON (contract.md, "What an agent meets").
// Pure. Texts never hold data of rows, nor words that pools take for a lost connection.
#pragma once

#include "policy/decision.h"
#include "protocol/encoder.h"
#include "pgveil/core/request.h"

namespace pgveil::relay {

[[nodiscard]] protocol::ErrorOut held(const RequestView& request, bool in_transaction, WallTime now);
[[nodiscard]] protocol::ErrorOut denied_by_person(const RequestView& request);
[[nodiscard]] protocol::ErrorOut expired_request(const RequestView& request);
[[nodiscard]] protocol::ErrorOut not_runnable(const RequestView& request);
[[nodiscard]] protocol::ErrorOut drifted(const RequestView& request, std::string_view what);
[[nodiscard]] protocol::ErrorOut too_many(std::string_view detail, std::uint32_t retry_after_s);
[[nodiscard]] protocol::ErrorOut unknown_request(std::string_view id);
[[nodiscard]] protocol::ErrorOut store_unavailable();
/// `code`: with which the server failed.
[[nodiscard]] protocol::ErrorOut facts_unavailable(SqlState code);
[[nodiscard]] protocol::ErrorOut audit_unavailable();
[[nodiscard]] protocol::ErrorOut by_policy(const policy::Decision& decision);
[[nodiscard]] protocol::ErrorOut limit_reached(std::string_view which);
/// `which`: "log" or "result"; `within`: a result was cut by it.
[[nodiscard]] protocol::ErrorOut budget_spent(std::string_view which, bool within);
[[nodiscard]] protocol::ErrorOut bad_message();
/// What EXECUTE or FETCH names, in PostgreSQL's words.
[[nodiscard]] protocol::ErrorOut does_not_exist(const sql::Statement& statement);
/// PostgreSQL's word on a relation that nobody knows, which Parse of a utility statement (TRUNCATE, COPY) does not look up.
[[nodiscard]] std::optional<protocol::ErrorOut> missing_relation(const sql::Analysis& analysis, std::string_view text);
[[nodiscard]] protocol::ErrorOut failed_transaction();
[[nodiscard]] protocol::ErrorOut cancelled();
/// Plain error with a hint.
[[nodiscard]] protocol::ErrorOut plain(SqlState code, std::string message, std::string hint = {});

/// RFC 8259 string with quotes. Escapes controls; input is UTF-8.
[[nodiscard]] std::string json_string(std::string_view text);

}  // namespace pgveil::relay
