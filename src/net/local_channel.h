// LocalChannel: length-prefixed frames, descriptors with them, between two processes of one user on a Unix socket.
//
// A frame is its body's length (4 bytes, little-endian), a type, the body. The blocking half for a handshake: each call has
// its deadline. FrameInbox for whoever gets the bytes from a Stream. Only sockets whose other end is our own user or root
// come out of connect_local() and accept_local(). Hostile: every byte, all the same; a length beyond the cap ends it,
// and nothing is allocated for bytes that did not come. Any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "net/fd.h"
#include "pgveil/core/bytes.h"
#include "pgveil/core/clock.h"
#include "pgveil/core/result.h"

namespace pgveil::net {

/// A listening socket with a file of its own, mode 0600. The file goes with it, if it is still the one that was made.
class LocalListener {
  public:
    /// In a directory that is locked for us: a socket that is there is left over and is replaced. Anything else stays, and
    /// the refusal says so.
    [[nodiscard]] static Result<LocalListener, std::string> listen(const std::string& path);
    LocalListener() = default;
    LocalListener(LocalListener&& other) noexcept = default;
    LocalListener& operator=(LocalListener&& other) noexcept;
    ~LocalListener() { remove(); }
    [[nodiscard]] int fd() const { return fd_.get(); }
    /// Non-blocking, close-on-exec; nothing if nobody is there or somebody else's process is.
    [[nodiscard]] Fd accept() const;
    /// Closes it; the file is another process's business.
    void leave();

  private:
    void remove();
    Fd fd_;
    std::string path_;
    std::uint64_t device_ = 0, inode_ = 0;
};

/// No fd: nobody listens there. Refusal: somebody does, but it is not ours to talk to.
[[nodiscard]] Result<Fd, std::string> connect_local(const std::string& path);

struct LocalFrame {
    Byte type = 0;
    Bytes body;
    std::vector<Fd> fds;
};
enum class ChannelEnd : std::uint8_t { Closed, TooLate, Malformed };

/// Descriptors that one frame can carry.
inline constexpr std::size_t kMostFds = 250;

/// False: the peer is gone, or does not read.
[[nodiscard]] bool send_frame(int fd, Byte type, ByteView body, std::span<const int> fds, MonotonicTime deadline);
[[nodiscard]] Result<LocalFrame, ChannelEnd> receive_frame(int fd, std::size_t cap, MonotonicTime deadline);

/// What goes before a body.
[[nodiscard]] Bytes frame_head(Byte type, std::size_t size);

/// Bytes in, frames out.
class FrameInbox {
  public:
    explicit FrameInbox(std::size_t cap) : cap_(cap) {}
    void feed(ByteView bytes) { append(kept_, bytes); }
    struct Frame {
        Byte type = 0;
        ByteView body;     // until feed() or next()
    };
    /// nullopt: more bytes are needed, or malformed().
    [[nodiscard]] std::optional<Frame> next();
    [[nodiscard]] bool malformed() const { return malformed_; }

  private:
    std::size_t cap_, start_ = 0;
    bool malformed_ = false;
    Bytes kept_;
};

}  // namespace pgveil::net
