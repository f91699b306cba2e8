// Addresses: where to listen, and who is at the other end. Text in, values out; no name is resolved here
// except by resolve(), which may block and belongs before the loops start. Hostile: no (configuration),
// peer addresses come from the kernel. Values, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pgveil/core/bytes.h"
#include "pgveil/core/result.h"

namespace pgveil::net {

/// Who connected.
struct PeerAddress {
    std::string text;             // "10.1.2.3:5555", "[::1]:5555", "local"
    Bytes ip;                     // 4 or 16 bytes (IPv4 in IPv6 is given as 4), empty on a Unix socket
    std::uint16_t port = 0;
    bool local_socket = false;    // Unix socket
    std::uint32_t uid = 0;        // of the process that connected a Unix socket
    /// The address without its port: what limits and delays are counted by.
    [[nodiscard]] std::string host() const;
};

struct ListenAddress {
    std::string host;             // numeric or a name; "*" all addresses
    std::uint16_t port = 0;       // 0: any free one
    std::string unix_directory;   // set: a Unix socket, named after `port` as PostgreSQL names it
    [[nodiscard]] bool is_unix() const { return !unix_directory.empty(); }
    /// "/run/pgveil/.s.PGSQL.6432"
    [[nodiscard]] std::string socket_path() const;
    bool operator==(const ListenAddress&) const = default;
};

/// "host:port", "[v6]:port", "*:port", "unix:/directory" (with `unix_port`). The refusal is a sentence.
[[nodiscard]] Result<ListenAddress, std::string> parse_listen_address(std::string_view text, std::uint16_t unix_port);

/// A range of addresses, "10.0.0.0/8" or a single one.
struct IpRange {
    Bytes network;
    unsigned bits = 0;
    [[nodiscard]] bool contains(ByteView ip) const;
};
[[nodiscard]] Result<IpRange, std::string> parse_ip_range(std::string_view text);
/// 127.0.0.0/8, ::1.
[[nodiscard]] bool is_loopback(ByteView ip);

}  // namespace pgveil::net
