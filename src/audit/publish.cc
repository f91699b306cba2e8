#include "audit/publish.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "audit/file.h"
#include "audit/log_scan.h"
#include "audit/merkle.h"
#include "audit/note_merge.h"

namespace pgveil::audit {
namespace {

constexpr std::size_t TileWidth = 256;

bool exists(const std::string& path) {
    struct stat info{};
    return ::lstat(path.c_str(), &info) == 0;
}

int make_directories(const std::string& path) {
    for (std::size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
        if (const int error = make_directory(path.substr(0, slash)); error != 0) return error;
    }
    return make_directory(path);
}

/// Readers see the old file or the new one.
int replace_file(const std::string& path, std::string_view content) {
    const std::string fresh = path + ".new";
    ::unlink(fresh.c_str());
    if (const int error = make_directories(directory_of(path)); error != 0) return error;
    if (const int error = write_new_file(fresh, content); error != 0) return error;
    return std::rename(fresh.c_str(), path.c_str()) == 0 ? 0 : errno;
}

/// Collects leaves and writes a tile of each level whenever 256 hashes are together.
class TileWriter {
  public:
    explicit TileWriter(std::string out) : out_(std::move(out)) {}
    void add(std::string_view line) {
        entries_ += static_cast<char>(line.size() >> 8);
        entries_ += static_cast<char>(line.size() & 0xff);
        entries_ += line;
        tree_.append(leaf_hash(line));
        if (tree_.size() % TileWidth == 0) write_entries(tree_.size() / TileWidth - 1, TileWidth);
        add_hash(0, leaf_hash(line));
    }
    /// What is left becomes partial tiles.
    void finish() {
        const std::size_t rest = tree_.size() % TileWidth;
        if (rest > 0) write_entries(tree_.size() / TileWidth, rest);
        for (std::size_t level = 0; level < levels_.size(); ++level) {
            if (!levels_[level].hashes.empty()) write_tile(level);
        }
    }
    [[nodiscard]] const CompactRange& tree() const { return tree_; }
    [[nodiscard]] int error() const { return error_; }

  private:
    struct Level {
        std::vector<Digest> hashes;
        std::uint64_t written = 0;
    };
    void add_hash(std::size_t level, const Digest& hash) {
        if (levels_.size() == level) levels_.emplace_back();
        levels_[level].hashes.push_back(hash);
        if (levels_[level].hashes.size() < TileWidth) return;
        write_tile(level);
        CompactRange whole;
        for (const Digest& each : levels_[level].hashes) whole.append(each);
        levels_[level].hashes.clear();
        ++levels_[level].written;
        add_hash(level + 1, whole.root());
    }
    void write_tile(std::size_t level) {
        std::string content;
        for (const Digest& hash : levels_[level].hashes) content += text_of(hash);
        put("/tile/" + std::to_string(level) + "/", levels_[level].written, levels_[level].hashes.size(), content);
    }
    void write_entries(std::uint64_t index, std::size_t width) {
        put("/tile/entries/", index, width, entries_);
        entries_.clear();
    }
    void put(const std::string& kind, std::uint64_t index, std::size_t width, std::string_view content) {
        const bool full = width == TileWidth;
        const std::string path = out_ + kind + tile_index_path(index) + (full ? "" : ".p/" + std::to_string(width));
        if (error_ != 0 || (full && exists(path))) return;
        error_ = replace_file(path, content);
    }

    std::string out_, entries_;
    CompactRange tree_;
    std::vector<Level> levels_;
    int error_ = 0;
};

}  // namespace

std::string tile_index_path(std::uint64_t index) {
    char digits[8];
    std::snprintf(digits, sizeof digits, "%03u", static_cast<unsigned>(index % 1000));
    std::string path = digits;
    for (index /= 1000; index > 0; index /= 1000) {
        std::snprintf(digits, sizeof digits, "x%03u", static_cast<unsigned>(index % 1000));
        path = std::string(digits) + "/" + path;
    }
    return path;
}

Result<Checkpoint, std::string> publish_log(const std::vector<std::string>& dirs, const VerifierKey& key,
                                            const std::string& out) {
    const auto last = last_checkpoint(dirs, key);
    if (!last) return refuse(std::string("no checkpoint signed by the key was found"));
    TileWriter tiles(out);
    const ScanResult scan = scan_log(dirs, [&](const LeafView& leaf) {
        if (tiles.tree().size() == last->checkpoint.size || tiles.error() != 0) return false;
        tiles.add(leaf.line);
        return true;
    });
    if (scan.trouble) return refuse("the log is damaged at record " + std::to_string(scan.trouble->index));
    // Nothing that does not fit its signature is given out as if it did.
    const bool fits = tiles.tree().size() == last->checkpoint.size && tiles.tree().root() == last->checkpoint.root;
    if (tiles.error() == 0 && !fits) {
        return refuse(std::string("the records do not fit the last checkpoint; run `pgveil log verify`"));
    }
    tiles.finish();
    int error = tiles.error();
    if (error == 0) error = replace_file(out + "/checkpoint", print(*last));
    if (error != 0) return refuse("cannot write below " + out + ": " + message_of(error));
    return last->checkpoint;
}

}  // namespace pgveil::audit
