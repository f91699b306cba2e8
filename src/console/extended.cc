#include <fmt/format.h>

#include <charconv>

#include "console/session.h"

// The extended protocol of a ConsoleSession. Parameters are text and stand where a quoted literal may.
namespace pgveil::console {
namespace {

constexpr std::size_t kMostKept = 100;
constexpr std::size_t kLongestText = 64 << 10;
constexpr SqlState kLimitExceeded{"54000"}, kNullNotAllowed{"22004"}, kDuplicateStatement{"42P05"}, kUndefinedParameter{"42P02"};

protocol::ErrorOut error(SqlState code, std::string message, std::string hint = {}) {
    return {"ERROR", code, std::move(message), {}, std::move(hint), {}};
}

/// 0 for a number no statement may have.
std::size_t number_of(const Token& token) {
    std::size_t n = 0;
    std::from_chars(token.text.data(), token.text.data() + token.text.size(), n);
    return n <= 100 ? n : 0;
}

/// Parameters become literals; a stand-in that every place of the grammar takes serves to describe.
Statement filled(Statement statement, const std::vector<std::string>& values) {
    for (auto& token : statement) {
        if (token.kind != TokenKind::Parameter) continue;
        const auto n = number_of(token);
        token.kind = TokenKind::Literal;
        token.text = n >= 1 && n <= values.size() ? values[n - 1] : "1";
    }
    return statement;
}

}  // namespace

void ConsoleSession::fail_extended(const protocol::ErrorOut& what, Bytes& out) {
    fail(what, out);
    skipping_ = true;
}

bool ConsoleSession::parse(ByteView body, Bytes& out) {
    const auto message = protocol::parse_parse(body);
    if (!message) return broken(out);
    const auto refused = [&](const protocol::ErrorOut& what) { return fail_extended(what, out), true; };
    if (message->query.size() > kLongestText) return refused(error(kLimitExceeded, "the command is too long"));
    if (statements_.size() >= kMostKept) return refused(error(kLimitExceeded, "too many prepared statements"));
    if (!message->name.empty() && statements_.contains(message->name)) {
        return refused(error(kDuplicateStatement, fmt::format("prepared statement \"{}\" already exists", message->name)));
    }
    Tokens tokens = tokenize(message->query);
    if (tokens.error) return refused(error_of(*tokens.error));
    if (tokens.statements.size() > 1) return refused(error(sqlstate::SyntaxError, "cannot insert multiple commands into a prepared statement"));
    Prepared prepared;
    if (!tokens.statements.empty()) {
        prepared.statement = std::move(tokens.statements.front());
        for (const auto& token : prepared.statement) {
            if (token.kind != TokenKind::Parameter) continue;
            const auto n = number_of(token);
            if (n == 0) return refused(error(kUndefinedParameter, fmt::format("there is no parameter ${}", token.text)));
            prepared.parameters = std::max(prepared.parameters, n);
        }
        auto stand_ins = std::vector<std::string>(prepared.parameters, "1");
        auto parsed = parse_command(filled(prepared.statement, stand_ins));
        if (!parsed.command) {
            stand_ins.assign(prepared.parameters, "1s");   // FOR '..' wants a length of time
            parsed = parse_command(filled(prepared.statement, stand_ins));
        }
        if (!parsed.command) return refused(error_of(parsed.error));
        prepared.shape = *parsed.command;
    }
    statements_.insert_or_assign(std::string(message->name), std::move(prepared));
    protocol::put_parse_complete(out);
    return true;
}

bool ConsoleSession::bind(ByteView body, Bytes& out) {
    const auto message = protocol::parse_bind(body);
    if (!message) return broken(out);
    const auto refused = [&](const protocol::ErrorOut& what) { return fail_extended(what, out), true; };
    const auto at = statements_.find(message->statement);
    if (at == statements_.end()) {
        return refused(error(sqlstate::InvalidStatementName, fmt::format("prepared statement \"{}\" does not exist", message->statement)));
    }
    const Prepared& prepared = at->second;
    if (message->parameters.size() != prepared.parameters) {
        return refused(error(sqlstate::ProtocolViolation, fmt::format("bind message supplies {} parameters, but the statement requires {}",
                                                                     message->parameters.size(), prepared.parameters)));
    }
    if (portals_.size() >= kMostKept) return refused(error(kLimitExceeded, "too many portals"));
    std::vector<std::string> values;
    for (const auto& p : message->parameters) {
        if (p.is_null) return refused(error(kNullNotAllowed, "parameters of console commands may not be null"));
        values.emplace_back(text_of(p.value));
    }
    Portal portal;
    portal.empty = prepared.statement.empty();
    portal.formats = message->result_formats;
    if (!portal.empty) {
        const auto parsed = parse_command(filled(prepared.statement, values));
        if (!parsed.command) return refused(error_of(parsed.error));
        portal.command = *parsed.command;
        if (message->bad_format_code || !formats_fit(portal.formats, columns_of(portal.command).size())) {
            return refused(error(sqlstate::ProtocolViolation, "result formats do not fit the columns"));
        }
    }
    portals_.insert_or_assign(std::string(message->portal), std::move(portal));
    protocol::put_bind_complete(out);
    return true;
}

void ConsoleSession::describe_columns(const Command& command, Formats formats, Bytes& out) {
    const auto columns = columns_of(command);
    if (columns.empty()) protocol::put_no_data(out);
    else put_columns(out, columns, formats);
}

bool ConsoleSession::describe(ByteView body, Bytes& out) {
    const auto message = protocol::parse_describe(body);
    if (!message) return broken(out);
    if (message->target == protocol::Target::Statement) {
        const auto at = statements_.find(message->name);
        if (at == statements_.end()) {
            fail_extended(error(sqlstate::InvalidStatementName, fmt::format("prepared statement \"{}\" does not exist", message->name)), out);
            return true;
        }
        protocol::put_parameter_description(out, std::vector<Oid>(at->second.parameters, type_oid::Text));
        if (at->second.statement.empty()) protocol::put_no_data(out);
        else describe_columns(at->second.shape, {}, out);
        return true;
    }
    const auto at = portals_.find(message->name);
    if (at == portals_.end()) {
        fail_extended(error(sqlstate::InvalidCursorName, fmt::format("portal \"{}\" does not exist", message->name)), out);
    } else if (at->second.empty) {
        protocol::put_no_data(out);
    } else {
        describe_columns(at->second.command, at->second.formats, out);
    }
    return true;
}

bool ConsoleSession::execute(ByteView body, Bytes& out) {
    const auto message = protocol::parse_execute(body);
    if (!message) return broken(out);
    const auto at = portals_.find(message->portal);
    if (at == portals_.end()) {
        fail_extended(error(sqlstate::InvalidCursorName, fmt::format("portal \"{}\" does not exist", message->portal)), out);
        return true;
    }
    Portal& portal = at->second;
    if (portal.empty) return protocol::put_empty_query(out), true;
    if (!portal.ran) {
        const Command command = portal.command;   // DISCARD ALL clears the portals while it runs
        Answer answer = carry_out(command);
        if (answer.error) return fail_extended(*answer.error, out), true;
        for (const auto& notice : answer.notices) protocol::put_notice(out, {"NOTICE", sqlstate::Success, notice, {}, {}, {}});
        const auto still = portals_.find(message->portal);
        if (still == portals_.end()) return protocol::put_command_complete(out, answer.tag), true;
        still->second.answer = std::move(answer);
        still->second.ran = true;
    } else if (columns_of(portal.command).empty()) {
        fail_extended(error(sqlstate::ObjectNotInState, fmt::format("portal \"{}\" cannot be run", message->portal)), out);
        return true;
    }
    const auto& rows = portal.answer.rows;
    const std::size_t most = message->max_rows > 0 ? static_cast<std::size_t>(message->max_rows) : rows.size();
    for (std::size_t n = 0; n < most && portal.sent < rows.size(); ++n) put_row(out, rows[portal.sent++], portal.formats);
    if (portal.sent < rows.size()) protocol::put_portal_suspended(out);
    else protocol::put_command_complete(out, portal.answer.tag);
    return true;
}

bool ConsoleSession::close(ByteView body, Bytes& out) {
    const auto message = protocol::parse_describe(body);
    if (!message) return broken(out);
    if (message->target == protocol::Target::Statement) {
        if (const auto at = statements_.find(message->name); at != statements_.end()) statements_.erase(at);
    } else if (const auto at = portals_.find(message->name); at != portals_.end()) {
        portals_.erase(at);
    }
    protocol::put_close_complete(out);
    return true;
}

}  // namespace pgveil::console
