#include "proxy/shared.h"

#include <algorithm>

namespace pgveil::proxy {

void Registry::enter(SessionEntry entry, Secret cancel_key) {
    const std::scoped_lock lock(mutex_);
    const std::uint64_t id = entry.id;
    kept_.insert_or_assign(id, Kept{std::move(entry), std::move(cancel_key)});
}

void Registry::leave(std::uint64_t id) {
    const std::scoped_lock lock(mutex_);
    kept_.erase(id);
}

std::optional<std::pair<unsigned, std::uint64_t>> Registry::find(std::uint32_t pid, ByteView key) const {
    const std::scoped_lock lock(mutex_);
    std::optional<std::pair<unsigned, std::uint64_t>> found;
    for (const auto& [id, kept] : kept_) {
        if (kept.entry.pid == pid && !kept.key.empty() && kept.key.equals(key)) found = {kept.entry.worker, id};
    }
    return found;
}

std::vector<SessionEntry> Registry::list() const {
    const std::scoped_lock lock(mutex_);
    std::vector<SessionEntry> all;
    for (const auto& [id, kept] : kept_) all.push_back(kept.entry);
    return all;
}

std::size_t Registry::sessions_of(std::string_view name) const {
    const std::scoped_lock lock(mutex_);
    return static_cast<std::size_t>(std::ranges::count_if(kept_, [&](const auto& k) { return k.second.entry.name == name; }));
}

// As many again may wait to be told no; beyond that nothing is spent on them.
Doorway::Verdict Doorway::enter(const std::string& host, std::uint32_t most_per_host, std::uint32_t most) {
    constexpr std::size_t waiting = 100;
    const std::scoped_lock lock(mutex_);
    const std::size_t of_host = ++by_host_[host];
    ++all_;
    if (all_ > 2 * std::size_t{most} + waiting) return Verdict::Drop;
    if (host.empty() || most_per_host == 0 || of_host <= most_per_host) return Verdict::Enter;
    return of_host <= 2 * std::size_t{most_per_host} + waiting ? Verdict::Refuse : Verdict::Drop;
}

void Doorway::leave(const std::string& host) {
    const std::scoped_lock lock(mutex_);
    const auto found = by_host_.find(host);
    if (found == by_host_.end()) return;
    --all_;
    if (--found->second == 0) by_host_.erase(found);
}

std::size_t Doorway::inside() const {
    const std::scoped_lock lock(mutex_);
    return all_;
}

std::shared_ptr<Counters> Tally::of(const std::string& database) {
    const std::scoped_lock lock(mutex_);
    std::shared_ptr<Counters>& kept = kept_[database];
    if (!kept) kept = std::make_shared<Counters>();
    return kept;
}

void RuleCounts::add(std::string_view rule) {
    const std::scoped_lock lock(mutex_);
    const auto found = counts_.find(rule);
    if (found != counts_.end()) ++found->second;
    else counts_.emplace(rule, 1);
}

std::uint64_t RuleCounts::of(std::string_view rule) const {
    const std::scoped_lock lock(mutex_);
    const auto found = counts_.find(rule);
    return found == counts_.end() ? 0 : found->second;
}

Access Permissions::access(std::string_view agent, std::string_view database, WallTime now) const {
    if (!known) return Access::None;
    for (const control::Switch& s : off) {
        const bool hit = s.subject == control::Switch::Subject::Agent ? s.name == agent : s.name == database;
        if (hit) return Access::None;
    }
    Access best = Access::None;
    for (const Grant& grant : grants) {
        if (grant.agent != agent || grant.database != database || grant.state_at(now) != GrantState::Live) continue;
        best = std::max(best, grant.access);
    }
    return best;
}

WallTime Permissions::until(std::string_view agent, std::string_view database, WallTime now) const {
    WallTime latest{};
    for (const Grant& grant : grants) {
        if (grant.agent != agent || grant.database != database || grant.state_at(now) != GrantState::Live) continue;
        latest = std::max(latest, grant.until);
    }
    return latest == WallTime{} ? WallTime::max() : latest;
}

}  // namespace pgveil::proxy
