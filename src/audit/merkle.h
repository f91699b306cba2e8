// The Merkle tree of RFC 6962: leaf and node hashes, a growing right edge, inclusion proofs.
//
// CompactRange keeps the at most 64 subtree heads that a log needs to go on and to know its root; it never
// holds the leaves. Values, any thread. Hostile: verify_inclusion reads proofs.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "pgveil/core/keyed_hash.h"

namespace pgveil::audit {

/// SHA-256(0x00 || line).
[[nodiscard]] Digest leaf_hash(std::string_view line);
/// SHA-256(0x01 || left || right).
[[nodiscard]] Digest node_hash(const Digest& left, const Digest& right);

class CompactRange {
  public:
    void append(const Digest& leaf);
    [[nodiscard]] std::uint64_t size() const { return size_; }
    /// The tree head of all leaves so far; of none it is the hash of nothing.
    [[nodiscard]] Digest root() const;

  private:
    std::uint64_t size_ = 0;
    std::vector<Digest> heads_;  // largest subtree first
};

/// The leaf ranges [first, second) whose tree heads prove leaf `index` in a tree of `size`, leaf side first.
[[nodiscard]] std::vector<std::pair<std::uint64_t, std::uint64_t>> inclusion_ranges(std::uint64_t index,
                                                                                   std::uint64_t size);

/// RFC 9162 section 2.1.3.2.
[[nodiscard]] bool verify_inclusion(std::uint64_t index, std::uint64_t size, const Digest& leaf,
                                    std::span<const Digest> path, const Digest& root);

}  // namespace pgveil::audit
