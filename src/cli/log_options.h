// The options of `pgveil log`, read once, all mistakes named.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/search.h"
#include "pgveil/core/result.h"

namespace pgveil::cli {

enum class LogFormat : std::uint8_t { Text, Json, Csv, Ocsf, Ecs };  // the last two: export alone

struct LogOptions {
    bool help = false;
    std::vector<std::string> dirs;          // --log, then --fallback
    std::string key;                        // --key
    std::vector<std::string> anchors;       // --anchor
    std::chrono::seconds max_age = std::chrono::hours(24);
    LogFormat format = LogFormat::Text;
    audit::Filter filter;
    std::uint64_t limit = 0;                // 0: all
    std::uint64_t last = 0;                 // --last N
    std::string check, out, token_key;      // --check, --out, --token-key
    bool value = false, follow = false;
    std::vector<std::string> words;         // INDEX
};

/// Refusal: one sentence for stderr, exit 2.
[[nodiscard]] Result<LogOptions, std::string> parse_log_options(std::span<const std::string_view> args);
[[nodiscard]] std::string_view log_help();

}  // namespace pgveil::cli
