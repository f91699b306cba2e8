#include "proxy/predecessor.h"

#include <algorithm>

#include <fmt/format.h>

#include "audit/record_codec.h"

namespace pgveil::proxy {
namespace {

constexpr std::size_t kMostAsking = 64;

}  // namespace

Predecessor::Predecessor(audit::Journal& journal, Desk& desk, LogLine log, std::vector<std::string> executing)
    : journal_(journal), desk_(desk), log_(std::move(log)), executing_(executing.begin(), executing.end()) {}

void Predecessor::attach(net::Fd channel) {
    channel_ = std::make_unique<Channel>(std::move(channel), [this](Handover type, ByteView body) { return on_frame(type, body); });
    attached_ = true;
    thread_ = std::thread([this] {
        channel_->run();
        ended();
    });
}

void Predecessor::stop() {
    if (!thread_.joinable()) return;
    stopping_ = true;
    channel_->stop();
    thread_.join();
}

// Nothing more comes: whoever waits for it is told, and what it was doing is settled.
void Predecessor::ended() {
    std::map<std::uint64_t, CancelAsker> left;
    {
        const std::scoped_lock lock(mutex_);
        attached_ = false;
        sessions_.clear();
        left.swap(cancels_);
    }
    for (const auto& [ticket, asker] : left) asker();
    desk_.post([this](control::ControlService& service) {
        for (const std::string& id : std::exchange(executing_, {})) {
            const auto told = service.answer(control::FinishRequest{id, RequestState::Unknown, "", "", -1}, wall_now());
            if (told.outcome == control::Outcome::Done) log_(config::LogLevel::Warning, fmt::format("request {} was executing when the process before ended: its outcome is unknown", id));
        }
    });
    if (done_) log_(config::LogLevel::Info, "the process before has ended its sessions");
    else log_(config::LogLevel::Warning, stopping_ ? "the process before still had sessions: they end now" : "the process before is gone without a word; its sessions ended with it");
}

void Predecessor::tell(const control::Standing& standing) {
    if (attached_) channel_->send(Handover::Standing, control::encode(standing));
}

void Predecessor::tell_changed(const std::string& request) {
    if (attached_) channel_->send(Handover::Changed, packed(Word{request}));
}

bool Predecessor::cancel(std::uint32_t pid, ByteView key, CancelAsker asker) {
    const std::scoped_lock lock(mutex_);
    if (!attached_) return false;
    const std::uint64_t ticket = next_ticket_++;
    cancels_.emplace(ticket, std::move(asker));
    channel_->send(Handover::Cancel, packed(CancelCall{ticket, pid, copy_of(key)}));
    return true;
}

std::size_t Predecessor::count(auto which) const {
    const std::scoped_lock lock(mutex_);
    return attached_ ? static_cast<std::size_t>(std::ranges::count_if(sessions_, which)) : 0;
}

bool Predecessor::kill(std::uint64_t session) {
    if (count([&](const SessionDetails& s) { return s.id == session; }) == 0) return false;
    channel_->send(Handover::Kill, packed(Number{session}));
    return true;
}

// Whoever it names is ended, listed here already or not.
std::size_t Predecessor::kill_agent(std::string_view name) {
    if (attached_) channel_->send(Handover::KillAgent, packed(Word{std::string(name)}));
    return count([&](const SessionDetails& s) { return s.name == name; });
}

std::size_t Predecessor::kill_database(std::string_view name) {
    if (attached_) channel_->send(Handover::KillDatabase, packed(Word{std::string(name)}));
    return count([&](const SessionDetails& s) { return !s.person && s.database == name; });
}

std::vector<SessionDetails> Predecessor::sessions() const {
    const std::scoped_lock lock(mutex_);
    return sessions_;
}

bool Predecessor::on_frame(Handover type, ByteView body) {
    switch (type) {
        case Handover::Append: return on_append(body);
        case Handover::Asked: return on_asked(body);
        case Handover::CancelDone: return on_cancel_done(body);
        case Handover::Sessions: {
            auto left = unpacked<LeftSessions>(body);
            const std::scoped_lock lock(mutex_);
            if (left) sessions_ = std::move(left->all);
            return left.has_value();
        }
        case Handover::Done: done_ = true; return false;
        case Handover::Hello: case Handover::Welcome: case Handover::Refused: case Handover::Take: case Handover::Yours: case Handover::Ready:
        case Handover::Failed: case Handover::Go: case Handover::TooLate: case Handover::Durable: case Handover::LogLost: case Handover::Answered:
        case Handover::Standing: case Handover::Changed: case Handover::Cancel: case Handover::Kill: case Handover::KillAgent: case Handover::KillDatabase: break;
    }
    return false;
}

bool Predecessor::on_append(ByteView body) {
    const auto numbered = unpacked<Numbered>(body);
    auto record = numbered ? audit::decode_record(numbered->bytes) : std::nullopt;
    if (!record) return false;
    unsent_.emplace(numbered->number, std::move(*record));
    take_unsent();
    return true;
}

// Full: nothing more is read until the log has room. Failed: whatever waits for it must hear so.
void Predecessor::take_unsent() {
    if (!unsent_) return;
    const audit::Accepted taken = journal_.append(std::move(unsent_->second));
    if (taken.outcome == audit::Append::Failed) channel_->send(Handover::LogLost, {});
    if (taken.outcome == audit::Append::Accepted) {
        appended_.emplace_back(taken.sequence, unsent_->first);
        journal_.want_durable(taken.sequence);
    }
    if (taken.outcome != audit::Append::Full) unsent_.reset();
    regulate();
}

void Predecessor::regulate() { unsent_ || asking_ >= kMostAsking ? channel_->pause() : channel_->resume(); }

void Predecessor::journal_progressed() {
    if (!attached_ || progress_posted_.exchange(true)) return;
    channel_->post([this] {
        progress_posted_ = false;
        acknowledge();
    });
}

void Predecessor::acknowledge() {
    std::uint64_t until = 0;
    const std::uint64_t durable = journal_.durable();
    for (; !appended_.empty() && appended_.front().first <= durable; appended_.pop_front()) until = appended_.front().second;
    if (until != 0) channel_->send(Handover::Durable, packed(Number{until}));
    if (journal_.failed()) return channel_->send(Handover::LogLost, {});
    take_unsent();
}

bool Predecessor::on_asked(ByteView body) {
    const auto numbered = unpacked<Numbered>(body);
    auto ask = numbered ? control::decode_ask(numbered->bytes) : std::nullopt;
    if (!ask) return false;
    ++asking_;
    regulate();
    desk_.post([this, number = numbered->number, ask = std::move(*ask)](control::ControlService& service) { answer(number, ask, service); });
    return true;
}

void Predecessor::answer(std::uint64_t number, const control::Ask& ask, control::ControlService& service) {
    const control::Answer answer = service.answer(ask, wall_now());
    if (answer.outcome == control::Outcome::Consumed) executing_.insert(answer.request.id);
    if (const auto* finished = std::get_if<control::FinishRequest>(&ask); finished != nullptr && answer.outcome == control::Outcome::Done) executing_.erase(finished->id);
    channel_->send(Handover::Answered, packed(Numbered{number, control::encode(answer)}));
    channel_->post([this] {
        --asking_;
        regulate();
    });
}

bool Predecessor::on_cancel_done(ByteView body) {
    const auto ticket = unpacked<Number>(body);
    if (!ticket) return false;
    CancelAsker asker;
    {
        const std::scoped_lock lock(mutex_);
        const auto found = cancels_.extract(ticket->value);
        if (!found.empty()) asker = std::move(found.mapped());
    }
    if (asker) asker();
    return true;
}

}  // namespace pgveil::proxy
