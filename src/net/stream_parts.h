// What stream.cc and stream_output.cc share: the handle libuv sees, and the guard against a callback that
// destroys the stream. Private to net. Not hostile.
#pragma once

#include <uv.h>

#include "net/stream.h"
#include "net/transport.h"

namespace pgveil::net {

/// Notices, on the stack of an event, that a callback destroyed the stream.
class Stream::Alive {
  public:
    explicit Alive(Stream& stream) : stream_(stream), outer_(stream.alive_) { stream.alive_ = this; }
    ~Alive() {
        if (!dead_) stream_.alive_ = outer_;
    }
    Alive(const Alive&) = delete;
    Alive& operator=(const Alive&) = delete;
    void bury() {
        for (Alive* each = this; each != nullptr; each = each->outer_) each->dead_ = true;
    }
    /// The stream exists and is not closed.
    [[nodiscard]] bool well() const { return !dead_ && stream_.state_ != State::Closed; }

  private:
    Stream& stream_;
    Alive* outer_;
    bool dead_ = false;
};

struct Stream::Handle {
    uv_poll_t poll;
    Stream* owner;
    int fd;
    Fd owned;
    std::shared_ptr<void> keeper;
};

}  // namespace pgveil::net
