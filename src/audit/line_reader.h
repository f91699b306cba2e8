// LineReader: the lines of one segment file, one after the other, in constant memory.
//
// A line longer than MaxLine, or without LF before the limit, ends the reading; where it began is `offset()`.
// Resource, one thread. Blocks. Hostile: the file.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "audit/file.h"

namespace pgveil::audit {

class LineReader {
  public:
    /// Reads [0, limit) of an open file.
    LineReader(Fd fd, std::uint64_t limit) : fd_(std::move(fd)), limit_(limit) {}
    /// The next line without LF, valid until the next call; nullopt at the end, at a line that is none, on error.
    [[nodiscard]] std::optional<std::string_view> next();
    /// Where the next line begins; after nullopt, what is not read begins here.
    [[nodiscard]] std::uint64_t offset() const { return base_ + at_; }
    /// The line that next() gave last began here.
    [[nodiscard]] std::uint64_t line_offset() const { return line_offset_; }
    [[nodiscard]] int error() const { return error_; }
    [[nodiscard]] const Fd& fd() const { return fd_; }
    /// Reads on to a larger limit: a file that is still being written.
    void extend(std::uint64_t limit) { limit_ = limit; }

  private:
    bool refill();
    Fd fd_;
    std::uint64_t limit_;
    std::string buffer_;
    std::uint64_t base_ = 0, line_offset_ = 0;
    std::size_t at_ = 0;
    int error_ = 0;
};

}  // namespace pgveil::audit
