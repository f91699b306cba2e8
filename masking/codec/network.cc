#include "codec/network.h"

#include <algorithm>

#include "detect/chars.h"

namespace pgveil::masking {
namespace {

unsigned hex_of(char c) { return is_digit(c) ? digit_value(c) : static_cast<unsigned>(lower(c) - 'a') + 10; }

/// A number of at most three digits below `limit`; -1 if it is none.
int small_number(std::string_view text, int limit) {
    if (text.empty() || text.size() > 3) return -1;
    int value = 0;
    for (const char c : text) {
        if (!is_digit(c)) return -1;
        value = value * 10 + static_cast<int>(digit_value(c));
    }
    return value < limit ? value : -1;
}

bool read_v4(std::string_view text, Byte* to) {
    for (int i = 0; i < 4; ++i) {
        const std::size_t dot = i < 3 ? text.find('.') : text.size();
        if (dot == std::string_view::npos) return false;
        const int value = small_number(text.substr(0, dot), 256);
        if (value < 0) return false;
        to[i] = static_cast<Byte>(value);
        text.remove_prefix(std::min(dot + 1, text.size()));
    }
    return text.empty();
}

/// Groups up to the end or to a double colon; bytes written, or -1.
int read_groups(std::string_view text, Byte* to, std::size_t room) {
    std::size_t written = 0;
    while (!text.empty()) {
        const std::size_t colon = std::min(text.find(':'), text.size());
        const std::string_view group = text.substr(0, colon);
        if (group.find('.') != std::string_view::npos) {
            if (colon != text.size() || written + 4 > room || !read_v4(group, to + written)) return -1;
            return static_cast<int>(written + 4);
        }
        if (group.empty() || group.size() > 4 || written + 2 > room || !std::ranges::all_of(group, is_hex)) return -1;
        unsigned value = 0;
        for (const char c : group) value = value * 16 + hex_of(c);
        to[written++] = static_cast<Byte>(value >> 8U);
        to[written++] = static_cast<Byte>(value & 0xFFU);
        if (colon == text.size()) break;
        text.remove_prefix(colon + 1);
        if (text.empty()) return -1;
    }
    return static_cast<int>(written);
}

bool read_v6(std::string_view text, std::array<Byte, 16>& to) {
    const std::size_t gap = text.find("::");
    if (gap == std::string_view::npos) return read_groups(text, to.data(), 16) == 16;
    std::array<Byte, 16> tail{};
    const int front = read_groups(text.substr(0, gap), to.data(), 14), back = read_groups(text.substr(gap + 2), tail.data(), 14);
    if (front < 0 || back < 0 || front + back > 14) return false;
    std::fill(to.begin() + front, to.end(), Byte{0});
    std::copy(tail.begin(), tail.begin() + back, to.end() - back);
    return true;
}

}  // namespace

std::optional<Address> read_address_text(std::string_view text) {
    Address address;
    const std::size_t slash = text.find('/');
    const std::string_view host = text.substr(0, slash);
    if (read_v4(host, address.bytes.data())) address.size = 4;
    else if (host.find(':') != std::string_view::npos && read_v6(host, address.bytes)) address.size = 16;
    else return std::nullopt;
    const int prefix = slash == std::string_view::npos ? address.bits() : small_number(text.substr(slash + 1), address.bits() + 1);
    if (prefix < 0) return std::nullopt;
    address.prefix = static_cast<std::uint8_t>(prefix);
    return address;
}

std::optional<Address> read_address_binary(std::string_view value) {
    if (value.size() < 4) return std::nullopt;
    Address address;
    address.size = static_cast<std::uint8_t>(value[3]);
    address.prefix = static_cast<std::uint8_t>(value[1]);
    const bool known = (value[0] == 2 && address.size == 4) || (value[0] == 3 && address.size == 16);
    if (!known || value.size() != 4U + address.size || address.prefix > address.bits()) return std::nullopt;
    std::ranges::copy(value.substr(4), address.bytes.begin());
    return address;
}

void append_address_text(const Address& address, bool always_prefix, std::string& to) {
    for (std::size_t i = 0; i < address.size; ++i) {
        constexpr std::string_view hex = "0123456789abcdef";
        if (address.size == 4) {
            if (i != 0) to.push_back('.');
            to.append(std::to_string(address.bytes[i]));
        } else {
            if (i != 0 && i % 2 == 0) to.push_back(':');
            to.push_back(hex[address.bytes[i] >> 4U]);
            to.push_back(hex[address.bytes[i] & 15U]);
        }
    }
    if (always_prefix || address.prefix != address.bits()) to.append("/").append(std::to_string(address.prefix));
}

void append_address_binary(const Address& address, bool cidr, std::string& to) {
    to.push_back(address.size == 4 ? '\x02' : '\x03');
    to.push_back(static_cast<char>(address.prefix));
    to.push_back(cidr ? '\x01' : '\0');
    to.push_back(static_cast<char>(address.size));
    to.append(reinterpret_cast<const char*>(address.bytes.data()), address.size);
}

void clear_host_bits(Address& address) {
    for (std::size_t i = 0; i < address.size; ++i) {
        const std::size_t first = i * 8;
        if (first >= address.prefix) address.bytes[i] = 0;
        else if (first + 8 > address.prefix) address.bytes[i] = static_cast<Byte>(address.bytes[i] & (0xFF00U >> (address.prefix - first)));
    }
}

bool read_device_text(std::string_view text, std::size_t bytes, std::array<Byte, 16>& to) {
    if (text.size() != bytes * 3 - 1) return false;
    for (std::size_t i = 0; i < bytes; ++i) {
        if (!is_hex(text[i * 3]) || !is_hex(text[i * 3 + 1])) return false;
        if (i + 1 < bytes && (text[i * 3 + 2] != text[2] || (text[2] != ':' && text[2] != '-'))) return false;
        to[i] = static_cast<Byte>(hex_of(text[i * 3]) * 16 + hex_of(text[i * 3 + 1]));
    }
    return true;
}

bool read_uuid_text(std::string_view text, std::array<Byte, 16>& to) {
    if (text.size() != 36) return false;
    std::size_t written = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (text[i] != '-') return false;
            continue;
        }
        if (!is_hex(text[i]) || !is_hex(text[i + 1])) return false;
        to[written++] = static_cast<Byte>(hex_of(text[i]) * 16 + hex_of(text[i + 1]));
        ++i;
    }
    return true;
}

void append_hex_groups(ByteView bytes, std::string_view separator_before, char separator, std::string& to) {
    constexpr std::string_view hex = "0123456789abcdef";
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i < separator_before.size() && separator_before[i] == '1') to.push_back(separator);
        to.push_back(hex[bytes[i] >> 4U]);
        to.push_back(hex[bytes[i] & 15U]);
    }
}

}  // namespace pgveil::masking
