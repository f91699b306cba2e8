// Texts of the config that stand for values: durations, sizes, endpoints, verifiers, address blocks.
//
// Pure; internal to config/ (cli may use the duration and endpoint forms). Not hostile.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"

namespace pgveil::config {

/// "30s", "8h", "400d", "1h30m"; units ms, s, m or min, h, d, w. Nullopt: not a duration.
[[nodiscard]] std::optional<std::chrono::milliseconds> duration_from(std::string_view text);
[[nodiscard]] std::string text_of(std::chrono::milliseconds duration);

/// "64MiB", "512B", "0"; powers of 1024.
[[nodiscard]] std::optional<std::uint64_t> size_from(std::string_view text);
[[nodiscard]] std::string size_text(std::uint64_t bytes);

/// "127.0.0.1:6432", "[::1]:6432", "localhost:6432", "unix:/dir". Port 0 for unix.
[[nodiscard]] std::optional<Endpoint> endpoint_from(std::string_view text);

/// "10.0.0.0/8", "::1/128" or a single address.
[[nodiscard]] bool is_address_block(std::string_view text);

/// Iterations of a well-formed SCRAM-SHA-256 verifier; nullopt: not one.
[[nodiscard]] std::optional<std::uint32_t> scram_iterations(std::string_view verifier);

/// A keyword of a libpq conninfo string or URI; nullopt: not written. Only a look, libpq parses for real.
[[nodiscard]] std::optional<std::string> conninfo_value(std::string_view conninfo, std::string_view keyword);
/// The conninfo with any password blotted out.
[[nodiscard]] std::string without_password(std::string_view conninfo);

/// The candidate nearest to `word`, if near enough to be meant.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates);

/// "2027-01-01T00:00:00Z"
[[nodiscard]] std::string text_of(WallTime time);

}  // namespace pgveil::config
