#include "cli/log_tail.h"

#include <fmt/core.h>

#include <chrono>
#include <cstdio>
#include <optional>
#include <thread>

#include "audit/line_reader.h"
#include "audit/search.h"
#include "cli/log_print.h"

namespace pgveil::cli {
namespace {

constexpr std::uint64_t DefaultCount = 10;
constexpr auto LookAgain = std::chrono::milliseconds(300);

bool put(const LogOptions& options, const audit::StoredRecord& stored) {
    if (!audit::matches(options.filter, stored)) return true;
    const std::string text = print_record(stored, options.format);
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
}

/// The segment that holds, or will hold, record `next`.
std::optional<audit::LineReader> open_segment_of(const LogOptions& options, std::uint64_t next) {
    const auto segments = audit::list_segments(options.dirs);
    if (!segments) return std::nullopt;
    for (auto it = segments->rbegin(); it != segments->rend(); ++it) {
        if (it->first > next) continue;
        auto fd = audit::open_read(it->path);
        if (!fd) return std::nullopt;
        return audit::LineReader(std::move(*fd), UINT64_MAX);
    }
    return std::nullopt;
}

int follow(const LogOptions& options, std::uint64_t next) {
    for (;;) {
        // A new segment may have begun since the last look; lines already shown are passed over by their index.
        auto lines = open_segment_of(options, next);
        bool moved = false;
        while (const auto line = lines ? lines->next() : std::nullopt) {
            const auto stored = audit::parse_line(*line);
            if (!stored || stored->index != next) continue;
            if (!put(options, *stored)) return 0;
            ++next;
            moved = true;
        }
        if (!moved) std::this_thread::sleep_for(LookAgain);
    }
}

}  // namespace

int run_log_tail(const LogOptions& options) {
    const auto last = audit::last_records(options.dirs, options.last == 0 ? DefaultCount : options.last);
    if (!last) {
        fmt::print(stderr, "pgveil log: {}\n", last.error());
        return 3;
    }
    if (options.format == LogFormat::Csv) fmt::print("{}", csv_heading());
    std::uint64_t next = 0;
    for (const audit::StoredRecord& stored : *last) {
        if (!put(options, stored)) return 0;
        next = stored.index + 1;
    }
    return options.follow ? follow(options, next) : 0;
}

}  // namespace pgveil::cli
