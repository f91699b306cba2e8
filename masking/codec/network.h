// Addresses of networks and devices, and uuids: text and binary (inet_send, macaddr_send, uuid_send of the server's
// sources). Part of Scalar's codec. Pure; hostile bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pgveil/core/bytes.h"

namespace pgveil::masking {

struct Address {
    std::array<Byte, 16> bytes{};
    std::uint8_t size = 0, prefix = 0;   // 4 or 16 bytes; network bits
    [[nodiscard]] std::uint8_t bits() const { return static_cast<std::uint8_t>(size * 8); }
};

/// "192.0.2.1", "192.0.2.0/24", "2001:db8::1/64", "::ffff:192.0.2.1". "10/8" is not understood.
[[nodiscard]] std::optional<Address> read_address_text(std::string_view text);
[[nodiscard]] std::optional<Address> read_address_binary(std::string_view value);
/// With "/prefix" if it is not a single host or `always_prefix`; IPv6 in full.
void append_address_text(const Address& address, bool always_prefix, std::string& to);
void append_address_binary(const Address& address, bool cidr, std::string& to);
/// The bits behind the prefix become zero.
void clear_host_bits(Address& address);

/// `groups` hexadecimal bytes with ':' or '-' between them; false if it is anything else.
[[nodiscard]] bool read_device_text(std::string_view text, std::size_t bytes, std::array<Byte, 16>& to);
/// 8-4-4-4-12 hexadecimal digits.
[[nodiscard]] bool read_uuid_text(std::string_view text, std::array<Byte, 16>& to);
void append_hex_groups(ByteView bytes, std::string_view separator_before, char separator, std::string& to);

}  // namespace pgveil::masking
