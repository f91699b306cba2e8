#include "protocol/encoder.h"

#include <bit>

namespace pgveil::protocol {
namespace {

template <class Unsigned>
void store_network(Byte* to, Unsigned value) {
    if constexpr (std::endian::native == std::endian::little) value = std::byteswap(value);
    std::memcpy(to, &value, sizeof value);
}
template <class Unsigned>
void put_unsigned(Bytes& out, Unsigned value) {
    const std::size_t at = out.size();
    out.resize(at + sizeof value);
    store_network(out.data() + at, value);
}
void put_u8(Bytes& out, std::uint8_t value) { out.push_back(value); }
void put_u16(Bytes& out, std::size_t value) { put_unsigned(out, static_cast<std::uint16_t>(value)); }
void put_i16(Bytes& out, std::int16_t value) { put_unsigned(out, static_cast<std::uint16_t>(value)); }
void put_u32(Bytes& out, std::uint32_t value) { put_unsigned(out, value); }
void put_i32(Bytes& out, std::int32_t value) { put_unsigned(out, static_cast<std::uint32_t>(value)); }

// The receiver stops at a NUL, so nothing may be written behind one.
void put_text(Bytes& out, std::string_view text) {
    append(out, text.substr(0, text.find('\0')));
    out.push_back(0);
}

// Writes the header at once and its length when the body is there.
class MessageScope {
  public:
    MessageScope(Bytes& out, char type) : out_(out), start_(out.size()) { put_header(out, type, 0); }
    ~MessageScope() { store_network(out_.data() + start_ + 1, static_cast<std::uint32_t>(out_.size() - start_ - 1)); }
    MessageScope(const MessageScope&) = delete;
    MessageScope& operator=(const MessageScope&) = delete;

