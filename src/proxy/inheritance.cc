#include "proxy/inheritance.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "proxy/version.h"

namespace pgveil::proxy {
namespace {

constexpr std::chrono::seconds kPatience{10};       // for a word
constexpr std::chrono::minutes kLong{5};            // for tasks at hand, the last sync, anchors

MonotonicTime in(MonotonicTime::duration time) { return std::chrono::steady_clock::now() + time; }

std::string refusal_of(const net::LocalFrame& frame) {
    const auto word = unpacked<Word>(frame.body);
    const bool said = frame.type == static_cast<Byte>(Handover::Refused) && word;
    return said ? "the running process does not hand over: " + word->text : std::string("the running process does not answer as this version of pgveil does");
}

}  // namespace

Result<std::optional<Inheritance>, std::string> Inheritance::ask(const std::string& state) {
    auto connected = net::connect_local(successor_socket(state));
    if (!connected) return refuse(std::move(connected.error()));
    if (!*connected) return std::nullopt;
    const Bytes hello = packed(Hello{.program = kVersion, .pid = ::getpid()});
    // Who is busy with another refuses before it has read anything: there may be an answer all the same.
    const bool said = net::send_frame(connected->get(), static_cast<Byte>(Handover::Hello), hello, {}, in(kPatience));
    const auto answer = net::receive_frame(connected->get(), kMostHandshake, in(kPatience));
    if (!answer && !said) return std::nullopt;
    if (!answer) return refuse(std::string("the running process does not answer"));
    const auto welcome = read_hello(answer->body);
    if (answer->type != static_cast<Byte>(Handover::Welcome) || !welcome || welcome->version != kHandoverVersion) return refuse(refusal_of(*answer));
    return Inheritance(std::move(*connected), welcome->pid);
}

Inheritance::Deadline::Deadline() {
    thread_ = std::thread([this] {
        std::unique_lock lock(mutex_);
        if (met_.wait_for(lock, kTaking - kTakingMargin, [this] { return done_; })) return;
        std::fputs("pgveil: not ready in time: the running process goes on\n", stderr);
        std::_Exit(3);
    });
}

Inheritance::Deadline::~Deadline() {
    {
        const std::lock_guard lock(mutex_);
        done_ = true;
    }
    met_.notify_one();
    thread_.join();
}

Result<Inheritance::Estate, std::string> Inheritance::take() {
    if (!net::send_frame(fd_.get(), static_cast<Byte>(Handover::Take), {}, {}, in(kPatience))) return refuse(std::string("the running process has ended"));
    auto answer = net::receive_frame(fd_.get(), kMostHandshake, in(kLong));
    if (!answer) return refuse(std::string("the running process has ended, or does not let go"));
    auto yours = unpacked<Yours>(answer->body);
    if (answer->type != static_cast<Byte>(Handover::Yours) || !yours) return refuse(refusal_of(*answer));
    if (yours->sockets.size() != answer->fds.size()) return refuse(std::string("the running process's sockets did not arrive"));
    Estate estate{.sockets = {}, .next_session = yours->next_session};
    for (std::size_t i = 0; i < answer->fds.size(); ++i) estate.sockets.emplace_back(std::move(yours->sockets[i]), std::move(answer->fds[i]));
    next_session_ = yours->next_session;
    deadline_ = std::make_unique<Deadline>();
    return estate;
}

void Inheritance::failed(const std::string& why) {
    deadline_.reset();
    (void)net::send_frame(fd_.get(), static_cast<Byte>(Handover::Failed), packed(Word{why}), {}, in(std::chrono::seconds(1)));
}

Result<std::uint64_t, std::string> Inheritance::ready() {
    const std::uint64_t at_least = next_session_ + kSessionReserve;
    deadline_.reset();
    if (!net::send_frame(fd_.get(), static_cast<Byte>(Handover::Ready), {}, {}, in(kPatience))) return at_least;
    const auto answer = net::receive_frame(fd_.get(), kMostHandshake, in(kLong));
    if (!answer && answer.error() == net::ChannelEnd::Closed) return at_least;
    const auto number = answer ? unpacked<Number>(answer->body) : std::nullopt;
    if (!answer || answer->type != static_cast<Byte>(Handover::Go) || !number) return refuse(std::string("the running process has taken everything back: this one came too late"));
    return std::max(at_least, number->value);
}

}  // namespace pgveil::proxy
