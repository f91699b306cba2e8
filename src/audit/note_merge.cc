#include "audit/note_merge.h"

#include "audit/layout.h"

namespace pgveil::audit {

Result<NoteMerge, std::string> NoteMerge::open(const std::vector<std::string>& dirs) {
    const auto paths = list_notes(dirs);
    if (!paths) return refuse(paths.error());
    NoteMerge merge;
    for (const std::string& path : *paths) {
        auto fd = open_read(path);
        if (!fd) return refuse("cannot read " + path + ": " + message_of(fd.error()));
        const std::uint64_t size = size_of(*fd);
        merge.sources_.push_back({file_name_of(path), NoteReader(std::move(*fd), 0, size), std::nullopt, 0});
    }
    for (Source& source : merge.sources_) merge.advance(source);
    return merge;
}

void NoteMerge::advance(Source& source) {
    for (;;) {
        source.region = source.reader.next();
        if (!source.region) {
            if (source.reader.error() != 0) strange_.push_back({source.file, 0, 0, message_of(source.reader.error()), true});
            if (!strange_.empty() && strange_.back().file == source.file) strange_.back().at_end = true;
            return;
        }
        const NoteRegion& region = *source.region;
        if (!region.note) {
            strange_.push_back({source.file, region.offset, region.length, {}, false});
            continue;
        }
        // Meaningful only for the last region of a file, so a note that follows takes the mark away again.
        if (!strange_.empty() && strange_.back().file == source.file) strange_.back().at_end = false;
        if (region.note->checkpoint.size < source.last_size) {
            strange_.push_back({source.file, region.offset, region.length, "a checkpoint is smaller than the one before it", false});
            continue;
        }
        source.last_size = region.note->checkpoint.size;
        return;
    }
}

std::size_t NoteMerge::smallest() const {
    std::size_t best = sources_.size();
    for (std::size_t i = 0; i < sources_.size(); ++i) {
        if (!sources_[i].region) continue;
        const bool smaller = best == sources_.size() ||
                             sources_[i].region->note->checkpoint.size < sources_[best].region->note->checkpoint.size;
        if (smaller) best = i;
    }
    return best;
}

const SignedCheckpoint* NoteMerge::front() const {
    const std::size_t best = smallest();
    return best == sources_.size() ? nullptr : &*sources_[best].region->note;
}

std::string NoteMerge::place() const {
    const std::size_t best = smallest();
    if (best == sources_.size()) return "the end of the checkpoints";
    return sources_[best].file + ", byte " + std::to_string(sources_[best].region->offset);
}

void NoteMerge::pop() {
    const std::size_t best = smallest();
    if (best < sources_.size()) advance(sources_[best]);
}

std::optional<SignedCheckpoint> last_checkpoint(const std::vector<std::string>& dirs, const VerifierKey& key) {
    auto notes = NoteMerge::open(dirs);
    if (!notes) return std::nullopt;
    std::optional<SignedCheckpoint> last;
    for (; notes->front() != nullptr; notes->pop()) last = *notes->front();
    if (last && !verify(key, *last)) return std::nullopt;
    return last;
}

}  // namespace pgveil::audit
