#include "console/session.h"

#include <fmt/format.h>

namespace pgveil::console {
namespace {

constexpr std::size_t kLongestText = 64 << 10;
constexpr SqlState kActiveTransaction{"25001"}, kLimitExceeded{"54000"};

void put_answer(Bytes& out, const Command& command, const Answer& answer) {
    for (const auto& notice : answer.notices) {
        protocol::put_notice(out, {"NOTICE", sqlstate::Success, notice, {}, {}, {}});
    }
    if (const auto columns = columns_of(command); !columns.empty()) put_columns(out, columns, {});
    for (const auto& row : answer.rows) put_row(out, row, {});
    protocol::put_command_complete(out, answer.tag);
}

}  // namespace

ConsoleSession::ConsoleSession(Place place, Asker asker) : place_(place), asker_(std::move(asker)) {}

// Version 15 as the first word, so that psql and drivers neither warn nor try old dialects.
void ConsoleSession::greet(Bytes& out, std::uint32_t pid, const Secret& key, std::string_view application_name) {
    const std::string version = "15.0 (pgveil " + place_.host.version() + ')';
    const std::pair<std::string_view, std::string_view> settings[] = {
        {"server_version", version}, {"server_encoding", "UTF8"}, {"client_encoding", "UTF8"},
        {"application_name", application_name}, {"is_superuser", "off"}, {"session_authorization", asker_.name},
        {"DateStyle", "ISO, MDY"}, {"IntervalStyle", "postgres"}, {"TimeZone", "UTC"}, {"integer_datetimes", "on"},
        {"standard_conforming_strings", "on"}, {"default_transaction_read_only", "off"}, {"in_hot_standby", "off"}};
    for (const auto& [name, value] : settings) protocol::put_parameter_status(out, name, value);
    protocol::put_backend_key(out, pid, key);
    protocol::put_ready_for_query(out, status_);
}

bool ConsoleSession::handle(char type, ByteView body, WallTime now, Bytes& out) {
    asker_.now = now;
    if (type == 'X') return false;
    if (type == 'S') {
        skipping_ = false;
        if (status_ == TransactionStatus::Idle) portals_.clear();
        protocol::put_ready_for_query(out, status_);
        return true;
    }
    if (type == 'Q') {
        skipping_ = false;
        return query(body, out);
    }
    if (type == 'H' || type == 'd' || type == 'c' || type == 'f') return true;   // Flush; stray COPY messages
    if (skipping_) return true;
    if (type == 'P') return parse(body, out);
    if (type == 'B') return bind(body, out);
    if (type == 'D') return describe(body, out);
    if (type == 'E') return execute(body, out);
    if (type == 'C') return close(body, out);
    if (type == 'F') {
        fail({"ERROR", sqlstate::FeatureNotSupported, "the console has no functions to call", {}, {}, {}}, out);
        protocol::put_ready_for_query(out, status_);
        return true;
    }
    return broken(out);
}

bool ConsoleSession::query(ByteView body, Bytes& out) {
    const auto text = protocol::parse_query(body);
    if (!text) return broken(out);
    if (text->size() > kLongestText) {
        fail({"ERROR", kLimitExceeded, "the command is too long", {}, {}, {}}, out);
        protocol::put_ready_for_query(out, status_);
        return true;
    }
    const Tokens tokens = tokenize(*text);
    bool failed = false;
    for (const auto& statement : tokens.statements) {
        const auto parsed = parse_command(statement);
        const Answer answer = parsed.command ? carry_out(*parsed.command) : Answer{};
        if (!parsed.command) fail(error_of(parsed.error), out);
        else if (answer.error) fail(*answer.error, out);
        else put_answer(out, *parsed.command, answer);
        failed = !parsed.command || answer.error.has_value();
        if (failed) break;
    }
    if (!failed && tokens.error) fail(error_of(*tokens.error), out);
    if (!failed && !tokens.error && tokens.statements.empty()) protocol::put_empty_query(out);
    protocol::put_ready_for_query(out, status_);
    return true;
}

Answer ConsoleSession::carry_out(const Command& c) {
    const bool ends = c.verb == Verb::Commit || c.verb == Verb::Rollback;
    if (status_ == TransactionStatus::Failed && !ends) {
        return failure(sqlstate::InFailedTransaction, "current transaction is aborted, commands ignored until end of transaction block");
    }
    if (status_ == TransactionStatus::InTransaction && changes_something(c.verb)) {
        return failure(kActiveTransaction, fmt::format("{} cannot run inside a transaction block", name_of(c.verb)),
                       "What the console does cannot be rolled back; use autocommit.");
    }
    Answer answer = run(c, place_, asker_);
    if (answer.error) return answer;
    if (ends) {
        if (status_ == TransactionStatus::Failed) answer.tag = "ROLLBACK";
        status_ = TransactionStatus::Idle;
    }
    if (c.verb == Verb::Begin) status_ = TransactionStatus::InTransaction;
    if (c.verb == Verb::Discard && c.tag == "DISCARD ALL") {
        statements_.clear();
        portals_.clear();
    }
    return answer;
}

void ConsoleSession::fail(const protocol::ErrorOut& error, Bytes& out) {
    protocol::put_error(out, error);
    if (status_ == TransactionStatus::InTransaction) status_ = TransactionStatus::Failed;
}

bool ConsoleSession::broken(Bytes& out) {
    protocol::put_error(out, {"FATAL", sqlstate::ProtocolViolation, "invalid frontend message", {}, {}, {}});
    return false;
}

protocol::ErrorOut error_of(const CommandError& error) {
    protocol::ErrorOut out{"ERROR", error.not_ours ? sqlstate::FeatureNotSupported : sqlstate::SyntaxError, error.message, {}, error.hint, {}};
    if (error.position > 0) out.more.emplace_back('P', std::to_string(error.position));
    return out;
}

protocol::ErrorOut error_of(const TokenError& error) {
    protocol::ErrorOut out{"ERROR", sqlstate::SyntaxError, error.what, {}, "SHOW HELP lists the commands of this console.", {}};
    out.more.emplace_back('P', std::to_string(error.at + 1));
    return out;
}

}  // namespace pgveil::console
