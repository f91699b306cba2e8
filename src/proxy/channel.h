// Channel: frames between two processes of a rolling restart, after their handshake. One loop, run on the owner's thread.
//
// Knows no message (handover.h). Whoever does not read what is sent is dropped when too much waits; whoever sends too much
// is not read while the owner has paused. Hostile: the bytes, as far as a frame goes. send(), post() and stop() from any
// thread, the rest on the loop's.
#pragma once

#include <functional>
#include <memory>

#include "net/local_channel.h"
#include "net/stream.h"
#include "proxy/handover.h"

namespace pgveil::proxy {

class Channel final : private net::StreamUser {
  public:
    /// False: that was no message, the channel ends.
    using OnFrame = std::function<bool(Handover type, ByteView body)>;
    Channel(net::Fd fd, OnFrame on_frame);
    ~Channel();
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    /// Until the other side is gone, or stop().
    void run();
    void send(Handover type, Bytes body);
    void post(std::move_only_function<void()> task);
    /// What was sent before goes out first, for five seconds at most.
    void stop();

    [[nodiscard]] net::EventLoop& loop() { return loop_; }
    /// Frames that came wait here and in the socket.
    void pause();
    void resume();

  private:
    void on_data(net::Stream& stream, ByteView data) override;
    void on_end(net::Stream& stream) override;
    void on_hangup(net::Stream& stream) override;
    void on_drained(net::Stream& stream) override;
    void on_secured(net::Stream& stream) override;
    void on_closed(net::Stream& stream, net::CloseReason reason) override;
    void deliver();
    void end();

    OnFrame on_frame_;
    net::EventLoop loop_;
    net::FrameInbox inbox_{kMostFrame};
    net::Timer patience_;
    net::Stream stream_;
    bool paused_ = false, ended_ = false;
};

}  // namespace pgveil::proxy
