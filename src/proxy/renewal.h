// Renewal: a server connection between two sessions: DISCARD ALL, until it is as at its start or given up.
//
//   state    | message                             | next
//   Asked    | CommandComplete DISCARD ALL         | Answered
//   Answered | ReadyForQuery idle, nothing behind  | Over: kept in the pool
//   any      | ParameterStatus                     | the same, noted
//   any      | Notice, Notification                | the same
//   any      | anything else, the end, five seconds| Over: dropped
//
// Settings return to what the connection was opened with, because they were startup parameters (RESET ALL).
// Owner: Worker; loop thread. Hostile: the server's bytes.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "net/stream.h"
#include "protocol/frame_reader.h"
#include "upstream/connector.h"

namespace pgveil::proxy {

/// A connection at rest, and whose it may be.
struct Warmth {
    std::string key, database;
    std::size_t most = 0;               // of the database
    std::chrono::seconds idle{0};
    upstream::Handover handover;
};

class Renewal final : private net::StreamUser {
  public:
    /// `done`: once, on the loop's thread, with the connection as new, or nothing. It must not destroy this at once.
    using Done = std::function<void(std::optional<Warmth>)>;
    Renewal(net::EventLoop& loop, Warmth warmth, Done done);
    Renewal(const Renewal&) = delete;
    Renewal& operator=(const Renewal&) = delete;
    ~Renewal() = default;

  private:
    enum class State : std::uint8_t { Over, Asked, Answered };
    void on_data(net::Stream& stream, ByteView data) override;
    void on_end(net::Stream& stream) override;
    void on_hangup(net::Stream& stream) override;
    void on_drained(net::Stream& stream) override;
    void on_secured(net::Stream& stream) override;
    void on_closed(net::Stream& stream, net::CloseReason reason) override;
    [[nodiscard]] bool take(const protocol::Frame& frame);
    [[nodiscard]] bool note(ByteView parameter_status);
    void finish();
    void give_up();

    Warmth warmth_;
    Done done_;
    State state_ = State::Asked;
    bool ready_ = false;
    protocol::FrameReader reader_;
    net::Timer timer_;
    net::Stream server_;
};

}  // namespace pgveil::proxy
