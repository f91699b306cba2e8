// Time as the middle sees it: always an argument, never asked for. Monotonic time for waiting,
// wall time (UTC, microseconds) for records, grants and expiries.
#pragma once

#include <chrono>

namespace pgveil {

using MonotonicTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::sys_time<std::chrono::microseconds>;

/// Both clocks read at one moment by whoever owns the loop.
struct Now {
    MonotonicTime monotonic;
    WallTime wall;
};

}  // namespace pgveil
