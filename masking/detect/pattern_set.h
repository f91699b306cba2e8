// PatternSet: one Hyperscan database of end-only patterns, and the scratch memory to run it.
//
// The only files that see Hyperscan are this pair. Patterns: block mode, DOTALL, all matches, positive classes
// (no '.', no negated class: a match must not depend on what surrounds a field). A PatternSet is immutable and
// shared; a Scratch has one owner and one scan at a time. Texts are hostile bytes; scanning never allocates.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pgveil/core/result.h"

struct hs_database;
struct hs_scratch;

namespace pgveil::masking {

struct Pattern {
    std::string expression;
    std::uint32_t id = 0;       // reported with each match
    bool caseless = false;
};

/// Which pattern does not compile, and the library's sentence about it.
struct PatternRefusal {
    std::uint32_t id = 0;
    std::string why;
};

class PatternSet;

class Scratch {
  public:
    Scratch() = default;
    Scratch(Scratch&& other) noexcept;
    Scratch& operator=(Scratch&&) = delete;
    ~Scratch();
    /// Grows the scratch so that it fits `set`; false: no memory. At start only.
    [[nodiscard]] bool fit(const PatternSet& set);

  private:
    friend class PatternSet;
    hs_scratch* scratch_ = nullptr;
};

class PatternSet {
  public:
    /// `som`: report starts too (for patterns without a confirmer; dearer, refused for large patterns).
    [[nodiscard]] static Result<PatternSet, PatternRefusal> compile(const std::vector<Pattern>& patterns, bool som);
    PatternSet(PatternSet&& other) noexcept;
    PatternSet& operator=(PatternSet&&) = delete;
    ~PatternSet();

    /// One match; return false to stop the scan.
    using OnMatch = bool (*)(void* context, std::uint32_t id, std::uint64_t start, std::uint64_t end);
    /// False if the library reported an error: the caller must treat the whole text as sensitive.
    [[nodiscard]] bool scan(std::string_view text, const Scratch& scratch, OnMatch on_match, void* context) const;

  private:
    friend class Scratch;
    explicit PatternSet(hs_database* database) : database_(database) {}
    hs_database* database_ = nullptr;
};

/// Bytes of the shortest and longest possible match; longest 0: unbounded or unknown.
struct PatternWidth {
    std::uint32_t least = 0, most = 0;
};
[[nodiscard]] PatternWidth width_of(const std::string& expression);

}  // namespace pgveil::masking
