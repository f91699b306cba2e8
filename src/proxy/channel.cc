#include "proxy/channel.h"

namespace pgveil::proxy {
namespace {

constexpr std::size_t kMostQueued = 256 << 20;   // before one more
constexpr std::chrono::seconds kFlushTime{5};

}  // namespace

Channel::Channel(net::Fd fd, OnFrame on_frame)
    : on_frame_(std::move(on_frame)), patience_(loop_, [this] { end(); }), stream_(loop_, std::move(fd), *this) {}

Channel::~Channel() = default;

void Channel::run() {
    if (!ended_) loop_.run();
}

void Channel::send(Handover type, Bytes body) {
    loop_.post([this, type, body = std::move(body)] {
        if (ended_ || body.size() > kMostFrame || stream_.queued_bytes() > kMostQueued) return end();
        stream_.write(net::frame_head(static_cast<Byte>(type), body.size()));
        stream_.write(body);
    });
}

void Channel::post(std::move_only_function<void()> task) { loop_.post(std::move(task)); }

void Channel::stop() {
    loop_.post([this] {
        if (ended_) return;
        stream_.close_after_flush();
        if (stream_.closed()) return end();
        patience_.start(kFlushTime);
    });
}

void Channel::pause() {
    paused_ = true;
    stream_.pause_reading();
}

void Channel::resume() {
    if (!std::exchange(paused_, false)) return;
    deliver();
    if (!paused_ && !ended_) stream_.resume_reading();
}

void Channel::deliver() {
    while (!paused_ && !ended_) {
        const auto frame = inbox_.next();
        if (!frame) break;
        if (!on_frame_(static_cast<Handover>(frame->type), frame->body)) return end();
    }
    if (inbox_.malformed()) end();
}

void Channel::end() {
    if (std::exchange(ended_, true)) return;
    stream_.close();
    loop_.stop();
}

void Channel::on_data(net::Stream&, ByteView data) {
    inbox_.feed(data);
    deliver();
}

void Channel::on_end(net::Stream&) { end(); }
// While paused: what came is handled first, the end is seen then.
void Channel::on_hangup(net::Stream&) {}
void Channel::on_drained(net::Stream&) {}
void Channel::on_secured(net::Stream&) {}
void Channel::on_closed(net::Stream&, net::CloseReason) { end(); }

}  // namespace pgveil::proxy
