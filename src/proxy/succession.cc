#include "proxy/succession.h"

#include <sys/eventfd.h>
#include <sys/poll.h>
#include <unistd.h>

#include <array>

#include <fmt/format.h>

#include "control/message_codec.h"
#include "proxy/proxy.h"
#include "proxy/version.h"

namespace pgveil::proxy {
namespace {

constexpr std::chrono::seconds kWord{5};             // for a frame that has begun, or must come at once
constexpr std::chrono::minutes kPreparing{10};       // holds nothing up
constexpr std::chrono::seconds kLastRecords{10};
constexpr std::chrono::milliseconds kTellEvery{200}, kPause{50};

MonotonicTime in(MonotonicTime::duration time) { return std::chrono::steady_clock::now() + time; }

bool say(int fd, Handover type, const Bytes& body, std::span<const int> fds = {}) { return net::send_frame(fd, static_cast<Byte>(type), body, fds, in(kWord)); }

bool is(const Result<net::LocalFrame, net::ChannelEnd>& frame, Handover type) { return frame && frame->type == static_cast<Byte>(type); }

}  // namespace

std::optional<std::string> Succession::start(const std::string& path) {
    auto listener = net::LocalListener::listen(path);
    if (!listener) return listener.error();
    listener_ = std::move(*listener);
    wake_ = net::Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    thread_ = std::thread([this] { run(); });
    return std::nullopt;
}

bool Succession::stop() {
    if (!thread_.joinable()) return state_ != State::Lost;
    bool settled = true;
    stopping_ = true;
    const std::uint64_t one = 1;
    (void)!::write(wake_.get(), &one, sizeof one);
    if (state_ == State::Given) {
        settled = proxy_.logbook_.settle(kLastRecords);
        good_bye_ = true;
        if (settled) channel_->send(Handover::Done, {});
        channel_->stop();
    }
    thread_.join();
    return settled && state_ != State::Lost;
}

bool Succession::put_off(std::function<void()> then) {
    const std::scoped_lock lock(mutex_);
    if (state_ == State::Handing) put_off_ = std::move(then);
    return state_ != State::Alone;
}

void Succession::run() {
    while (!stopping_ && state_ == State::Alone) {
        std::array<pollfd, 2> ready{{{listener_.fd(), POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
        if (::poll(ready.data(), ready.size(), -1) <= 0 || stopping_) continue;
        if (net::Fd peer = listener_.accept()) hear(std::move(peer));
        else std::this_thread::sleep_for(kPause);   // no descriptor is left, or somebody who is not heard insists
    }
}

/// A frame, while others who ask are turned away.
Result<net::LocalFrame, net::ChannelEnd> Succession::await(int fd, MonotonicTime deadline) {
    while (!stopping_) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
        if (left <= 0) return refuse(net::ChannelEnd::TooLate);
        std::array<pollfd, 3> ready{{{fd, POLLIN, 0}, {listener_.fd(), POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
        if (::poll(ready.data(), ready.size(), static_cast<int>(left)) <= 0) continue;
        if (ready[1].revents != 0) turn_away();
        if (ready[0].revents != 0) return net::receive_frame(fd, kMostHandshake, in(kWord));
    }
    return refuse(net::ChannelEnd::Closed);
}

void Succession::turn_away() {
    const net::Fd other = listener_.accept();
    if (!other) std::this_thread::sleep_for(kPause);
    else (void)say(other.get(), Handover::Refused, packed(Word{"another process is taking over now"}));
}

bool Succession::hello(int fd) {
    const auto frame = net::receive_frame(fd, kMostHandshake, in(kWord));
    const auto hello = is(frame, Handover::Hello) ? read_hello(frame->body) : std::nullopt;
    if (!hello) return false;
    std::string why = proxy_.why_not_hand_over();
    if (hello->version != kHandoverVersion) why = fmt::format("it speaks version {} of the hand-over, the new one {}: stop it and start the new one", kHandoverVersion, hello->version);
    if (!why.empty()) return say(fd, Handover::Refused, packed(Word{why})), false;
    return say(fd, Handover::Welcome, packed(Hello{.program = kVersion, .pid = ::getpid()}));
}

void Succession::hear(net::Fd peer) {
    if (hello(peer.get()) && is(await(peer.get(), in(kPreparing)), Handover::Take)) hand_over(std::move(peer));
}

void Succession::hand_over(net::Fd peer) {
    {
        const std::scoped_lock lock(mutex_);
        const std::string why = proxy_.why_not_hand_over();
        if (!why.empty()) return (void)say(peer.get(), Handover::Refused, packed(Word{why}));
        state_ = State::Handing;
    }
    proxy_.log_(config::LogLevel::Info, "another process takes over: the log changes hands");
    std::string why;
    if (auto refused = proxy_.give_away()) why = std::move(*refused);
    else if (!send_estate(peer.get())) why = "the new process is gone";
    if (!why.empty()) {
        (void)say(peer.get(), Handover::Refused, packed(Word{why}));
        peer.reset();
        return take_back(why);
    }
    const auto word = await(peer.get(), in(kTaking));
    if (is(word, Handover::Ready) && say(peer.get(), Handover::Go, packed(Number{proxy_.shared_.next_session + 2 * kSessionReserve}))) return serve(std::move(peer));
    const auto failed = is(word, Handover::Failed) ? unpacked<Word>(word->body) : std::nullopt;
    (void)say(peer.get(), Handover::TooLate, {});
    peer.reset();
    take_back(failed ? failed->text : word ? "it did not say that it is ready" : word.error() == net::ChannelEnd::TooLate ? "its time is over" : "it is gone");
}

bool Succession::send_estate(int fd) {
    auto [sockets, fds] = proxy_.shared_doors();
    std::vector<int> numbers;
    for (const net::Fd& one : fds) numbers.push_back(one.get());
    return say(fd, Handover::Yours, packed(Yours{std::move(sockets), proxy_.shared_.next_session}), numbers);
}

void Succession::take_back(const std::string& why) {
    proxy_.log_(config::LogLevel::Error, "the new process did not take over: " + why);
    const auto failed = proxy_.take_back();
    std::function<void()> put_off;
    {
        const std::scoped_lock lock(mutex_);
        state_ = failed ? State::Lost : State::Alone;
        put_off = std::exchange(put_off_, {});
    }
    if (failed) {
        proxy_.log_(config::LogLevel::Error, "and nothing could be taken back: " + *failed);
        return lost();
    }
    proxy_.log_(config::LogLevel::Info, "the log is here again; nothing was lost");
    if (put_off) put_off();
}

// From here on only the other process decides and records; it has gone when its channel ends.
void Succession::serve(net::Fd peer) {
    channel_ = std::make_unique<Channel>(std::move(peer), [this](Handover type, ByteView body) { return on_frame(type, body); });
    listener_.leave();
    proxy_.log_(config::LogLevel::Info, "another process has taken over: sessions end as they become idle");
    proxy_.leave([this](std::uint64_t sequence, Bytes record) { channel_->send(Handover::Append, packed(Numbered{sequence, std::move(record)})); });
    {
        const std::scoped_lock lock(mutex_);
        state_ = State::Given;
        put_off_ = {};
    }
    proxy_.desk_->open();
    if (stopping_) channel_->stop();
    {
        net::Timer tell(channel_->loop(), [this] { tell_sessions(); });
        tell.start_every(kTellEvery);
        tell_sessions();
        channel_->run();
    }
    if (!good_bye_) lost();
}

void Succession::lost() {
    std::map<std::uint64_t, std::promise<control::Answer>> left;
    {
        const std::scoped_lock lock(mutex_);
        if (state_ == State::Given) proxy_.log_(config::LogLevel::Error, "the process that took over is gone, and the log with it: all sessions end");
        state_ = State::Lost;
        left.swap(asks_);
    }
    proxy_.logbook_.lose();
    for (auto& [number, promise] : left) promise.set_value({.outcome = control::Outcome::Unavailable, .request = {}, .requests = {}, .grants = {}, .detail = "log"});
    proxy_.stop_now();
}

control::Answer Succession::ask(const control::Ask& ask) {
    control::Answer none{.outcome = control::Outcome::Unavailable, .request = {}, .requests = {}, .grants = {}, .detail = "log"};
    std::future<control::Answer> answer;
    std::uint64_t number = 0;
    {
        const std::scoped_lock lock(mutex_);
        if (state_ != State::Given) return none;
        number = next_ask_++;
        answer = asks_[number].get_future();
    }
    channel_->send(Handover::Asked, packed(Numbered{number, control::encode(ask)}));
    return answer.get();
}

bool Succession::on_frame(Handover type, ByteView body) {
    switch (type) {
        case Handover::Durable: {
            const auto sequence = unpacked<Number>(body);
            if (sequence) proxy_.logbook_.acknowledged(sequence->value);
            return sequence.has_value();
        }
        case Handover::Answered: return on_answered(body);
        case Handover::Cancel: return on_cancel(body);
        case Handover::Standing: case Handover::Changed: case Handover::Kill: case Handover::KillAgent: case Handover::KillDatabase: return on_order(type, body);
        case Handover::LogLost: case Handover::Hello: case Handover::Welcome: case Handover::Refused: case Handover::Take: case Handover::Yours:
        case Handover::Ready: case Handover::Failed: case Handover::Go: case Handover::TooLate: case Handover::Append: case Handover::Asked:
        case Handover::CancelDone: case Handover::Sessions: case Handover::Done: break;
    }
    return false;
}

bool Succession::on_answered(ByteView body) {
    const auto numbered = unpacked<Numbered>(body);
    auto answer = numbered ? control::decode_answer(numbered->bytes) : std::nullopt;
    if (!answer) return false;
    const std::scoped_lock lock(mutex_);
    if (auto found = asks_.extract(numbered->number); !found.empty()) found.mapped().set_value(std::move(*answer));
    return true;
}

bool Succession::on_order(Handover type, ByteView body) {
    if (type == Handover::Standing) {
        auto standing = control::decode_standing(body);
        if (standing) proxy_.use_permissions(std::move(*standing));
        return standing.has_value();
    }
    if (type == Handover::Kill) {
        const auto session = unpacked<Number>(body);
        if (session) proxy_.kill(SessionId{session->value});
        return session.has_value();
    }
    const auto word = unpacked<Word>(body);
    if (!word) return false;
    if (type == Handover::KillAgent) proxy_.kill_agent(word->text);
    else if (type == Handover::KillDatabase) proxy_.kill_database(word->text);
    else proxy_.everywhere([id = word->text](Worker& worker) { worker.request_changed(id); });
    return true;
}

bool Succession::on_cancel(ByteView body) {
    const auto call = unpacked<CancelCall>(body);
    if (!call) return false;
    CancelAsker asker = [this, ticket = call->ticket] { channel_->send(Handover::CancelDone, packed(Number{ticket})); };
    const auto found = proxy_.shared_.registry.find(call->pid, call->key);
    if (!found) return asker(), true;
    proxy_.workers_[found->first]->post([id = found->second, asker = std::move(asker)](Worker& worker) mutable { worker.cancel(id, std::move(asker)); });
    return true;
}

void Succession::tell_sessions() {
    LeftSessions left;
    std::vector<std::uint64_t> ids;
    for (const SessionEntry& s : proxy_.shared_.registry.list()) {
        ids.push_back(s.id);
        left.all.push_back(s);
    }
    if (ids == told_) return;
    told_ = std::move(ids);
    channel_->send(Handover::Sessions, packed(left));
}

}  // namespace pgveil::proxy
