// Allowance: what one agent may still take of what is counted over time: result bytes and log bytes a day, values
// compared with sensitive columns an hour (design: contract, [[agent]] and masking.equality_limit).
//
// Spans slide: "a day" is the last 24 hours in slots of one, "an hour" the last 60 minutes. Kept in memory: a restart
// of the proxy starts anew. A resource: one per agent, shared by the relays of all workers, mutex inside. Time comes in.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "pgveil/core/clock.h"

namespace pgveil::policy {

/// The sum of what was added within the last `Slots` slots of time. Value.
template <std::size_t Slots>
class SlidingSum {
  public:
    explicit SlidingSum(std::chrono::seconds slot) : slot_(slot) {}
    void add(std::uint64_t amount, MonotonicTime at) {
        advance(at);
        amounts_[slot_at(at) % Slots] += amount;
    }
    [[nodiscard]] std::uint64_t at(MonotonicTime now) {
        advance(now);
        std::uint64_t sum = 0;
        for (const std::uint64_t amount : amounts_) sum += amount;
        return sum;
    }

  private:
    [[nodiscard]] std::uint64_t slot_at(MonotonicTime time) const { return static_cast<std::uint64_t>(time.time_since_epoch() / slot_); }
    /// Workers' clocks differ by a loop turn: an earlier time changes nothing.
    void advance(MonotonicTime to) {
        const std::uint64_t slot = slot_at(to);
        if (slot <= newest_) return;
        for (std::uint64_t i = std::max(newest_ + 1, slot >= Slots ? slot - Slots + 1 : 0); i <= slot; ++i) amounts_[i % Slots] = 0;
        newest_ = slot;
    }
    std::chrono::seconds slot_;
    std::uint64_t newest_ = 0;
    std::array<std::uint64_t, Slots> amounts_{};
};

/// Bytes a day; 0: no limit.
struct DailyBytes {
    std::uint64_t egress = 0, log = 0;
};

class Allowance {
  public:
    enum class Spent : std::uint8_t { Nothing, Egress, Log };

    explicit Allowance(DailyBytes daily) : daily_(daily) {}
    Allowance(const Allowance&) = delete;
    Allowance& operator=(const Allowance&) = delete;

    /// After a reload; what was taken stays taken.
    void set(DailyBytes daily);
    /// What of the day's bytes is used up.
    [[nodiscard]] Spent spent(MonotonicTime now);
    /// False: with these the day's result bytes are used up.
    [[nodiscard]] bool take_egress(std::uint64_t bytes, MonotonicTime now);
    void take_log(std::uint64_t bytes, MonotonicTime now);
    /// True once a minute: a refusal for a spent log is worth a record then.
    [[nodiscard]] bool worth_a_record(MonotonicTime now);
    /// A statement compares `values` values with sensitive columns; `print` is the same for the same statement with the
    /// same values, which counts once an hour. False: beyond `per_hour`, and not counted.
    [[nodiscard]] bool compare(std::uint64_t print, std::uint32_t values, std::uint32_t per_hour, MonotonicTime now);

    /// A statement failed on values of sensitive columns, which told one of them apart: a comparison as well.
    void raised(MonotonicTime now);
    /// False: nothing is left of `per_hour` for statements that may fail so. Who never had one fail is not asked.
    [[nodiscard]] bool may_raise(std::uint32_t per_hour, MonotonicTime now);

  private:
    std::mutex mutex_;
    DailyBytes daily_;
    SlidingSum<24> egress_{std::chrono::hours(1)}, log_{std::chrono::hours(1)};
    SlidingSum<60> compared_{std::chrono::minutes(1)}, raised_{std::chrono::minutes(1)};   // the second within the first
    std::unordered_map<std::uint64_t, MonotonicTime> prints_;   // of the last hour; as many as values at most
    MonotonicTime recorded_ = MonotonicTime::min();
};
using AllowancePtr = std::shared_ptr<Allowance>;

/// Every agent's, by name. Mutex inside; called at a login and at a reload.
class Allowances {
  public:
    [[nodiscard]] AllowancePtr of(const std::string& agent, DailyBytes daily);

  private:
    std::mutex mutex_;
    std::map<std::string, AllowancePtr> kept_;
};

}  // namespace pgveil::policy
