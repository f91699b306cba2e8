#include "protocol/startup.h"

#include <algorithm>

#include "protocol/wire_cursor.h"

namespace pgveil::protocol {
namespace {

constexpr std::uint32_t kCancelCode = (1234U << 16) | 5678U;
constexpr std::uint32_t kSslCode = (1234U << 16) | 5679U;
constexpr std::uint32_t kGssEncCode = (1234U << 16) | 5680U;
constexpr std::size_t kCodeEnd = 8;   // length word and code
constexpr std::size_t kMinCancelKey = 4, kMaxCancelKey = 256;
constexpr std::string_view kProtocolOption = "_pq_.";

using Answer = std::variant<StartupPacket, StartupRefusal>;

Answer parse_cancel(ByteView packet) {
    WireCursor in(packet.subspan(kCodeEnd));
    CancelRequestMessage cancel;
    cancel.pid = in.u32();
    if (in.failed() || in.left() < kMinCancelKey || in.left() > kMaxCancelKey) return StartupRefusal{};
    cancel.key = Secret(copy_of(in.bytes(in.left())));
    return StartupPacket(std::move(cancel));
}

// The last duplicate wins at the server, and settings are applied in the order of the packet: the survivor
// stands where the last one stood. Setting names are compared without case there, so order matters.
void set_parameter(StartupMessage& message, std::string_view name, std::string_view value) {
    std::erase_if(message.parameters, [&](const auto& known) { return known.first == name; });
    message.parameters.emplace_back(name, value);
}

void note_protocol_option(StartupMessage& message, std::string_view name) {
    if (std::ranges::find(message.unknown_options, name) == message.unknown_options.end()) {
        message.unknown_options.emplace_back(name);
    }
}

// Reads as ProcessStartupPacket does: names end the list with an empty one, which must be the last byte.
Answer parse_parameters(ByteView packet, StartupMessage message) {
    const std::string_view body = text_of(packet);
    std::size_t at = kCodeEnd;
    while (at < body.size()) {
        const std::string_view name = body.substr(at, body.find('\0', at) - at);
        if (name.empty()) break;
        const std::size_t value_at = at + name.size() + 1;
        if (value_at >= body.size()) break;
        const std::string_view value = body.substr(value_at, body.find('\0', value_at) - value_at);
        if (name.starts_with(kProtocolOption)) note_protocol_option(message, name);
        else set_parameter(message, name, value);
        at = value_at + value.size() + 1;
    }
    if (at + 1 != body.size()) return StartupRefusal{StartupFault::BadTerminator, {}};
    return StartupPacket(std::move(message));
}

bool is_server_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// pg_split_opts: white space separates unless a backslash stands before it; a last lone backslash vanishes.
std::vector<std::string> split_options(std::string_view options) {
    std::vector<std::string> words;
    std::size_t at = 0;
    for (;;) {
        while (at < options.size() && is_server_space(options[at])) ++at;
        if (at == options.size()) return words;
        std::string& word = words.emplace_back();
        bool escaped = false;
        for (; at < options.size() && (escaped || !is_server_space(options[at])); ++at) {
            if (!escaped && options[at] == '\\') {
                escaped = true;
                continue;
            }
            escaped = false;
            word.push_back(options[at]);
        }
    }
}

// ParseLongOption: a dash in a name is an underscore.
std::optional<std::pair<std::string, std::string>> split_assignment(std::string_view word) {
    const std::size_t equal = word.find('=');
    if (equal == std::string_view::npos || equal == 0) return std::nullopt;
    std::pair<std::string, std::string> setting{word.substr(0, equal), word.substr(equal + 1)};
    std::ranges::replace(setting.first, '-', '_');
    return setting;
}

}  // namespace

std::string_view StartupMessage::get(std::string_view name) const {
    for (const auto& [key, value] : parameters) {
        if (key == name) return value;
    }
    return {};
}

std::optional<std::size_t> startup_packet_size(ByteView input) {
    if (input.size() < 4) return std::nullopt;
    const std::uint32_t size = load_network<std::uint32_t>(input.data());
    if (size < kCodeEnd || size > kMaxStartupPacket) return 0;
    return size;
}

std::variant<StartupPacket, StartupRefusal> parse_startup(ByteView packet) {
    if (startup_packet_size(packet) != packet.size() || packet.empty()) return StartupRefusal{};
    const std::uint32_t code = load_network<std::uint32_t>(packet.data() + 4);
    // The server does not look at what follows these two codes inside the declared length.
    if (code == kSslCode) return StartupPacket(SslRequest{});
    if (code == kGssEncCode) return StartupPacket(GssEncRequest{});
    if (code == kCancelCode) return parse_cancel(packet);

    StartupMessage message;
    message.major = static_cast<std::uint16_t>(code >> 16);
    message.minor = static_cast<std::uint16_t>(code & 0xffff);
    if (message.major != 3) {
        return StartupRefusal{StartupFault::UnsupportedProtocol,
                              std::to_string(message.major) + "." + std::to_string(message.minor)};
    }
    return parse_parameters(packet, std::move(message));
}

std::optional<std::vector<std::pair<std::string, std::string>>> parse_options(std::string_view options) {
    // A NUL ends the server's reading but not ours.
    if (options.find('\0') != std::string_view::npos) return std::nullopt;
    std::vector<std::pair<std::string, std::string>> settings;
    const std::vector<std::string> words = split_options(options);
    for (std::size_t i = 0; i < words.size(); ++i) {
        std::string_view word = words[i];
        if (!word.starts_with("--") && !word.starts_with("-c")) return std::nullopt;
        word.remove_prefix(2);
        // "-c" alone takes the next word, whatever it looks like; "--" alone ends options at the server.
        if (word.empty() && words[i] == "-c") {
            if (++i == words.size()) return std::nullopt;
            word = words[i];
        }
        auto setting = split_assignment(word);
        if (!setting) return std::nullopt;
        settings.push_back(std::move(*setting));
    }
    return settings;
}

}  // namespace pgveil::protocol
