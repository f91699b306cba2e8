#include "relay/refusal.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "sql/lexer.h"
#include "sql/settings.h"

namespace pgveil::relay {
namespace {

struct Facts {
    std::string_view state;
    std::string_view retryable;
    std::uint32_t poll_after_s = 0;
};

// One JSON object, fixed key order. `executed` is never true in a refusal.
std::string detail_of(const RequestView& request, const Facts& facts) {
    std::string why;
    for (const std::string& reason : request.why) why += (why.empty() ? "" : "; ") + reason;
    return fmt::format(
        R"({{"state":"{}","request":{},"executed":false,"retryable":{},"poll_after_s":{},"rule":{},"why":{},)"
        R"("status_sql":{},"run_sql":{}}})",
        facts.state, json_string(request.id), facts.retryable, facts.poll_after_s, json_string(request.rule),
        json_string(why), json_string("SELECT * FROM pgveil.request('" + request.id + "')"),
        json_string("SELECT * FROM pgveil.execute('" + request.id + "')"));
}

std::string short_detail(std::string_view state, std::string_view retryable, std::uint32_t retry_after_s = 0) {
    return fmt::format(R"({{"state":"{}","executed":false,"retryable":{},"poll_after_s":{}}})", state, retryable, retry_after_s);
}

// Statements whose Parse looks nothing up.
bool is_utility(std::string_view text) {
    constexpr std::array<std::string_view, 4> words{"copy", "lock", "refresh", "truncate"};
    const auto tokens = sql::tokens_of(text);
    const auto first = tokens ? std::ranges::find(*tokens, sql::TokenKind::Identifier, &sql::Token::kind) : std::vector<sql::Token>::const_iterator{};
    if (!tokens || first == tokens->end()) return false;
    return std::ranges::find(words, sql::fold_name(text.substr(first->start, first->end - first->start))) != words.end();
}

}  // namespace

std::string json_string(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
            out += c;
        }
    }
    return out + '"';
}

protocol::ErrorOut plain(SqlState code, std::string message, std::string hint) {
    return {.code = code, .message = std::move(message), .detail = {}, .hint = std::move(hint), .more = {}};
}

protocol::ErrorOut held(const RequestView& request, bool in_transaction, WallTime now) {
    const auto left = std::chrono::duration_cast<std::chrono::minutes>(request.expires - now).count();
    protocol::ErrorOut error;
    error.code = sqlstate::Held;
    error.message = fmt::format("NOT EXECUTED: held for human approval as request {}. Do not rephrase it.", request.id);
    error.detail = detail_of(request, {"pending", "false", 30});
    error.hint = fmt::format(
        "{}Go on with other work. Ask the state with status_sql, every 30 s at most; once it is approved, run run_sql or send "
        "the same statement again: it runs once. The request waits {} more min.",
        in_transaction ? "ROLLBACK first: this transaction has failed. " : "", left > 0 ? left : 0);
    return error;
}

protocol::ErrorOut denied_by_person(const RequestView& request) {
    protocol::ErrorOut error;
    error.code = sqlstate::DeniedByPerson;
    error.message = fmt::format("NOT EXECUTED: request {} was denied by {}: {}", request.id, request.decided_by, request.decision_reason);
    error.detail = detail_of(request, {"denied", "false"});
    error.hint = "Read the reason and change the plan. The same write in other words will not pass.";
    return error;
}

protocol::ErrorOut expired_request(const RequestView& request) {
    protocol::ErrorOut error;
    error.code = sqlstate::RequestExpired;
    error.message = fmt::format("NOT EXECUTED: request {} expired.", request.id);
    error.detail = detail_of(request, {"expired", "false"});
    error.hint = "Send the statement again to file a new request.";
    return error;
}

protocol::ErrorOut not_runnable(const RequestView& request) {
    switch (request.state) {
        case RequestState::Denied: return denied_by_person(request);
        case RequestState::Expired: return expired_request(request);
        case RequestState::Unknown: {
            protocol::ErrorOut error;
            error.code = sqlstate::OutcomeUnknown;
            error.message = fmt::format("request {} was started, but its outcome is unknown. Do not retry.", request.id);
            error.detail = detail_of(request, {"unknown", "false"});
            error.hint = "Look at the data to see whether the write happened, or ask a person.";
            return error;
        }
        case RequestState::Void: case RequestState::Pending: case RequestState::Approved: case RequestState::Executing:
        case RequestState::Executed: case RequestState::Failed: case RequestState::Exceeded:
        case RequestState::Cancelled: break;
    }
    protocol::ErrorOut error;
    error.code = request.state == RequestState::Pending ? sqlstate::Held : sqlstate::ObjectNotInState;
    error.message = fmt::format("NOT EXECUTED: request {} is {}.", request.id, name_of(request.state));
    error.detail = detail_of(request, {name_of(request.state), "false", request.state == RequestState::Pending ? 30U : 0U});
    error.hint = request.state == RequestState::Pending ? "A person has not decided yet. Ask its state with status_sql."
                                                        : "An approval is used once. Send the statement again to file a new request.";
    return error;
}

