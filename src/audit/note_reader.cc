#include "audit/note_reader.h"

#include <algorithm>

namespace pgveil::audit {
namespace {
constexpr std::size_t ReadBytes = 64 << 10;
constexpr std::size_t LongestNote = 1024;  // two names of 200 bytes, a size, a root, a signature
}  // namespace

std::optional<NoteRegion> NoteReader::next() {
    std::optional<NoteRegion> strange;
    for (;;) {
        auto piece = held_ ? std::exchange(held_, std::nullopt) : next_piece();
        if (piece && !piece->note) {
            // Neighbouring strange lines are one region, the line ends between them included.
            if (!strange) strange = piece;
            strange->length = piece->offset + piece->length - strange->offset;
            continue;
        }
        if (!strange) return piece;
        held_ = std::move(piece);
        return strange;
    }
}

/// A note, or one line that begins none.
std::optional<NoteRegion> NoteReader::next_piece() {
    for (;;) {
        if (buffer_.size() - at_ < LongestNote) refill();
        if (at_ == buffer_.size()) return std::nullopt;
        if (buffer_[at_] != '\n') break;
        ++at_;
    }
    const std::string_view left = std::string_view(buffer_).substr(at_);
    NoteRegion piece{base_ + at_, 0, std::nullopt};
    std::size_t length = 0;
    piece.note = parse_note(left.substr(0, LongestNote), length);
    if (!piece.note) length = std::min(left.find('\n'), left.size());
    piece.length = length;
    at_ += length;
    return piece;
}

void NoteReader::refill() {
    if (ended_) return;
    const std::uint64_t from = base_ + buffer_.size();
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(ReadBytes, until_ - std::min(from, until_)));
    const auto more = read_at(fd_, from, wanted);
    if (!more) error_ = more.error();
    ended_ = !more || more->size() < ReadBytes;
    base_ += at_;
    buffer_.erase(0, at_);
    at_ = 0;
    if (more) buffer_ += *more;
}

}  // namespace pgveil::audit
