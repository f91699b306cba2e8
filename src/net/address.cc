#include "net/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace pgveil::net {
namespace {

std::optional<unsigned> parse_number(std::string_view text, unsigned most) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value > most) return std::nullopt;
    return value;
}

constexpr Byte kMappedPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::optional<Bytes> parse_ip(const std::string& text) {
    Bytes ip(16);
    if (inet_pton(AF_INET, text.c_str(), ip.data()) == 1) {
        ip.resize(4);
        return ip;
    }
    if (inet_pton(AF_INET6, text.c_str(), ip.data()) == 1) return ip;
    return std::nullopt;
}

}  // namespace

std::string PeerAddress::host() const {
    const std::size_t colon = text.rfind(':');
    return local_socket || colon == std::string::npos ? text : text.substr(0, colon);
}

std::string ListenAddress::socket_path() const { return unix_directory + "/.s.PGSQL." + std::to_string(port); }

Result<ListenAddress, std::string> parse_listen_address(std::string_view text, std::uint16_t unix_port) {
    if (text.starts_with("unix:")) {
        const std::string_view directory = text.substr(5);
        if (!directory.starts_with('/')) return refuse(std::string("a Unix socket needs an absolute directory: unix:/run/pgveil"));
        return ListenAddress{.host = {}, .port = unix_port, .unix_directory = std::string(directory)};
    }
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return refuse(std::string("expected host:port, [v6]:port or unix:/directory"));
    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    else if (host.find(':') != std::string_view::npos) return refuse(std::string("an IPv6 address stands in brackets: [::1]:6432"));
    if (host.empty()) return refuse(std::string("the host is missing; \"*\" means all addresses"));
    const auto port = parse_number(text.substr(colon + 1), 65535);
    if (!port) return refuse(std::string("the port must be a number from 0 to 65535"));
    return ListenAddress{.host = std::string(host), .port = static_cast<std::uint16_t>(*port), .unix_directory = {}};
}

Result<IpRange, std::string> parse_ip_range(std::string_view text) {
    const std::size_t slash = text.find('/');
    auto ip = parse_ip(std::string(text.substr(0, slash)));
    if (!ip) return refuse(std::string("expected an IP address or a range such as 10.0.0.0/8"));
    const auto most = static_cast<unsigned>(ip->size() * 8);
    unsigned bits = most;
    if (slash != std::string_view::npos) {
        const auto given = parse_number(text.substr(slash + 1), most);
        if (!given) return refuse("the mask length must be a number from 0 to " + std::to_string(most));
        bits = *given;
    }
    // Peers come with mapped addresses undone, so a mapped range must be, too.
    if (ip->size() == 16 && bits >= 96 && std::equal(std::begin(kMappedPrefix), std::end(kMappedPrefix), ip->begin())) {
        ip->erase(ip->begin(), ip->begin() + 12);
        bits -= 96;
    }
    return IpRange{std::move(*ip), bits};
}

bool IpRange::contains(ByteView ip) const {
    if (ip.size() != network.size()) return false;
    for (std::size_t i = 0; i < ip.size(); ++i) {
        const unsigned here = bits > i * 8 ? std::min(8U, bits - static_cast<unsigned>(i) * 8) : 0;
        const auto mask = static_cast<Byte>(0xff00U >> here);
        if (((ip[i] ^ network[i]) & mask) != 0) return false;
    }
    return true;
}

bool is_loopback(ByteView ip) {
    static const IpRange v4{{127, 0, 0, 0}, 8};
    static const IpRange v6{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128};
    return v4.contains(ip) || v6.contains(ip);
}

}  // namespace pgveil::net