  private:
    Bytes& out_;
    std::size_t start_;
};

void put_empty(Bytes& out, char type) { put_header(out, type, 0); }

void put_target(Bytes& out, char type, char target, std::string_view name) {
    MessageScope message(out, type);
    put_u8(out, static_cast<std::uint8_t>(target));
    put_text(out, name);
}

enum class Authentication : std::uint32_t { Ok = 0, Cleartext = 3, Sasl = 10, SaslContinue = 11, SaslFinal = 12 };

void put_authentication(Bytes& out, Authentication kind, ByteView data) {
    MessageScope message(out, 'R');
    put_u32(out, static_cast<std::uint32_t>(kind));
    append(out, data);
}

void put_field(Bytes& out, char code, std::string_view value) {
    put_u8(out, static_cast<std::uint8_t>(code));
    put_text(out, value);
}

// The server's own order (send_message_to_frontend).
void put_report(Bytes& out, char type, const ErrorOut& report) {
    MessageScope message(out, type);
    put_field(out, 'S', report.severity);
    put_field(out, 'V', report.severity);
    put_field(out, 'C', report.code.text());
    put_field(out, 'M', report.message);
    if (!report.detail.empty()) put_field(out, 'D', report.detail);
    if (!report.hint.empty()) put_field(out, 'H', report.hint);
    for (const auto& [code, value] : report.more) put_field(out, code, value);
    put_u8(out, 0);
}

}  // namespace

void put_message(Bytes& out, char type, ByteView body) {
    put_header(out, type, static_cast<std::uint32_t>(body.size()));
    append(out, body);
}

void put_header(Bytes& out, char type, std::uint32_t body_length) {
    put_u8(out, static_cast<std::uint8_t>(type));
    put_u32(out, body_length + 4);
}

void put_query(Bytes& out, std::string_view sql) {
    MessageScope message(out, 'Q');
    put_text(out, sql);
}

void put_parse(Bytes& out, std::string_view name, std::string_view sql, std::span<const Oid> types) {
    MessageScope message(out, 'P');
    put_text(out, name);
    put_text(out, sql);
    put_u16(out, types.size());
    for (const Oid type : types) put_u32(out, type.value);
}

void put_bind(Bytes& out, std::string_view portal, std::string_view statement, std::span<const ParameterOut> parameters,
              std::span<const std::int16_t> result_formats) {
    MessageScope message(out, 'B');
    put_text(out, portal);
    put_text(out, statement);
    put_u16(out, parameters.size());
    for (const auto& parameter : parameters) put_i16(out, static_cast<std::int16_t>(parameter.format));
    put_u16(out, parameters.size());
    for (const auto& parameter : parameters) {
        put_i32(out, parameter.is_null ? -1 : static_cast<std::int32_t>(parameter.value.size()));
        if (!parameter.is_null) append(out, parameter.value);
    }
    put_u16(out, result_formats.size());
    for (const std::int16_t code : result_formats) put_i16(out, code);
}

void put_describe(Bytes& out, char target, std::string_view name) { put_target(out, 'D', target, name); }

void put_execute(Bytes& out, std::string_view portal, std::int32_t max_rows) {
    MessageScope message(out, 'E');
    put_text(out, portal);
    put_i32(out, max_rows);
}

void put_close(Bytes& out, char target, std::string_view name) { put_target(out, 'C', target, name); }
void put_sync(Bytes& out) { put_empty(out, 'S'); }
void put_flush(Bytes& out) { put_empty(out, 'H'); }
void put_terminate(Bytes& out) { put_empty(out, 'X'); }

void put_error(Bytes& out, const ErrorOut& error) { put_report(out, 'E', error); }
void put_notice(Bytes& out, const ErrorOut& notice) { put_report(out, 'N', notice); }

void put_ready_for_query(Bytes& out, TransactionStatus status) {
    put_header(out, 'Z', 1);
    put_u8(out, static_cast<std::uint8_t>(status));
}

void put_command_complete(Bytes& out, std::string_view tag) {
    MessageScope message(out, 'C');
    put_text(out, tag);
}

void put_parameter_status(Bytes& out, std::string_view name, std::string_view value) {
    MessageScope message(out, 'S');
    put_text(out, name);
    put_text(out, value);
}

void put_backend_key(Bytes& out, std::uint32_t pid, const Secret& key) {
    MessageScope message(out, 'K');
    put_u32(out, pid);
    append(out, key.reveal());
}

void put_negotiate_version(Bytes& out, std::uint32_t newest_minor, std::span<const std::string> unknown_options) {
    MessageScope message(out, 'v');
    put_u32(out, (3U << 16) | newest_minor);   // the server sends the whole version, whatever the manual says
    put_u32(out, static_cast<std::uint32_t>(unknown_options.size()));
    for (const auto& option : unknown_options) put_text(out, option);
}

void put_authentication_ok(Bytes& out) { put_authentication(out, Authentication::Ok, {}); }
void put_authentication_cleartext(Bytes& out) { put_authentication(out, Authentication::Cleartext, {}); }

void put_authentication_sasl(Bytes& out, std::span<const std::string_view> mechanisms) {
    MessageScope message(out, 'R');
    put_u32(out, static_cast<std::uint32_t>(Authentication::Sasl));
    for (const auto mechanism : mechanisms) put_text(out, mechanism);
    put_u8(out, 0);
}

void put_authentication_sasl_continue(Bytes& out, ByteView data) {
    put_authentication(out, Authentication::SaslContinue, data);
}
void put_authentication_sasl_final(Bytes& out, ByteView data) {
    put_authentication(out, Authentication::SaslFinal, data);
}

void put_parse_complete(Bytes& out) { put_empty(out, '1'); }
void put_bind_complete(Bytes& out) { put_empty(out, '2'); }
void put_close_complete(Bytes& out) { put_empty(out, '3'); }
void put_no_data(Bytes& out) { put_empty(out, 'n'); }
void put_portal_suspended(Bytes& out) { put_empty(out, 's'); }
void put_empty_query(Bytes& out) { put_empty(out, 'I'); }

void put_parameter_description(Bytes& out, std::span<const Oid> types) {
    MessageScope message(out, 't');
    put_u16(out, types.size());
    for (const Oid type : types) put_u32(out, type.value);
}

void put_row_description(Bytes& out, std::span<const FieldOut> fields) {
    MessageScope message(out, 'T');
    put_u16(out, fields.size());
    for (const auto& field : fields) {
        put_text(out, field.name);
        put_u32(out, field.column.relation.value);
        put_i16(out, field.column.attribute.value);
        put_u32(out, field.type.value);
        put_i16(out, field.size);
        put_i32(out, field.modifier);
        put_i16(out, static_cast<std::int16_t>(field.format));
    }
}

void put_text_row(Bytes& out, std::span<const std::optional<std::string>> cells) {
    MessageScope message(out, 'D');
    put_u16(out, cells.size());
    for (const auto& cell : cells) {
        put_i32(out, cell ? static_cast<std::int32_t>(cell->size()) : -1);
        if (cell) append(out, *cell);
    }
}

void put_data_row(Bytes& out, std::span<const RawCell> cells) {
    std::size_t body = 2;
    for (const RawCell& cell : cells) body += 4 + (cell.size > 0 ? static_cast<std::size_t>(cell.size) : 0);
    const std::size_t start = out.size();
    out.resize(start + 5 + body);
    Byte* at = out.data() + start;
    *at = 'D';
    store_network(at + 1, static_cast<std::uint32_t>(body + 4));
    store_network(at + 5, static_cast<std::uint16_t>(cells.size()));
    at += 7;
    for (const RawCell& cell : cells) {
        store_network(at, static_cast<std::uint32_t>(cell.size));
        at += 4;
        if (cell.size <= 0) continue;
        std::memcpy(at, cell.data, static_cast<std::size_t>(cell.size));
        at += cell.size;
    }
}

void put_error_fields(Bytes& out, char type, std::span<const std::pair<char, std::string>> fields) {
    MessageScope message(out, type);
    for (const auto& [code, value] : fields) put_field(out, code, value);
    put_u8(out, 0);
}

}  // namespace pgveil::protocol
