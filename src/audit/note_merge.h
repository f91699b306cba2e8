// NoteMerge: all checkpoints of a log, from several notes files, in the order of their tree sizes.
//
// A file's notes only grow; several files exist because months change and because a file that failed was
// followed by another. Opened before the segments are listed, it sees no checkpoint of records that a reader
// could not find afterwards, even while the log is being written. Resource, one thread. Hostile: the files.
#pragma once

#include <string>
#include <vector>

#include "audit/note_reader.h"

namespace pgveil::audit {

struct StrangeNotes {
    std::string file;
    std::uint64_t offset = 0, length = 0;
    std::string what;  // empty: bytes that are no note; else what is wrong with the file
    bool at_end = false;
};

class NoteMerge {
  public:
    [[nodiscard]] static Result<NoteMerge, std::string> open(const std::vector<std::string>& dirs);
    /// The unread checkpoint with the smallest size; nullptr at the end. Valid until pop().
    [[nodiscard]] const SignedCheckpoint* front() const;
    /// Where it stands: `file` and byte.
    [[nodiscard]] std::string place() const;
    void pop();
    /// What was met so far that is no note.
    [[nodiscard]] const std::vector<StrangeNotes>& strange() const { return strange_; }

  private:
    struct Source {
        std::string file;
        NoteReader reader;
        std::optional<NoteRegion> region;
        std::uint64_t last_size = 0;
    };
    void advance(Source& source);
    [[nodiscard]] std::size_t smallest() const;
    std::vector<Source> sources_;
    std::vector<StrangeNotes> strange_;
};

/// The log's largest checkpoint, if `key` signed it.
[[nodiscard]] std::optional<SignedCheckpoint> last_checkpoint(const std::vector<std::string>& dirs, const VerifierKey& key);

}  // namespace pgveil::audit