protocol::ErrorOut drifted(const RequestView& request, std::string_view what) {
    protocol::ErrorOut error;
    error.code = sqlstate::ApprovalDrifted;
    error.message = fmt::format("NOT EXECUTED: since request {} was approved, {} changed.", request.id, what);
    error.detail = detail_of(request, {"void", "false"});
    error.hint = "Send the statement again to file a new request.";
    return error;
}

protocol::ErrorOut too_many(std::string_view detail, std::uint32_t retry_after_s) {
    protocol::ErrorOut error;
    error.code = sqlstate::TooManyRequests;
    error.message = fmt::format("NOT EXECUTED: no further requests now: {}.", detail.empty() ? "cool-down" : detail);
    error.detail = short_detail("cool-down", "true", retry_after_s);
    error.hint = fmt::format("Wait {} s before sending another statement that a person must decide on.", retry_after_s);
    return error;
}

protocol::ErrorOut unknown_request(std::string_view id) {
    // The id is the agent's own text; only its form is repeated.
    const bool sane = id.size() < 64 && id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
    return plain(sqlstate::InvalidParameterValue, fmt::format("no request \"{}\" of yours is known", sane ? id : "?"),
                 "SHOW pgveil.requests lists yours.");
}

protocol::ErrorOut store_unavailable() {
    auto error = plain(sqlstate::StoreUnavailable, "NOT EXECUTED: the store of requests and approvals cannot be used now.",
                       "Reads go on. Try the write again later.");
    error.detail = short_detail("unavailable", "true", 10);
    return error;
}

protocol::ErrorOut facts_unavailable(SqlState code) {
    return plain(code, "NOT EXECUTED: what an approval would be bound to could not be read from the server",
                 "Try again; a short statement_timeout or lock_timeout ends this question too.");
}

protocol::ErrorOut audit_unavailable() {
    auto error = plain(sqlstate::AuditUnavailable, "NOT EXECUTED: the audit log cannot be written, so nothing runs.",
                       "An operator must free the log. Try again later; ROLLBACK works.");
    error.detail = short_detail("unavailable", "true", 30);
    return error;
}

protocol::ErrorOut by_policy(const policy::Decision& decision) {
    std::string why;
    for (const std::string& reason : decision.reasons) why += (why.empty() ? "" : "; ") + reason;
    protocol::ErrorOut error;
    error.code = decision.code;
    error.message = "NOT EXECUTED: " + (why.empty() ? "policy denies this" : why);
    error.detail = fmt::format(R"({{"state":"denied","executed":false,"retryable":false,"rule":{},"why":{}}})",
                               json_string(decision.rule), json_string(why));
    error.hint = decision.hint;
    return error;
}

protocol::ErrorOut limit_reached(std::string_view which) {
    auto error = plain(sqlstate::LimitReached, fmt::format("the {} limit of this rule was reached; the result is incomplete", which),
                       "Ask for less: add LIMIT, a narrower WHERE, or an aggregate.");
    error.detail = R"({"state":"cut","retryable":false})";
    return error;
}

protocol::ErrorOut budget_spent(std::string_view which, bool within) {
    constexpr std::uint32_t next_slot_s = 3600;   // what was taken comes back hour by hour (policy/allowance.h)
    auto error = plain(sqlstate::BudgetSpent, fmt::format("{}this agent's {} budget of the last 24 hours is used up{}", within ? "" : "NOT EXECUTED: ",
                                                          which, within ? "; the result is incomplete" : ""),
                       "It comes back hour by hour. Ask for less, or ask a person for a larger one.");
    error.detail = within ? R"({"state":"cut","retryable":true,"poll_after_s":3600})" : short_detail("budget", "true", next_slot_s);
    return error;
}

protocol::ErrorOut bad_message() { return plain(sqlstate::ProtocolViolation, "invalid message format"); }

protocol::ErrorOut does_not_exist(const sql::Statement& statement) {
    if (statement.verb == sql::Verb::Execute) return plain(sqlstate::InvalidStatementName, "prepared statement \"" + statement.name + "\" does not exist");
    return plain(sqlstate::InvalidCursorName, "cursor \"" + statement.name + "\" does not exist");
}

std::optional<protocol::ErrorOut> missing_relation(const sql::Analysis& analysis, std::string_view text) {
    if (analysis.unparsed || analysis.unknown_names.empty() || !is_utility(text)) return std::nullopt;
    const std::string& name = analysis.unknown_names.front();
    const bool relation = std::ranges::find(analysis.reasons, "relation " + name + " is not known") != analysis.reasons.end();
    return relation ? std::optional(plain(SqlState("42P01"), "relation \"" + name + "\" does not exist")) : std::nullopt;
}

protocol::ErrorOut failed_transaction() {
    return plain(sqlstate::InFailedTransaction, "current transaction is aborted, commands ignored until end of transaction block");
}

protocol::ErrorOut cancelled() { return plain(sqlstate::QueryCanceled, "canceling statement due to user request"); }

}  // namespace pgveil::relay
