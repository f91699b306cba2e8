// Encoder: messages out. Appends to a buffer the caller owns; every length is one we computed.
// Not hostile. Any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>

#include "pgveil/core/bytes.h"
#include "pgveil/core/pg_types.h"
#include "pgveil/core/secret.h"
#include "pgveil/core/sqlstate.h"
#include "protocol/backend_messages.h"

namespace pgveil::protocol {

/// Any message: type byte, computed length, body.
void put_message(Bytes& out, char type, ByteView body);
/// Only the five header bytes of a message whose body follows (relayed in pieces).
void put_header(Bytes& out, char type, std::uint32_t body_length);

// frontend (towards the server)
void put_query(Bytes& out, std::string_view sql);
void put_parse(Bytes& out, std::string_view name, std::string_view sql, std::span<const Oid> types);
struct ParameterOut {
    ByteView value;
    bool is_null = false;
    Format format = Format::Text;
};
void put_bind(Bytes& out, std::string_view portal, std::string_view statement, std::span<const ParameterOut> parameters,
              std::span<const std::int16_t> result_formats);
void put_describe(Bytes& out, char target, std::string_view name);
void put_execute(Bytes& out, std::string_view portal, std::int32_t max_rows);
void put_close(Bytes& out, char target, std::string_view name);
void put_sync(Bytes& out);
void put_flush(Bytes& out);
void put_terminate(Bytes& out);

// backend (towards the client)
struct ErrorOut {
    std::string_view severity = "ERROR";       // S and V
    SqlState code;
    std::string message, detail, hint;
    std::vector<std::pair<char, std::string>> more;   // other fields: s, t, c, d, n, P ...
};
void put_error(Bytes& out, const ErrorOut& error);
void put_notice(Bytes& out, const ErrorOut& notice);
void put_ready_for_query(Bytes& out, TransactionStatus status);
void put_command_complete(Bytes& out, std::string_view tag);
void put_parameter_status(Bytes& out, std::string_view name, std::string_view value);
void put_backend_key(Bytes& out, std::uint32_t pid, const Secret& key);
void put_negotiate_version(Bytes& out, std::uint32_t newest_minor, std::span<const std::string> unknown_options);
void put_authentication_ok(Bytes& out);
void put_authentication_cleartext(Bytes& out);
void put_authentication_sasl(Bytes& out, std::span<const std::string_view> mechanisms);
void put_authentication_sasl_continue(Bytes& out, ByteView data);
void put_authentication_sasl_final(Bytes& out, ByteView data);
void put_parse_complete(Bytes& out);
void put_bind_complete(Bytes& out);
void put_close_complete(Bytes& out);
void put_no_data(Bytes& out);
void put_portal_suspended(Bytes& out);
void put_empty_query(Bytes& out);
void put_parameter_description(Bytes& out, std::span<const Oid> types);
struct FieldOut {
    std::string name;
    ColumnId column;
    Oid type;
    std::int16_t size = -1;
    std::int32_t modifier = -1;
    Format format = Format::Text;
};
void put_row_description(Bytes& out, std::span<const FieldOut> fields);
/// Text cells for rows we make ourselves (console, SHOW); nullopt is NULL.
void put_text_row(Bytes& out, std::span<const std::optional<std::string>> cells);
void put_data_row(Bytes& out, std::span<const RawCell> cells);
/// ErrorResponse/NoticeResponse from fields, in their order.
void put_error_fields(Bytes& out, char type, std::span<const std::pair<char, std::string>> fields);

}  // namespace pgveil::protocol
