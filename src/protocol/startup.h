// Startup packets: the unframed first messages (manual 55.2.1, 55.2.9, 55.2.11; backend_startup.c).
// A packet is a length word and a body; SSLRequest, GSSENCRequest, CancelRequest and StartupMessage
// share the form. Reads hostile bytes: yes, before any authentication; at most 10,004 bytes are kept.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "pgveil/core/bytes.h"
#include "pgveil/core/secret.h"

namespace pgveil::protocol {

inline constexpr std::size_t kMaxStartupPacket = 10'004;   // length word included

struct SslRequest {};
struct GssEncRequest {};
struct CancelRequestMessage {
    std::uint32_t pid = 0;
    Secret key;                 // 4..256 bytes
};
struct StartupMessage {
    std::uint16_t major = 0, minor = 0;
    std::vector<std::pair<std::string, std::string>> parameters;   // last duplicate wins, `user` and `database` included
    std::vector<std::string> unknown_options;                      // `_pq_.*` names
    [[nodiscard]] std::string_view get(std::string_view name) const;
};
enum class StartupFault : std::uint8_t {
    SilentClose,                // length out of bounds, cancel of bad shape: the server closes without a word
    BadTerminator,              // FATAL 08P01 invalid startup packet layout: expected terminator as last byte
    UnsupportedProtocol         // FATAL 0A000; major/minor in `detail`
};
struct StartupRefusal {
    StartupFault why = StartupFault::SilentClose;
    std::string detail;
};
using StartupPacket = std::variant<SslRequest, GssEncRequest, CancelRequestMessage, StartupMessage>;

/// How many bytes the packet at the start of `input` has; nullopt: need the length word; 0: silent close.
[[nodiscard]] std::optional<std::size_t> startup_packet_size(ByteView input);
/// `packet` is exactly one packet. A minor above 2 is accepted (the caller answers 'v').
[[nodiscard]] std::variant<StartupPacket, StartupRefusal> parse_startup(ByteView packet);

/// `options` startup parameter: "-c name=value" and "--name=value" with the server's backslash rule
/// (pg_split_opts). nullopt: the server would refuse it.
[[nodiscard]] std::optional<std::vector<std::pair<std::string, std::string>>> parse_options(std::string_view options);

}  // namespace pgveil::protocol
