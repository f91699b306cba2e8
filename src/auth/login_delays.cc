#include "auth/login_delays.h"

#include <algorithm>

namespace pgveil::auth {
namespace {

using namespace std::chrono_literals;

constexpr auto HalfLife = 5min;
constexpr auto FirstDelay = 250ms;
constexpr std::uint32_t PairFree = 2, NameFree = 10, AddressFree = 20;  // failures that cost nothing yet
constexpr auto PairCap = 30000ms, NameCap = 2000ms, AddressCap = 30000ms;
constexpr std::size_t TallyAddresses = 4096;

std::string pair_key(std::string_view name, std::string_view address) {
    return std::string("p").append(name).append(1, '\0').append(address);
}
std::string name_key(std::string_view name) { return std::string("n").append(name); }
std::string address_key(std::string_view address) { return std::string("a").append(address); }

std::uint32_t decayed(std::uint32_t failures, MonotonicTime last, MonotonicTime now) {
    const auto halvings = now > last ? (now - last) / HalfLife : 0;
    return halvings >= 31 ? 0 : failures >> halvings;
}

}  // namespace

void LoginDelays::failed(std::string_view name, std::string_view address, MonotonicTime now) {
    count(pair_key(name, address), now);
    count(name_key(name), now);
    count(address_key(address), now);
}

void LoginDelays::succeeded(std::string_view name, std::string_view address) {
    const auto found = entries_.find(pair_key(name, address));
    if (found == entries_.end()) return;
    order_.erase(found->second);
    entries_.erase(found);
}

std::chrono::milliseconds LoginDelays::delay(std::string_view name, std::string_view address,
                                             MonotonicTime now) const {
    return std::max({wait_for(pair_key(name, address), PairFree, PairCap, now),
                     wait_for(name_key(name), NameFree, NameCap, now),
                     wait_for(address_key(address), AddressFree, AddressCap, now)});
}

std::chrono::milliseconds LoginDelays::wait_for(const std::string& key, std::uint32_t free,
                                                std::chrono::milliseconds cap, MonotonicTime now) const {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return 0ms;
    const std::uint32_t failures = decayed(found->second->failures, found->second->last, now);
    if (failures <= free) return 0ms;
    const std::uint32_t doublings = std::min<std::uint32_t>(failures - free - 1, 10);
    const auto whole = std::min<std::chrono::milliseconds>(FirstDelay * (1U << doublings), cap);
    const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(now - found->second->last);
    return std::max<std::chrono::milliseconds>(whole - passed, 0ms);
}

void LoginDelays::count(std::string key, MonotonicTime now) {
    const auto found = entries_.find(key);
    if (found != entries_.end()) {
        Entry& entry = *found->second;
        entry.failures = decayed(entry.failures, entry.last, now) + 1;
        entry.last = now;
        order_.splice(order_.begin(), order_, found->second);
        return;
    }
    if (entries_.size() >= capacity_) {
        entries_.erase(order_.back().key);
        order_.pop_back();
    }
    order_.push_front({key, 1, now});
    entries_.emplace(std::move(key), order_.begin());
}

bool FailureTally::note(std::string_view address, MonotonicTime now) {
    std::string key(address);
    auto found = minutes_.find(key);
    if (found == minutes_.end()) {
        const bool room = minutes_.size() < TallyAddresses;
        if (room) {
            minutes_.emplace(std::move(key), Minute{now, 0});
            return true;
        }
        found = minutes_.try_emplace(std::string(), Minute{now, 0}).first;
    }
    ++found->second.folded;
    return false;
}

std::vector<FailureTally::Count> FailureTally::due(MonotonicTime now, bool all) {
    std::vector<Count> counts;
    for (auto it = minutes_.begin(); it != minutes_.end();) {
        if (!all && now - it->second.began < 1min) {
            ++it;
            continue;
        }
        if (it->second.folded > 0) counts.push_back({it->first, it->second.folded});
        it = minutes_.erase(it);
    }
    std::ranges::sort(counts, {}, &Count::address);
    return counts;
}

}  // namespace pgveil::auth
