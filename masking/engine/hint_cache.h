// HintCache: what names say, remembered. Column names and JSON keys repeat; matching all hints of all rules
// costs microseconds, looking one up some tens of nanoseconds. Bounded: JSON keys are hostile data.
// One owner, one thread.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/compiled_rules.h"

namespace pgveil::masking {

class HintCache {
  public:
    explicit HintCache(std::shared_ptr<const CompiledRules> rules) : rules_(std::move(rules)) {}

    /// What `name` says, or nullptr for nothing. Lives until the next forget_excess().
    [[nodiscard]] const NameHints* of(std::string_view name);
    /// Drops what grew too large; true if anything of() gave before is now dangling. Between rows only.
    bool forget_excess();

  private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view name) const noexcept { return std::hash<std::string_view>{}(name); }
    };
    static constexpr std::size_t kMost = 4096, kLongestName = 256;
    std::shared_ptr<const CompiledRules> rules_;
    std::unordered_map<std::string, std::unique_ptr<const NameHints>, Hash, std::equal_to<>> known_;
    std::deque<NameHints> uncached_;   // of names that found no room and do say something
};

}  // namespace pgveil::masking
