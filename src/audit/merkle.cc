#include "audit/merkle.h"

#include <algorithm>
#include <bit>

#include "crypto/digest.h"

namespace pgveil::audit {

Digest leaf_hash(std::string_view line) { return crypto::Sha256().update(std::string_view("\0", 1)).update(line).finish(); }

Digest node_hash(const Digest& left, const Digest& right) {
    return crypto::Sha256().update(std::string_view("\1", 1)).update(left).update(right).finish();
}

void CompactRange::append(const Digest& leaf) {
    Digest head = leaf;
    for (std::uint64_t full = size_; (full & 1) != 0; full >>= 1) {
        head = node_hash(heads_.back(), head);
        heads_.pop_back();
    }
    heads_.push_back(head);
    ++size_;
}

Digest CompactRange::root() const {
    if (heads_.empty()) return crypto::sha256(ByteView{});
    Digest root = heads_.back();
    for (std::size_t i = heads_.size() - 1; i > 0; --i) root = node_hash(heads_[i - 1], root);
    return root;
}

std::vector<std::pair<std::uint64_t, std::uint64_t>> inclusion_ranges(std::uint64_t index, std::uint64_t size) {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
    std::uint64_t low = 0, high = size;
    while (high - low > 1) {
        const std::uint64_t half = low + std::bit_floor(high - low - 1);
        if (index < half) {
            ranges.emplace_back(half, high);
            high = half;
        } else {
            ranges.emplace_back(low, half);
            low = half;
        }
    }
    std::ranges::reverse(ranges);
    return ranges;
}

bool verify_inclusion(std::uint64_t index, std::uint64_t size, const Digest& leaf, std::span<const Digest> path,
                      const Digest& root) {
    if (index >= size) return false;
    std::uint64_t at = index, last = size - 1;
    Digest head = leaf;
    for (const Digest& beside : path) {
        if (last == 0) return false;
        if ((at & 1) != 0 || at == last) {
            head = node_hash(beside, head);
            while ((at & 1) == 0 && at != 0) {
                at >>= 1;
                last >>= 1;
            }
        } else {
            head = node_hash(head, beside);
        }
        at >>= 1;
        last >>= 1;
    }
    return last == 0 && head == root;
}

}  // namespace pgveil::audit
