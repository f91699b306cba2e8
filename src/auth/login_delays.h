// LoginDelays: how long the next answer to a login must wait, from what failed before.
//
// Counts failures by (name, address), by address and by name, each with its own threshold, so that one address
// cannot try passwords or names quickly, and strangers cannot lock a person out: a name alone costs two
// seconds at most. Failures are forgotten by half every five minutes. Bounded: the longest untouched go first.
//
// FailureTally: which failures are written to the log. The first of an address at once, the others of the same
// minute as one count.
//
// Values with time as argument; one owner, one thread. Hostile: names and addresses are.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "pgveil/core/clock.h"

namespace pgveil::auth {

class LoginDelays {
  public:
    explicit LoginDelays(std::size_t capacity = 16384) : capacity_(capacity) {}
    void failed(std::string_view name, std::string_view address, MonotonicTime now);
    /// Forgets the pair; what the address and the name did elsewhere stays.
    void succeeded(std::string_view name, std::string_view address);
    /// Zero, or how long from `now` the answer has to be withheld.
    [[nodiscard]] std::chrono::milliseconds delay(std::string_view name, std::string_view address,
                                                  MonotonicTime now) const;
    [[nodiscard]] std::size_t size() const { return entries_.size(); }

  private:
    struct Entry {
        std::string key;
        std::uint32_t failures = 0;
        MonotonicTime last{};
    };
    void count(std::string key, MonotonicTime now);
    [[nodiscard]] std::chrono::milliseconds wait_for(const std::string& key, std::uint32_t free,
                                                     std::chrono::milliseconds cap, MonotonicTime now) const;
    std::size_t capacity_;
    std::list<Entry> order_;  // most recent failure first
    std::unordered_map<std::string, std::list<Entry>::iterator> entries_;
};

class FailureTally {
  public:
    /// True: record this one now. False: it is counted and comes with due().
    [[nodiscard]] bool note(std::string_view address, MonotonicTime now);
    struct Count {
        std::string address;  // empty: more addresses than are kept apart
        std::uint64_t failures = 0;
    };
    /// Counts whose minute is over, each to become one record. Call every few seconds, and at the end with `all`.
    [[nodiscard]] std::vector<Count> due(MonotonicTime now, bool all = false);

  private:
    struct Minute {
        MonotonicTime began{};
        std::uint64_t folded = 0;
    };
    std::unordered_map<std::string, Minute> minutes_;
};

}  // namespace pgveil::auth
