#include "proxy/renewal.h"

#include <algorithm>

#include "protocol/backend_messages.h"
#include "protocol/encoder.h"

namespace pgveil::proxy {
namespace {

constexpr std::chrono::seconds kTime{5};
constexpr std::size_t kLongestAnswer = 64 * 1024;   // nothing that DISCARD ALL says is longer

}  // namespace

Renewal::Renewal(net::EventLoop& loop, Warmth warmth, Done done)
    : warmth_(std::move(warmth)),
      done_(std::move(done)),
      reader_(protocol::Direction::Backend, kLongestAnswer, {}),
      timer_(loop, [this] { give_up(); }),
      server_(loop, std::exchange(warmth_.handover.connection, {}), *this) {
    protocol::put_query(server_.out(), "DISCARD ALL");
    server_.written();
    timer_.start(kTime);
}

void Renewal::on_data(net::Stream&, ByteView data) {
    if (state_ == State::Over) return;
    reader_.feed(data);
    while (true) {
        const auto step = reader_.next();
        if (step.next == protocol::FrameReader::Next::Malformed) return give_up();
        if (step.next == protocol::FrameReader::Next::NeedMore) break;
        if (!take(step.frame)) return give_up();
    }
    reader_.keep_rest();
    if (!ready_) return;
    if (!reader_.at_boundary()) return give_up();
    finish();
}

bool Renewal::take(const protocol::Frame& frame) {
    if (ready_ || !frame.first || !frame.last) return false;   // nobody asked for anything more
    switch (frame.type) {
        case 'S': return note(frame.body);
        case 'N': case 'A': return true;
        case 'C':
            if (state_ != State::Asked || protocol::parse_command_complete(frame.body) != "DISCARD ALL") return false;
            state_ = State::Answered;
            return true;
        case 'Z':
            ready_ = state_ == State::Answered && protocol::parse_ready_for_query(frame.body) == TransactionStatus::Idle;
            return ready_;
        default: return false;
    }
}

bool Renewal::note(ByteView parameter_status) {
    const auto status = protocol::parse_parameter_status(parameter_status);
    if (!status) return false;
    auto& known = warmth_.handover.parameters;
    const auto it = std::ranges::find(known, status->name, &std::pair<std::string, std::string>::first);
    if (it == known.end()) known.emplace_back(status->name, status->value);
    else it->second = status->value;
    return true;
}

void Renewal::finish() {
    warmth_.handover.connection = server_.release();
    if (warmth_.handover.connection.fd < 0) return give_up();
    state_ = State::Over;
    timer_.stop();
    done_(std::move(warmth_));
}

void Renewal::give_up() {
    if (state_ == State::Over) return;
    state_ = State::Over;
    timer_.stop();
    protocol::put_terminate(server_.out());
    server_.written();
    server_.close_after_flush();
    done_(std::nullopt);
}

void Renewal::on_end(net::Stream&) { give_up(); }
void Renewal::on_hangup(net::Stream&) { give_up(); }
void Renewal::on_drained(net::Stream&) {}
void Renewal::on_secured(net::Stream&) {}
void Renewal::on_closed(net::Stream&, net::CloseReason) { give_up(); }

}  // namespace pgveil::proxy
