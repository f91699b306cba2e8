#include "protocol/trace.h"

#include <fmt/format.h>

#include "protocol/backend_messages.h"
#include "protocol/frontend_messages.h"

namespace pgveil::protocol {
namespace {

const std::string kMalformed = "(malformed)";

std::string size_or_null(std::int32_t size) { return size < 0 ? "NULL" : fmt::format("{}", size); }

std::string trace_parse(ByteView body) {
    const auto parse = parse_parse(body);
    if (!parse) return kMalformed;
    return fmt::format("statement=\"{}\" query={} bytes types={}", parse->name, parse->query.size(), parse->types.size());
}

std::string trace_bind(ByteView body) {
    const auto bind = parse_bind(body);
    if (!bind) return kMalformed;
    std::string line = fmt::format("portal=\"{}\" statement=\"{}\" parameters=[", bind->portal, bind->statement);
    for (const auto& parameter : bind->parameters) {
        line += parameter.is_null ? "NULL " : fmt::format("{} ", parameter.value.size());
    }
    line += "] formats=[";
    for (const auto format : bind->result_formats) line += fmt::format("{} ", format);
    return line + "]";
}

std::string trace_target(ByteView body) {
    const auto target = parse_describe(body);
    return target ? fmt::format("{} \"{}\"", static_cast<char>(target->target), target->name) : kMalformed;
}

std::string trace_execute(ByteView body) {
    const auto execute = parse_execute(body);
    return execute ? fmt::format("portal=\"{}\" max_rows={}", execute->portal, execute->max_rows) : kMalformed;
}

std::string trace_frontend(const Frame& frame) {
    switch (frame.type) {
        case 'Q': return fmt::format("Query {} bytes", frame.length);
        case 'P': return "Parse " + trace_parse(frame.body);
        case 'B': return "Bind " + trace_bind(frame.body);
        case 'D': return "Describe " + trace_target(frame.body);
        case 'C': return "Close " + trace_target(frame.body);
        case 'E': return "Execute " + trace_execute(frame.body);
        case 'S': return "Sync";
        case 'H': return "Flush";
        case 'X': return "Terminate";
        case 'F': return fmt::format("FunctionCall {} bytes", frame.length);
        case 'd': return fmt::format("CopyData {} bytes", frame.length);
        case 'c': return "CopyDone";
        case 'f': return "CopyFail";
        case 'p': return "AuthenticationResponse";
        default: return fmt::format("unknown type {}", static_cast<unsigned char>(frame.type));
    }
}

std::string trace_row_description(ByteView body) {
    const auto fields = parse_row_description(body);
    if (!fields) return kMalformed;
    std::string line;
    for (const auto& field : *fields) {
        line += fmt::format("\"{}\"({}.{} type={} size={} modifier={} format={}) ", field.name, field.table.value,
                            field.attribute.value, field.type.value, field.size, field.modifier, field.format);
    }
    return line;
}

std::string trace_data_row(ByteView body) {
    std::vector<RawCell> cells;
    if (!parse_data_row(body, cells)) return kMalformed;
    std::string line = fmt::format("{} [", cells.size());
    for (const auto& cell : cells) line += size_or_null(cell.size) + " ";
    return line + "]";
}

std::string trace_report(ByteView body) {
    const auto report = parse_error_fields(body);
    return report ? fmt::format("{} {}", report->get('V'), report->sqlstate()) : kMalformed;
}

std::string trace_copy(ByteView body) {
    const auto copy = parse_copy_response(body);
    if (!copy) return kMalformed;
    return fmt::format("format={} columns={}", static_cast<int>(copy->overall), copy->column_formats.size());
}

std::string trace_status(ByteView body) {
    const auto status = parse_parameter_status(body);
    return status ? fmt::format("{}=\"{}\"", status->name, status->value) : kMalformed;
}

std::string trace_ready(ByteView body) {
    const auto status = parse_ready_for_query(body);
    return status ? std::string(1, static_cast<char>(*status)) : kMalformed;
}

std::string trace_backend(const Frame& frame) {
    switch (frame.type) {
        case 'R': return "Authentication";
        case 'K': return "BackendKeyData";
        case 'S': return "ParameterStatus " + trace_status(frame.body);
        case 'Z': return "ReadyForQuery " + trace_ready(frame.body);
        case 'T': return "RowDescription " + trace_row_description(frame.body);
        case 't': return fmt::format("ParameterDescription {} bytes", frame.length);
        case 'D': return "DataRow " + trace_data_row(frame.body);
        case 'C': return fmt::format("CommandComplete \"{}\"", parse_command_complete(frame.body).value_or(kMalformed));
        case 'E': return "ErrorResponse " + trace_report(frame.body);
        case 'N': return "NoticeResponse " + trace_report(frame.body);
        case 'A': return "NotificationResponse";
        case 'G': return "CopyInResponse " + trace_copy(frame.body);
        case 'H': return "CopyOutResponse " + trace_copy(frame.body);
        case 'W': return "CopyBothResponse " + trace_copy(frame.body);
        case 'd': return fmt::format("CopyData {} bytes", frame.length);
        case 'c': return "CopyDone";
        case 'V': return fmt::format("FunctionCallResponse {} bytes", frame.length);
        case 'v': return "NegotiateProtocolVersion";
        case '1': return "ParseComplete";
        case '2': return "BindComplete";
        case '3': return "CloseComplete";
        case 'I': return "EmptyQueryResponse";
        case 'n': return "NoData";
        case 's': return "PortalSuspended";
        default: return fmt::format("unknown type {}", static_cast<unsigned char>(frame.type));
    }
}

}  // namespace

std::string trace_line(Direction direction, const Frame& frame) {
    if (!frame.first || !frame.last) {
        return fmt::format("{} piece of {} bytes, {} here{}", frame.type, frame.length, frame.body.size(),
                           frame.last ? ", last" : "");
    }
    switch (direction) {
        case Direction::Frontend: return trace_frontend(frame);
        case Direction::Backend: return trace_backend(frame);
    }
    return kMalformed;
}

}  // namespace pgveil::protocol
