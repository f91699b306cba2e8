// The published view is read back as a stranger would: from the tlog-tiles page alone.
#include "audit/publish.h"

#include <doctest/doctest.h>

#include "audit/key_file.h"
#include "audit/merkle.h"
#include "log_fixture.h"

using namespace pgveil;
using namespace pgveil::audit;
namespace fs = std::filesystem;

namespace {

/// The hashes of one level of a tree of `size`, read from its tiles.
std::vector<Digest> read_level(const fs::path& pub, unsigned level, std::uint64_t size) {
    const std::uint64_t count = size >> (8 * level);
    std::vector<Digest> hashes;
    for (std::uint64_t tile = 0; tile * 256 < count; ++tile) {
        const std::uint64_t width = std::min<std::uint64_t>(256, count - tile * 256);
        const std::string name = tile_index_path(tile) + (width == 256 ? "" : ".p/" + std::to_string(width));
        const std::string content = LogFixture::read(pub / "tile" / std::to_string(level) / name);
        CHECK(content.size() == width * 32);
        for (std::size_t at = 0; at + 32 <= content.size(); at += 32) {
            std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(at), 32, hashes.emplace_back().begin());
        }
    }
    return hashes;
}

std::vector<std::string> read_entries(const fs::path& pub, std::uint64_t size) {
    std::vector<std::string> lines;
    for (std::uint64_t tile = 0; tile * 256 < size; ++tile) {
        const std::uint64_t width = std::min<std::uint64_t>(256, size - tile * 256);
        const std::string name = tile_index_path(tile) + (width == 256 ? "" : ".p/" + std::to_string(width));
        const std::string content = LogFixture::read(pub / "tile/entries" / name);
        for (std::size_t at = 0; at + 2 <= content.size();) {
            const std::size_t length = static_cast<unsigned char>(content[at]) << 8 | static_cast<unsigned char>(content[at + 1]);
            lines.push_back(content.substr(at + 2, length));
            at += 2 + length;
        }
    }
    return lines;
}

}  // namespace

TEST_CASE("tile numbers are written in groups of three digits") {
    CHECK(tile_index_path(0) == "000");
    CHECK(tile_index_path(999) == "999");
    CHECK(tile_index_path(1000) == "x001/000");
    CHECK(tile_index_path(1234067) == "x001/x234/067");
}

TEST_CASE("what is published has the signed root, leaf by leaf and level by level, and grows in place") {
    const LogFixture log;
    const VerifierKey key = [&] {
        log.run(10);
        return load_signer_key(log.options.sign_key_file, false)->verifier();
    }();
    const fs::path pub = log.base / "pub";
    for (const int more : {0, 300, 700}) {
        if (more > 0) log.run(more);
        const auto published = publish_log({log.options.dir}, key, pub.string());
        REQUIRE(published);
        std::size_t length = 0;
        const std::string text = LogFixture::read(pub / "checkpoint");
        const auto note = parse_note(text, length);
        REQUIRE(note);
        CHECK(verify(key, *note));
        const std::uint64_t size = note->checkpoint.size;
        CHECK(size == published->size);
        const auto lines = read_entries(pub, size);
        const auto leaves = read_level(pub, 0, size);
        REQUIRE(lines.size() == size);
        REQUIRE(leaves.size() == size);
        CompactRange tree;
        for (std::size_t i = 0; i < size; ++i) {
            CHECK(leaf_hash(lines[i]) == leaves[i]);
            tree.append(leaves[i]);
        }
        CHECK(tree.root() == note->checkpoint.root);
        const auto heads = read_level(pub, 1, size);
        for (std::size_t i = 0; i < heads.size(); ++i) {
            CompactRange part;
            for (std::size_t j = 0; j < 256; ++j) part.append(leaves[i * 256 + j]);
            CHECK(part.root() == heads[i]);
        }
        if (more == 700) CHECK(heads.size() == 3);
    }
}

TEST_CASE("records that do not fit the checkpoint are not published") {
    const LogFixture log;
    log.run(3);
    const auto key = load_signer_key(log.options.sign_key_file, false)->verifier();
    const auto segment = log.files("seg")[0];
    std::string content = LogFixture::read(segment);
    content[content.find("copilot")] = 'k';
    LogFixture::write(segment, content);
    CHECK_FALSE(publish_log({log.options.dir}, key, (log.base / "pub").string()));
    CHECK_FALSE(fs::exists(log.base / "pub" / "checkpoint"));
}
