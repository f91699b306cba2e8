#include "transform/typed.h"

#include <algorithm>

#include "codec/calendar.h"
#include "codec/decimal.h"
#include "codec/network.h"
#include "detect/chars.h"
#include "transform/fpe.h"
#include "transform/token.h"

namespace pgveil::masking {
namespace {

constexpr std::int64_t kMostShift = 1460;    // days either way

std::uint64_t below(const Digest& digest, std::size_t at, std::uint64_t limit) { return number_in(digest, at) % limit; }

/// The class's own reserved numbers, as its text has them without separators (keyed.cc).
std::optional<std::int64_t> reserved_number(const MaskOrder& order, const Scalar& scalar, Keyring& keys) {
    const std::string_view name = order.class_name;
    if (name != "CREDIT_CARD" && name != "US_SSN" && name != "PHONE_NUMBER") return std::nullopt;
    std::string text;
    append_pseudonym(order.key_domain, name, scalar.digits, keys.hash(), text);
    std::int64_t value = 0;
    for (const char c : text) {
        if (is_digit(c)) value = value * 10 + digit_value(c);
    }
    return value;
}

void stand_in_number(const MaskOrder& order, Oid type, const Digest& token, Keyring& keys, Scalar& scalar) {
    if (type == type_oid::Int2) {
        scalar = number_scalar(-static_cast<std::int64_t>(16384 + below(token, 0, 16384)));
    } else if (const auto reserved = reserved_number(order, scalar, keys); reserved && type != type_oid::Float4 && (type != type_oid::Int4 || *reserved <= 2'147'483'647)) {
        scalar = number_scalar(type == type_oid::Money ? *reserved * 100 : *reserved);
    } else {
        const std::uint64_t pool = type == type_oid::Float4 ? 15'000'000 : 2'146'000'000;   // float4 holds 24 bits exactly
        const auto value = -static_cast<std::int64_t>(1'000'000 + below(token, 0, pool));
        scalar = number_scalar(type == type_oid::Money ? value * 100 : value);
    }
}

void stand_in_uuid(const Digest& token, const KeyedHash& keys, Scalar& scalar) {
    std::copy_n(token.begin(), 10, scalar.bytes.begin());
    scalar.bytes[6] = static_cast<Byte>(0x80 | (scalar.bytes[6] & 0x0F));
    scalar.bytes[8] = static_cast<Byte>(0x80 | (scalar.bytes[8] & 0x3F));
    const Digest marker = marker_of(text_of(ByteView(scalar.bytes).first(10)), keys);
    std::copy_n(marker.begin(), 6, scalar.bytes.begin() + 10);
}

/// False for networks so wide that their bits say nothing of where they are.
bool stand_in_address(const Digest& token, Oid type, Scalar& scalar) {
    if (type == type_oid::Cidr && scalar.prefix < (scalar.size == 4 ? 12 : 48)) return false;
    std::copy_n(token.begin(), scalar.size, scalar.bytes.begin());
    if (scalar.size == 4) {
        scalar.bytes[0] = static_cast<Byte>(0xF0 | (token[0] & 0x0F));
        if (std::all_of(scalar.bytes.begin(), scalar.bytes.begin() + 4, [](Byte b) { return b == 0xFF; })) scalar.bytes[3] = 0xFE;
        return true;
    }
    const std::array<Byte, 4> documentation{0x20, 0x01, 0x0d, 0xb8};
    std::ranges::copy(documentation, scalar.bytes.begin());
    return true;
}

bool stand_in(const MaskOrder& order, Oid type, Keyring& keys, Scalar& scalar) {
    std::string canonical;
    append_canonical_scalar(scalar, canonical);
    const Digest token = token_of(order.key_domain, order.class_name, canonical, keys.hash());
    switch (scalar.kind) {
        case ScalarKind::Number: stand_in_number(order, type, token, keys, scalar); return true;
        case ScalarKind::Date:
        case ScalarKind::Timestamp: {
            const auto days = days_of({1800, 1, 1}) + static_cast<std::int64_t>(below(token, 0, 36524));
            scalar.number = scalar.kind == ScalarKind::Date ? days : days * kMicrosecondsADay + static_cast<std::int64_t>(below(token, 8, 86400)) * 1'000'000;
            return true;
        }
        case ScalarKind::Uuid: stand_in_uuid(token, keys.hash(), scalar); return true;
        case ScalarKind::Network: return stand_in_address(token, type, scalar);
        case ScalarKind::Device:
            std::copy_n(token.begin(), scalar.size, scalar.bytes.begin());
            scalar.bytes[0] = static_cast<Byte>((scalar.bytes[0] & 0xFC) | 0x02);
            return true;
    }
    return false;
}

bool shift(const MaskOrder& order, Keyring& keys, Scalar& scalar) {
    if (scalar.kind != ScalarKind::Date && scalar.kind != ScalarKind::Timestamp) return false;
    std::string subject = "date shift ";
    subject.append(order.subject);
    const Digest digest = keys.hash().hash(order.key_domain, bytes_of(subject));
    const auto moved = static_cast<std::int64_t>(below(digest, 0, 2 * kMostShift)) - kMostShift;
    const std::int64_t days = moved >= 0 ? moved + 1 : moved;    // never nothing
    scalar.number += scalar.kind == ScalarKind::Date ? days : days * kMicrosecondsADay;
    return true;
}

/// To one significant digit; ages to tens, with all from ninety on together.
bool generalize_number(std::string_view class_name, Scalar& scalar) {
    const std::size_t dot = scalar.digits.find('.');
    if (dot != std::string::npos) scalar.digits.resize(dot);
    if (scalar.digits == "-0") scalar.digits = "0";
    const auto value = integer_of(scalar);
    if (!value) return false;
    std::int64_t unit = 1;
    if (class_name == "AGE") {
        scalar = number_scalar(std::clamp<std::int64_t>(*value / 10 * 10, 0, 90));
        return true;
    }
    for (std::int64_t left = *value / 10; left != 0; left /= 10) unit *= 10;
    scalar = number_scalar(*value / unit * unit);
    return true;
}

bool generalize(const MaskOrder& order, Scalar& scalar) {
    switch (scalar.kind) {
        case ScalarKind::Number: return generalize_number(order.class_name, scalar);
        case ScalarKind::Date: scalar.number = days_of({date_of(scalar.number).year, 1, 1}); return true;
        case ScalarKind::Timestamp: {
            const std::int64_t days = scalar.number / kMicrosecondsADay - (scalar.number % kMicrosecondsADay < 0 ? 1 : 0);
            scalar.number = days_of({date_of(days).year, 1, 1}) * kMicrosecondsADay;
            return true;
        }
        case ScalarKind::Network: {
            Address address{scalar.bytes, scalar.size, std::min<std::uint8_t>(scalar.prefix, scalar.size == 4 ? 24 : 48)};
            clear_host_bits(address);
            scalar.bytes = address.bytes;
            scalar.prefix = address.prefix;
            return true;
        }
        case ScalarKind::Device: std::fill(scalar.bytes.begin() + 3, scalar.bytes.end(), Byte{0}); return true;
        case ScalarKind::Uuid: return false;
    }
    return false;
}

bool encrypt(const MaskOrder& order, Oid type, Keyring& keys, Scalar& scalar) {
    const BlockCipher* cipher = keys.cipher(order.key_domain);
    if (cipher == nullptr) return false;
    if (scalar.kind == ScalarKind::Uuid) return fpe_bytes(*cipher, Direction::Encrypt, order.class_name, {scalar.bytes.data(), scalar.size});
    const auto value = integer_of(scalar);
    if (!value || type == type_oid::Int2 || type == type_oid::Float4 || type == type_oid::Money) return false;
    const auto moved = fpe_integer(*cipher, Direction::Encrypt, order.class_name, *value);
    if (moved) scalar = number_scalar(*moved);
    return moved.has_value();
}

bool is_date(Oid type) { return type == type_oid::Date || type == type_oid::Timestamp || type == type_oid::Timestamptz; }

}  // namespace

bool transform_scalar(const MaskOrder& order, Oid type, Keyring& keys, Scalar& scalar) {
    switch (effective(order)) {
        case Transform::Clear: return true;
        case Transform::DateShift: return shift(order, keys, scalar);
        case Transform::Generalize: return generalize(order, scalar);
        case Transform::Fpe: return encrypt(order, type, keys, scalar);
        case Transform::Pseudonym:
        case Transform::Hash: return stand_in(order, type, keys, scalar);
        case Transform::Partial:
        case Transform::Redact:
        case Transform::Null: break;
    }
    return false;
}

bool can_transform(Transform effective, Oid type) {
    switch (effective) {
        case Transform::Clear: return true;
        case Transform::DateShift: return is_date(type);
        case Transform::Generalize: return is_scalar(type) && type != type_oid::Uuid;
        case Transform::Fpe: return type == type_oid::Uuid || (is_number_type(type) && type != type_oid::Int2);
        case Transform::Pseudonym:
        case Transform::Hash: return is_scalar(type);
        case Transform::Partial:
        case Transform::Redact:
        case Transform::Null: break;
    }
    return false;
}

std::optional<Oid> type_of_text(Transform effective, std::string_view class_name, std::string_view value) {
    std::array<Byte, 16> uuid{};
    const bool pseudonym = effective == Transform::Pseudonym;
    if (pseudonym && read_uuid_text(value, uuid)) return type_oid::Uuid;
    if (!pseudonym && effective != Transform::Generalize && effective != Transform::DateShift) return std::nullopt;
    if (class_name == "IP_ADDRESS" && read_address_text(value)) return type_oid::Inet;
    if (class_name == "MAC_ADDRESS" && read_device_text(value, 6, uuid)) return type_oid::Macaddr;
    if (!pseudonym || class_name.find("DATE") != std::string_view::npos) {
        if (read_iso_date(value)) return type_oid::Date;
        if (read_iso_timestamp(value)) return value.find_first_of("+Z-", 11) == std::string_view::npos ? type_oid::Timestamp : type_oid::Timestamptz;
    }
    if (effective == Transform::Generalize && canonical_decimal(value)) return type_oid::Numeric;
    return std::nullopt;
}

bool append_typed_text(const MaskOrder& order, std::string_view value, Keyring& keys, std::string& to) {
    while (!value.empty() && is_space(value.front())) value.remove_prefix(1);
    while (!value.empty() && is_space(value.back())) value.remove_suffix(1);
    const auto type = type_of_text(effective(order), order.class_name, value);
    if (!type) return false;
    auto scalar = read_scalar(*type, Format::Text, value);
    if (!scalar || !transform_scalar(order, *type, keys, *scalar)) return false;
    if (effective(order) != Transform::Generalize) return append_scalar(*scalar, *type, Format::Text, to);
    if (scalar->kind == ScalarKind::Date || scalar->kind == ScalarKind::Timestamp) {
        const std::size_t from = to.size();
        if (!append_scalar(*scalar, *type, Format::Text, to)) return false;
        to.resize(from + 4);     // the year
        return true;
    }
    if (order.class_name == "AGE") {
        to.append(scalar->digits).append(scalar->digits == "90" ? "+" : "-" + std::to_string(integer_of(*scalar).value_or(0) + 9));
        return true;
    }
    return append_scalar(*scalar, *type, Format::Text, to);
}

}  // namespace pgveil::masking
