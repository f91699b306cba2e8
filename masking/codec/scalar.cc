#include "codec/scalar.h"

#include <algorithm>
#include <charconv>

#include "codec/calendar.h"
#include "codec/decimal.h"
#include "codec/network.h"
#include "codec/wire_number.h"

namespace pgveil::masking {
namespace {

constexpr std::string_view kUuidGroups = "0000101010100000", kDeviceGroups = "01111111";

bool is_timestamp(Oid type) { return type == type_oid::Timestamp || type == type_oid::Timestamptz; }
bool is_network(Oid type) { return type == type_oid::Inet || type == type_oid::Cidr; }
std::uint8_t device_bytes(Oid type) { return type == type_oid::Macaddr ? 6 : type == type_oid::Macaddr8 ? 8 : 0; }

std::optional<Scalar> held(Scalar scalar) {
    if (scalar.kind == ScalarKind::Date && !is_held_day(scalar.number)) return std::nullopt;
    if (scalar.kind != ScalarKind::Timestamp) return scalar;
    const std::int64_t days = scalar.number / kMicrosecondsADay - (scalar.number % kMicrosecondsADay < 0 ? 1 : 0);
    return is_held_day(days) ? std::optional(std::move(scalar)) : std::nullopt;
}

std::optional<Scalar> read_date(Format format, std::string_view value) {
    Scalar scalar{.kind = ScalarKind::Date};
    if (format == Format::Text) {
        const auto days = read_iso_date(value);
        if (!days) return std::nullopt;
        scalar.number = *days;
        return held(std::move(scalar));
    }
    std::int32_t days = 0;
    if (!take_number(value, days) || !value.empty()) return std::nullopt;
    scalar.number = days;
    return held(std::move(scalar));
}

std::optional<Scalar> read_timestamp(Format format, std::string_view value) {
    Scalar scalar{.kind = ScalarKind::Timestamp};
    if (format == Format::Text) {
        const auto time = read_iso_timestamp(value);
        if (!time) return std::nullopt;
        scalar.number = *time;
        return held(std::move(scalar));
    }
    if (!take_number(value, scalar.number) || !value.empty()) return std::nullopt;
    return held(std::move(scalar));
}

std::optional<Scalar> read_bytes(Scalar scalar, std::string_view value) {
    if (value.size() != scalar.size) return std::nullopt;
    std::ranges::copy(value, scalar.bytes.begin());
    return scalar;
}

std::optional<Scalar> read_network(Format format, std::string_view value) {
    const auto address = format == Format::Text ? read_address_text(value) : read_address_binary(value);
    if (!address) return std::nullopt;
    return Scalar{.kind = ScalarKind::Network, .bytes = address->bytes, .size = address->size, .prefix = address->prefix};
}

bool append_bytes(const Scalar& scalar, std::string& to) {
    to.append(reinterpret_cast<const char*>(scalar.bytes.data()), scalar.size);
    return true;
}

ByteView used(const Scalar& scalar) { return {scalar.bytes.data(), scalar.size}; }

bool append_time(const Scalar& scalar, Oid type, Format format, std::string& to) {
    if (!held(scalar)) return false;
    if (scalar.kind == ScalarKind::Date) {
        if (type != type_oid::Date) return false;
        if (format == Format::Text) append_iso_date(scalar.number, to);
        else append_number(static_cast<std::int32_t>(scalar.number), to);
        return true;
    }
    if (!is_timestamp(type)) return false;
    if (format == Format::Text) append_iso_timestamp(scalar.number, type == type_oid::Timestamptz, to);
    else append_number(scalar.number, to);
    return true;
}

bool append_network(const Scalar& scalar, Oid type, Format format, std::string& to) {
    if (!is_network(type)) return false;
    Address address{scalar.bytes, scalar.size, scalar.prefix};
    if (type == type_oid::Cidr) clear_host_bits(address);
    if (format == Format::Text) append_address_text(address, type == type_oid::Cidr, to);
    else append_address_binary(address, type == type_oid::Cidr, to);
    return true;
}

}  // namespace

bool is_scalar(Oid type) {
    return is_number_type(type) || is_timestamp(type) || is_network(type) || device_bytes(type) != 0 || type == type_oid::Date || type == type_oid::Uuid;
}

std::optional<Scalar> read_scalar(Oid type, Format format, std::string_view value) {
    if (is_number_type(type)) {
        auto digits = read_decimal(type, format, value);
        return digits ? std::optional(Scalar{.digits = std::move(*digits)}) : std::nullopt;
    }
    if (type == type_oid::Date) return read_date(format, value);
    if (is_timestamp(type)) return read_timestamp(format, value);
    if (is_network(type)) return read_network(format, value);
    Scalar scalar{.kind = ScalarKind::Uuid, .size = 16};
    if (type == type_oid::Uuid) {
        if (format == Format::Binary) return read_bytes(std::move(scalar), value);
        return read_uuid_text(value, scalar.bytes) ? std::optional(std::move(scalar)) : std::nullopt;
    }
    scalar = {.kind = ScalarKind::Device, .size = device_bytes(type)};
    if (scalar.size == 0) return std::nullopt;
    if (format == Format::Binary) return read_bytes(std::move(scalar), value);
    return read_device_text(value, scalar.size, scalar.bytes) ? std::optional(std::move(scalar)) : std::nullopt;
}

bool append_scalar(const Scalar& scalar, Oid type, Format format, std::string& to) {
    switch (scalar.kind) {
        case ScalarKind::Number: {
            const auto value = integer_of(scalar);
            return value && is_number_type(type) && append_integer(*value, type, format, to);
        }
        case ScalarKind::Date:
        case ScalarKind::Timestamp: return append_time(scalar, type, format, to);
        case ScalarKind::Network: return append_network(scalar, type, format, to);
        case ScalarKind::Uuid:
            if (type != type_oid::Uuid) return false;
            if (format == Format::Binary) return append_bytes(scalar, to);
            append_hex_groups(used(scalar), kUuidGroups, '-', to);
            return true;
        case ScalarKind::Device:
            if (device_bytes(type) != scalar.size) return false;
            if (format == Format::Binary) return append_bytes(scalar, to);
            append_hex_groups(used(scalar), kDeviceGroups, ':', to);
            return true;
    }
    return false;
}

std::optional<std::int64_t> integer_of(const Scalar& scalar) {
    std::int64_t value = 0;
    const char* end = scalar.digits.data() + scalar.digits.size();
    const auto done = std::from_chars(scalar.digits.data(), end, value);
    return scalar.kind == ScalarKind::Number && done.ec == std::errc{} && done.ptr == end ? std::optional(value) : std::nullopt;
}

Scalar number_scalar(std::int64_t value) { return {.digits = std::to_string(value)}; }

void append_canonical_scalar(const Scalar& scalar, std::string& to) {
    switch (scalar.kind) {
        case ScalarKind::Number: to.append(scalar.digits); return;
        case ScalarKind::Date: append_iso_date(scalar.number, to); return;
        case ScalarKind::Timestamp: append_iso_timestamp(scalar.number, false, to); return;
        case ScalarKind::Network: append_address_text({scalar.bytes, scalar.size, scalar.prefix}, false, to); return;
        case ScalarKind::Uuid:
        case ScalarKind::Device: append_hex_groups(used(scalar), {}, '\0', to); return;
    }
}

}  // namespace pgveil::masking
