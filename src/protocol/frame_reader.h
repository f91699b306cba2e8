// FrameReader: bytes of one peer in, whole or partial messages out (protocol 3.x framing).
//
// It owns no socket and grows by what arrived, never by a declared length. Messages whose body it may
// show in parts (DataRow, CopyData beyond `whole_limit`) come as Head + Piece frames, so that a 1 GB cell
// needs no 1 GB buffer. Reads hostile bytes: yes, both directions. One owner, one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "pgveil/core/bytes.h"

namespace pgveil::protocol {

enum class Direction : std::uint8_t { Frontend, Backend };

/// Largest body (without the length word) the server takes for a frontend type, or we take from a server
/// (postgres.c: PQ_LARGE_MESSAGE_LIMIT / PQ_SMALL_MESSAGE_LIMIT). 0: unknown type, framing is lost.
[[nodiscard]] std::uint64_t body_limit(Direction direction, char type);
/// Of a longer ErrorResponse or NoticeResponse only the beginning is delivered, as a whole message: an agent decides how
/// long they are.
constexpr std::size_t kLongestWords = 1 << 20;

/// One message, or the part of one that is here. Views live until the reader's next call (any of
/// feed, next, keep_rest) or until the fed bytes die, whichever is first.
struct Frame {
    char type = 0;
    std::uint64_t length = 0;     // declared body length, without the length word
    ByteView body;                // whole body, or for pieces: what is here now
    bool first = true, last = true;  // a whole message has both
};

enum class Malformed : std::uint8_t { BadLength, TooLarge, UnknownType };

class FrameReader {
  public:
    /// Bodies up to `whole_limit` bytes are only delivered whole; longer ones in pieces if their type is in
    /// `piecewise`, else collected up to body_limit.
    FrameReader(Direction direction, std::size_t whole_limit, std::string_view piecewise);

    enum class Next : std::uint8_t { Malformed, NeedMore, Frame };
    struct Step {
        Next next = Next::Malformed;
        Frame frame;
        protocol::Malformed why = Malformed::BadLength;
    };
    /// `input` (borrowed until keep_rest) comes after whatever was kept from before. Then call next until
    /// NeedMore, or stop earlier to make the peer wait; then keep_rest.
    void feed(ByteView input);
    /// Malformed repeats for ever: framing, once lost, is not found again. Of its frame only the type is set.
    [[nodiscard]] Step next();
    /// Keeps what is left of the last feed (copied). Call before the fed bytes die.
    void keep_rest();
    /// Bytes held over between feeds.
    [[nodiscard]] std::size_t kept() const { return kept_.size() - start_; }
    /// Between messages: nothing kept, nothing fed and no message half delivered.
    [[nodiscard]] bool at_boundary() const { return kept() == 0 && input_.empty() && piece_left_ == 0 && skip_left_ == 0; }

  private:
    struct Header {
        char type = 0;
        std::uint64_t body = 0;
    };
    [[nodiscard]] Step whole(const Header& header, ByteView from);
    [[nodiscard]] Step begin_pieces(const Header& header), shortened(const Header& header);
    [[nodiscard]] bool skipped();
    [[nodiscard]] Step piece();
    [[nodiscard]] bool fill_kept(std::uint64_t wanted);
    void drop_consumed();
    void release_if_large();

    Direction direction_;
    std::size_t whole_limit_;
    std::string piecewise_;
    Bytes kept_;
    std::size_t start_ = 0;        // consumed prefix of kept_
    ByteView input_;
    Bytes shortened_;              // what is left of a message that is too long
    std::uint64_t skip_left_ = 0;  // of it, to be thrown away
    std::uint64_t piece_left_ = 0; // of a message being delivered in pieces
    char piece_type_ = 0;
    std::uint64_t piece_length_ = 0;
};

}  // namespace pgveil::protocol
