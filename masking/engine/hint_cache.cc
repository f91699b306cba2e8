#include "engine/hint_cache.h"

namespace pgveil::masking {

const NameHints* HintCache::of(std::string_view name) {
    if (name.empty()) return nullptr;
    const auto found = known_.find(name);
    if (found != known_.end()) return found->second.get();
    NameHints hints = rules_->hints_of(name);
    const bool silent = hints.flags.empty();
    if (known_.size() >= kMost || name.size() > kLongestName) return silent ? nullptr : &uncached_.emplace_back(std::move(hints));
    const auto entry = known_.emplace(std::string(name), silent ? nullptr : std::make_unique<const NameHints>(std::move(hints))).first;
    return entry->second.get();
}

bool HintCache::forget_excess() {
    uncached_.clear();
    if (known_.size() < kMost) return false;
    known_.clear();
    return true;
}

}  // namespace pgveil::masking
