#include "protocol/backend_messages.h"

#include <algorithm>
#include <charconv>

#include "protocol/wire_cursor.h"

namespace pgveil::protocol {
namespace {

constexpr std::size_t kMaxColumns = 1664;      // of a result: MaxTupleAttributeNumber (htup_details.h)
constexpr std::size_t kMaxErrorFields = 100;   // PostgreSQL knows eighteen

}  // namespace

std::optional<std::vector<FieldView>> parse_row_description(ByteView body) {
    constexpr std::size_t kLeastField = 1 + 4 + 2 + 4 + 2 + 4 + 2;
    WireCursor in(body);
    const std::size_t count = in.u16();
    if (count > kMaxColumns) return std::nullopt;
    std::vector<FieldView> fields;
    fields.reserve(std::min(count, in.left() / kLeastField));
    for (std::size_t i = 0; i < count && !in.failed(); ++i) {
        FieldView& field = fields.emplace_back();
        field.name = in.text();
        field.table = Oid{in.u32()};
        field.attribute = AttrNumber{in.i16()};
        field.type = Oid{in.u32()};
        field.size = in.i16();
        field.modifier = in.i32();
        field.format = in.i16();
    }
    if (!in.complete()) return std::nullopt;
    return fields;
}

std::optional<std::vector<Oid>> parse_parameter_description(ByteView body) {
    WireCursor in(body);
    const std::size_t count = in.u16();
    std::vector<Oid> types;
    types.reserve(std::min(count, in.left() / 4));
    for (std::size_t i = 0; i < count && !in.failed(); ++i) types.emplace_back(in.u32());
    if (!in.complete()) return std::nullopt;
    return types;
}

bool parse_data_row(ByteView body, std::vector<RawCell>& cells) {
    cells.clear();
    if (body.size() < 2) return false;
    const Byte* at = body.data();
    const Byte* const end = at + body.size();
    const std::size_t count = load_network<std::uint16_t>(at);
    at += 2;
    if (count > static_cast<std::size_t>(end - at) / 4) return false;
    cells.resize(count);
    for (RawCell& cell : cells) {
        if (end - at < 4) return false;
        const auto size = static_cast<std::int32_t>(load_network<std::uint32_t>(at));
        at += 4;
        if (size == -1) continue;
        if (size < 0 || size > end - at) return false;
        cell = {at, size};
        at += size;
    }
    return at == end;
}

std::optional<std::string_view> parse_command_complete(ByteView body) {
    WireCursor in(body);
    const std::string_view tag = in.text();
    // cmdtaglist.h: capitals; "???" where PostgreSQL itself does not know.
    const bool a_tag = std::ranges::all_of(tag, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' || c == '?'; });
    if (!in.complete() || !a_tag) return std::nullopt;
    return tag;
}

std::int64_t rows_of_tag(std::string_view tag) {
    const std::size_t space = tag.rfind(' ');
    if (space == std::string_view::npos) return -1;
    const std::string_view digits = tag.substr(space + 1);
    std::int64_t rows = -1;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), rows);
    if (error != std::errc{} || end != digits.data() + digits.size() || rows < 0) return -1;
    return rows;
}

std::optional<TransactionStatus> parse_ready_for_query(ByteView body) {
    if (body.size() != 1) return std::nullopt;
    switch (body[0]) {
        case 'I': return TransactionStatus::Idle;
        case 'T': return TransactionStatus::InTransaction;
        case 'E': return TransactionStatus::Failed;
        default: return std::nullopt;
    }
}

std::optional<ParameterStatusView> parse_parameter_status(ByteView body) {
    WireCursor in(body);
    ParameterStatusView status;
    status.name = in.text();
    status.value = in.text();
    if (!in.complete()) return std::nullopt;
    return status;
}

std::optional<NotificationView> parse_notification(ByteView body) {
    WireCursor in(body);
    NotificationView notification;
    notification.pid = in.u32();
    notification.channel = in.text();
    notification.payload = in.text();
    if (!in.complete()) return std::nullopt;
    return notification;
}

std::optional<CopyResponseView> parse_copy_response(ByteView body) {
    WireCursor in(body);
    CopyResponseView copy;
    const std::uint8_t overall = in.u8();
    const std::size_t count = in.u16();
    copy.column_formats.reserve(std::min(count, in.left() / 2));
    for (std::size_t i = 0; i < count && !in.failed(); ++i) {
        const std::int16_t code = in.i16();
        if (code != 0 && code != 1) return std::nullopt;
        copy.column_formats.push_back(code == 1 ? Format::Binary : Format::Text);
    }
    if (!in.complete() || overall > 1) return std::nullopt;
    copy.overall = overall == 1 ? Format::Binary : Format::Text;
    return copy;
}

std::string_view ErrorFields::get(char code) const {
    for (const auto& [letter, value] : fields) {
        if (letter == code) return value;
    }
    return {};
}

std::optional<ErrorFields> parse_error_fields(ByteView body) {
    WireCursor in(body);
    ErrorFields error;
    while (const char letter = static_cast<char>(in.u8())) {
        error.fields.emplace_back(letter, in.text());
        if (in.failed() || error.fields.size() > kMaxErrorFields) return std::nullopt;
    }
    if (!in.complete()) return std::nullopt;
    return error;
}

}  // namespace pgveil::protocol
