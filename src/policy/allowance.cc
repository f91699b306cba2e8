#include "policy/allowance.h"

namespace pgveil::policy {

void Allowance::set(DailyBytes daily) {
    const std::scoped_lock lock(mutex_);
    daily_ = daily;
}

Allowance::Spent Allowance::spent(MonotonicTime now) {
    const std::scoped_lock lock(mutex_);
    if (daily_.log != 0 && log_.at(now) >= daily_.log) return Spent::Log;
    if (daily_.egress != 0 && egress_.at(now) >= daily_.egress) return Spent::Egress;
    return Spent::Nothing;
}

bool Allowance::take_egress(std::uint64_t bytes, MonotonicTime now) {
    const std::scoped_lock lock(mutex_);
    egress_.add(bytes, now);
    return daily_.egress == 0 || egress_.at(now) < daily_.egress;
}

void Allowance::take_log(std::uint64_t bytes, MonotonicTime now) {
    const std::scoped_lock lock(mutex_);
    log_.add(bytes, now);
}

bool Allowance::worth_a_record(MonotonicTime now) {
    const std::scoped_lock lock(mutex_);
    if (recorded_ != MonotonicTime::min() && now - recorded_ < std::chrono::minutes(1)) return false;
    recorded_ = now;
    return true;
}

bool Allowance::compare(std::uint64_t print, std::uint32_t values, std::uint32_t per_hour, MonotonicTime now) {
    constexpr std::chrono::hours hour{1};
    const std::scoped_lock lock(mutex_);
    if (const auto known = prints_.find(print); known != prints_.end() && now - known->second < hour) return true;
    if (compared_.at(now) + values > per_hour) return false;
    if (prints_.size() >= 2 * std::size_t{per_hour}) std::erase_if(prints_, [&](const auto& kept) { return now - kept.second >= hour; });
    compared_.add(values, now);
    prints_[print] = now;
    return true;
}

void Allowance::raised(MonotonicTime now) {
    const std::scoped_lock lock(mutex_);
    compared_.add(1, now);
    raised_.add(1, now);
}

bool Allowance::may_raise(std::uint32_t per_hour, MonotonicTime now) {
    const std::scoped_lock lock(mutex_);
    return raised_.at(now) == 0 || compared_.at(now) < per_hour;
}

AllowancePtr Allowances::of(const std::string& agent, DailyBytes daily) {
    const std::scoped_lock lock(mutex_);
    AllowancePtr& kept = kept_[agent];
    if (kept) kept->set(daily);
    else kept = std::make_shared<Allowance>(daily);
    return kept;
}

}  // namespace pgveil::policy
