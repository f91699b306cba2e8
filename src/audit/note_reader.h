// NoteReader: the checkpoints of one notes file in order, in constant memory.
//
// Resource, one thread. Blocks. Hostile: the file.
#pragma once

#include <optional>
#include <string>

#include "audit/file.h"
#include "audit/note.h"

namespace pgveil::audit {

struct NoteRegion {
    std::uint64_t offset = 0, length = 0;
    std::optional<SignedCheckpoint> note;  // nullopt: bytes that are no note
};

class NoteReader {
  public:
    /// `from`: where to begin; inside a note, the rest of that note comes out as a region that is none.
    /// `until`: the file is being written, and what comes after is not looked at.
    explicit NoteReader(Fd fd, std::uint64_t from = 0, std::uint64_t until = UINT64_MAX)
        : fd_(std::move(fd)), base_(from), until_(until) {}
    /// The next note or run of bytes that are none; the empty lines between belong to nothing. nullopt: the end.
    [[nodiscard]] std::optional<NoteRegion> next();
    [[nodiscard]] int error() const { return error_; }

  private:
    std::optional<NoteRegion> next_piece();
    void refill();
    Fd fd_;
    std::uint64_t base_, until_;
    std::string buffer_;
    std::size_t at_ = 0;
    bool ended_ = false;
    int error_ = 0;
    std::optional<NoteRegion> held_;
};

}  // namespace pgveil::audit
