#include "console/table.h"

#include <fmt/format.h>

#include <algorithm>

#include "protocol/encoder.h"

namespace pgveil::console {
namespace {

bool is_binary(Formats formats, std::size_t column) {
    if (formats.empty()) return false;
    return formats[formats.size() == 1 ? 0 : column] == 1;
}

std::int16_t size_of(Oid type) {
    if (type == type_oid::Int8 || type == type_oid::Timestamptz) return 8;
    return type == type_oid::Bool ? 1 : -1;
}

void put_big_endian(Bytes& out, std::uint64_t value, int bytes) {
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) out.push_back(static_cast<Byte>(value >> shift));
}

/// timestamptz on the wire counts microseconds from 2000-01-01 UTC.
std::int64_t since_2000(WallTime time) {
    constexpr std::chrono::sys_days epoch = std::chrono::year(2000) / 1 / 1;
    return (time - epoch).count();
}

Bytes bytes_of_cell(const Cell& cell, bool binary) {
    Bytes out;
    if (const auto* text = std::get_if<std::string>(&cell)) {
        append(out, std::string_view(*text));
    } else if (const auto* n = std::get_if<std::int64_t>(&cell)) {
        if (binary) put_big_endian(out, static_cast<std::uint64_t>(*n), 8);
        else append(out, std::to_string(*n));
    } else if (const auto* yes = std::get_if<bool>(&cell)) {
        if (binary) out.push_back(*yes ? 1 : 0);
        else append(out, *yes ? "t" : "f");
    } else if (const auto* time = std::get_if<WallTime>(&cell)) {
        if (binary) put_big_endian(out, static_cast<std::uint64_t>(since_2000(*time)), 8);
        else append(out, timestamp_text(*time));
    }
    return out;
}

}  // namespace

bool formats_fit(Formats formats, std::size_t columns) {
    if (std::ranges::any_of(formats, [](std::int16_t f) { return f != 0 && f != 1; })) return false;
    return formats.size() <= 1 || formats.size() == columns;
}

void put_columns(Bytes& out, std::span<const Column> columns, Formats formats) {
    std::vector<protocol::FieldOut> fields;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        protocol::FieldOut field;
        field.name = columns[i].name;
        field.type = columns[i].type;
        field.size = size_of(columns[i].type);
        field.format = is_binary(formats, i) ? Format::Binary : Format::Text;
        fields.push_back(std::move(field));
    }
    protocol::put_row_description(out, fields);
}

void put_row(Bytes& out, const Row& row, Formats formats) {
    Bytes body;
    put_big_endian(body, row.size(), 2);
    for (std::size_t i = 0; i < row.size(); ++i) {
        if (std::holds_alternative<std::monostate>(row[i])) {
            put_big_endian(body, 0xFFFFFFFF, 4);
            continue;
        }
        const Bytes cell = bytes_of_cell(row[i], is_binary(formats, i));
        put_big_endian(body, cell.size(), 4);
        append(body, ByteView(cell));
    }
    protocol::put_message(out, 'D', body);
}

std::string timestamp_text(WallTime time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    std::string text = fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                   static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                   clock.hours().count(), clock.minutes().count(), clock.seconds().count());
    if (const auto micros = clock.subseconds().count(); micros != 0) {
        text += fmt::format(".{:06}", micros);
        text.erase(text.find_last_not_of('0') + 1);
    }
    return text + "+00";
}

Cell time_cell(WallTime time) {
    if (time == WallTime{}) return std::monostate{};
    return time;
}

}  // namespace pgveil::console
