// Generations: a map from text that forgets what was not asked for lately, so that it stays within its bytes.
//
// Two maps: what is found in the older one moves to the younger; when that is full it becomes the older one and the
// older is dropped. Recent use survives a flood of new texts. A hit costs a hash and a compare. One owner, one thread.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace pgveil::relay {

template <class Value>
class Generations {
  public:
    /// `bytes`: of both together, as put() is told them.
    explicit Generations(std::size_t bytes) : half_(bytes / 2) {}

    /// Null: none. Lives until the next call of find or put.
    [[nodiscard]] Value* find(std::string_view key) {
        if (auto it = young_.find(key); it != young_.end()) return &it->second.value;
        auto it = old_.find(key);
        if (it == old_.end()) return nullptr;
        weight_ += it->second.weight;
        const auto moved = young_.insert(old_.extract(it)).position;
        return &moved->second.value;
    }
    /// `weight`: about what the value and a second copy of the key keep, bytes.
    void put(const std::string& key, Value value, std::size_t weight) {
        if (weight_ + weight > half_) {
            old_ = std::exchange(young_, {});
            weight_ = 0;
        }
        if (young_.insert_or_assign(key, Kept{std::move(value), weight}).second) weight_ += weight;
    }
    [[nodiscard]] std::size_t size() const { return young_.size() + old_.size(); }

  private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };
    struct Kept {
        Value value;
        std::size_t weight = 0;
    };
    using Map = std::unordered_map<std::string, Kept, Hash, std::equal_to<>>;
    std::size_t half_, weight_ = 0;
    Map young_, old_;
};

}  // namespace pgveil::relay
