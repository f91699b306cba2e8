#include "audit/recovery.h"

#include <algorithm>

#include "audit/layout.h"
#include "audit/note_reader.h"

namespace pgveil::audit {
namespace {

constexpr std::uint64_t TailBytes = 64 << 10;  // hundreds of notes: the last good one is among them

struct LastNotes {
    std::optional<Checkpoint> best;
    std::string torn;
    std::string problem;
};

/// The largest checkpoint at the end of one notes file, and what follows it.
void read_tail(const std::string& path, const VerifierKey& key, LastNotes& into) {
    auto fd = open_read(path);
    if (!fd) {
        into.problem = "cannot read " + path + ": " + message_of(fd.error());
        return;
    }
    const std::uint64_t size = size_of(*fd);
    const std::uint64_t from = size > TailBytes ? size - TailBytes : 0;
    NoteReader notes(std::move(*fd), from);
    NoteRegion last;
    while (const auto region = notes.next()) {
        last = *region;
        // What begins at the cut may be the end of a note: with the end of its first line it looks like a whole one.
        if (!region->note || (from > 0 && region->offset == from)) continue;
        if (!verify(key, *region->note)) {
            into.problem = path + " holds a checkpoint that the signing key did not sign, at byte " +
                           std::to_string(region->offset);
            return;
        }
        const Checkpoint& found = region->note->checkpoint;
        if (!into.best || found.size > into.best->size) into.best = found;
    }
    if (last.length == 0 || last.note) return;
    if (!into.torn.empty()) into.torn += ';';
    into.torn += file_name_of(path) + ":" + std::to_string(last.offset) + ":" + std::to_string(last.length);
}

Result<LastNotes, std::string> read_last_notes(const std::vector<std::string>& dirs, const VerifierKey& key) {
    const auto paths = list_notes(dirs);
    if (!paths) return refuse(paths.error());
    LastNotes notes;
    // One file has the newest; files of the same month, and one just begun by a month's change, are read as well.
    const std::size_t wanted = std::min<std::size_t>(paths->size(), 1 + 2 * dirs.size());
    for (std::size_t i = paths->size() - wanted; i < paths->size() && notes.problem.empty(); ++i) {
        read_tail((*paths)[i], key, notes);
    }
    if (!notes.problem.empty()) return refuse(notes.problem);
    if (!notes.best) return refuse("no checkpoint is left in " + dirs.front() + "/ckpt: the log may have been cut");
    return notes;
}

std::string describe(const Trouble& trouble) {
    return "record " + std::to_string(trouble.index) + " (" + trouble.file + ", byte " + std::to_string(trouble.offset) +
           "): " + trouble.what;
}

}  // namespace

Result<Recovered, std::string> recover(const std::vector<std::string>& dirs, const VerifierKey& key) {
    const auto notes = read_last_notes(dirs, key);
    if (!notes) return refuse(notes.error());
    Recovered found;
    found.signed_size = notes->best->size;
    found.torn_notes = notes->torn;
    bool matches = found.signed_size == 0 && notes->best->root == found.tree.root();
    bool stopped = false;
    const ScanResult scan = scan_log(dirs, [&](const LeafView& leaf) {
        if (found.tree.size() != leaf.stored.index) return false;  // the log does not begin at its beginning
        found.tree.append(leaf_hash(leaf.line));
        if (found.tree.size() == found.signed_size) matches = found.tree.root() == notes->best->root;
        stopped = leaf.stored.record.kind == Kind::LogStop;
        found.last_time = std::max(found.last_time, leaf.stored.record.time);
        return true;
    });
    if (scan.trouble) return refuse("the log is damaged at " + describe(*scan.trouble));
    if (found.tree.size() < found.signed_size) {
        return refuse("records " + std::to_string(found.tree.size()) + " to " + std::to_string(found.signed_size - 1) +
                      " were signed and are missing or damaged");
    }
    if (!matches) return refuse(std::string("the last checkpoint does not fit the records on disk: they were changed"));
    found.clean = stopped && found.tree.size() == found.signed_size && scan.tail.empty();
    found.tail = scan.tail;
    return found;
}

}  // namespace pgveil::audit
