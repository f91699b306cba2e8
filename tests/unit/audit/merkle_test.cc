#include "audit/merkle.h"

#include <doctest/doctest.h>

#include "crypto/digest.h"
#include "crypto/encode.h"

using namespace pgveil;
using namespace pgveil::audit;

namespace {

/// RFC 6962 section 2.1, written as it is defined.
Digest slow_root(std::span<const Digest> leaves) {
    if (leaves.empty()) return crypto::sha256("");
    if (leaves.size() == 1) return leaves.front();
    std::size_t half = 1;
    while (half * 2 < leaves.size()) half *= 2;
    return node_hash(slow_root(leaves.first(half)), slow_root(leaves.subspan(half)));
}

std::vector<Digest> some_leaves(std::size_t count) {
    std::vector<Digest> leaves;
    for (std::size_t i = 0; i < count; ++i) leaves.push_back(leaf_hash("line " + std::to_string(i)));
    return leaves;
}

}  // namespace

TEST_CASE("leaf and node hashes carry RFC 6962's prefixes") {
    CHECK(crypto::hex(leaf_hash("")) == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    CHECK(leaf_hash("abc") == crypto::sha256(std::string_view("\0abc", 4)));
}

TEST_CASE("the compact range gives the tree head of every size") {
    const auto leaves = some_leaves(70);
    CompactRange range;
    for (std::size_t size = 0; size <= leaves.size(); ++size) {
        CHECK(range.size() == size);
        CHECK(range.root() == slow_root(std::span(leaves).first(size)));
        if (size < leaves.size()) range.append(leaves[size]);
    }
}

TEST_CASE("every leaf of every tree has a proof, and no other leaf, index, size or shortened proof passes") {
    const auto leaves = some_leaves(33);
    for (std::uint64_t size = 1; size <= leaves.size(); ++size) {
        const Digest root = slow_root(std::span(leaves).first(size));
        for (std::uint64_t index = 0; index < size; ++index) {
            std::vector<Digest> path;
            for (const auto& [from, to] : inclusion_ranges(index, size)) {
                path.push_back(slow_root(std::span(leaves).subspan(from, to - from)));
            }
            CHECK(verify_inclusion(index, size, leaves[index], path, root));
            CHECK_FALSE(verify_inclusion(index, size, leaf_hash("other"), path, root));
            CHECK_FALSE(verify_inclusion(index + 1, size, leaves[index], path, root));
            CHECK_FALSE(verify_inclusion(size, size, leaves[index], path, root));
            if (path.empty()) continue;
            path.back()[0] ^= 1;
            CHECK_FALSE(verify_inclusion(index, size, leaves[index], path, root));
            path.pop_back();
            CHECK_FALSE(verify_inclusion(index, size, leaves[index], path, root));
        }
    }
}
