// Why a session ends, though neither side wants it to: drained, replaced, its account or its grant gone.
#include "proxy/link.h"

namespace pgveil::proxy {

bool Link::drainable() const {
    if (phase_ != Phase::Relaying) return !worker_.leaving() || phase_ == Phase::Console;
    return relay_->idle() && relay_->transaction().status == TransactionStatus::Idle && !(worker_.leaving() && settling());
}

// Whoever connects while one process takes over from another must not find its first statements unanswered.
bool Link::settling() const {
    constexpr std::chrono::seconds first{10}, any{2};
    const auto age = worker_.loop().now().monotonic - welcomed_;
    return age < (activity_->statements == 0 ? first : any);
}

void Link::on_world() {
    const WorldPtr& now = worker_.world();
    if (phase_ == Phase::Login || phase_ == Phase::Cancelling) return;
    auto it = now->accounts.find(name_);
    if (it == now->accounts.end() || it->second.is_person != is_person_) return end(sqlstate::AdminShutdown, "the account was removed");
    if (allowance_) (void)worker_.shared().allowances.of(name_, it->second.daily);
}

void Link::check_grant() {
    if (phase_ != Phase::Relaying) return;
    const Access access = worker_.permissions()->access(name_, database_, wall_now());
    if (access == Access::None) return end(sqlstate::NoGrant, "the grant for this database has ended");
    relay_->on_access(access);
}

}  // namespace pgveil::proxy
