#include "proxy/logbook.h"

#include <algorithm>

#include "audit/record_codec.h"
#include "proxy/desk.h"

namespace pgveil::proxy {

using audit::Accepted;
using audit::Append;

Logbook::~Logbook() {
    on_progress([] {});
    journal_.reset();
}

bool Logbook::keep_here(std::unique_ptr<audit::Journal> journal) {
    const std::unique_lock lock(mutex_);
    if (place_ != Place::Nowhere) return false;
    journal_ = std::move(journal);
    base_ = accepted_ - kept_.size();
    journal_->on_progress([this, journal = journal_.get()] { moved(base_ + journal->durable(), journal->failed()); });
    place_ = Place::Here;
    const bool done = hand_on();
    weights_.clear();
    weight_ = 0;
    if (!done) lose_locked();
    return done;
}

/// In the order in which they were numbered.
bool Logbook::hand_on() {
    for (std::uint64_t taken = 0; !kept_.empty();) {
        const Accepted given = journal_->append(std::move(kept_.front()));
        if (given.outcome == Append::Failed) return false;
        if (given.outcome == Append::Accepted) kept_.pop_front(), taken = given.sequence;
        else if (!journal_->wait(taken)) return false;
    }
    return true;
}

bool Logbook::give_away(std::string key, std::string value) {
    const std::unique_lock lock(mutex_);
    if (place_ != Place::Here || failed_) return false;
    last_status_ = journal_->status();
    journal_->say_at_end(std::move(key), std::move(value));
    journal_.reset();
    place_ = Place::Nowhere;
    if (!failed_ && durable_ == accepted_) return true;
    lose_locked();
    return false;
}

void Logbook::keep_elsewhere(Send send) {
    const std::unique_lock lock(mutex_);
    if (place_ != Place::Nowhere) return;
    place_ = Place::Elsewhere;
    send_ = std::move(send);
    std::uint64_t sequence = accepted_ - kept_.size();
    for (const audit::Record& record : kept_) send_(++sequence, audit::encode(record));
    kept_.clear();
}

void Logbook::acknowledged(std::uint64_t sequence) {
    {
        const std::unique_lock lock(mutex_);
        if (place_ != Place::Elsewhere) return;
        for (std::uint64_t next = durable_; next < sequence && !weights_.empty(); ++next) {
            weight_ -= weights_.front();
            weights_.pop_front();
        }
    }
    moved(std::min(sequence, accepted_.load()), false);
}

void Logbook::lose() {
    const std::unique_lock lock(mutex_);
    lose_locked();
}

void Logbook::lose_locked() {
    place_ = Place::Lost;
    journal_.reset();
    send_ = {};
    kept_.clear();
    moved(durable_, true);
}

// On the journal's thread, the channel's, or whoever moves the log. Never takes mutex_: journal_'s end waits for it.
void Logbook::moved(std::uint64_t durable, bool failed) {
    const std::lock_guard lock(progress_mutex_);
    durable_.store(std::max(durable_.load(), durable), std::memory_order_release);
    if (failed) failed_.store(true, std::memory_order_release);
    progressed_.notify_all();
    if (on_progress_) on_progress_();
}

void Logbook::on_progress(std::function<void()> call) {
    const std::lock_guard lock(progress_mutex_);
    on_progress_ = std::move(call);
}

Accepted Logbook::append(audit::Record&& record) {
    {
        const std::shared_lock lock(mutex_);
        if (place_ == Place::Here) return append_here(std::move(record));
    }
    const std::unique_lock lock(mutex_);
    if (place_ == Place::Here) return append_here(std::move(record));
    return append_away(std::move(record));
}

Accepted Logbook::append_here(audit::Record&& record) {
    Accepted given = journal_->append(std::move(record));
    if (given.outcome != Append::Accepted) return given;
    given.sequence += base_;
    std::uint64_t seen = accepted_;
    while (seen < given.sequence && !accepted_.compare_exchange_weak(seen, given.sequence)) {}
    return given;
}

Accepted Logbook::append_away(audit::Record&& record) {
    if (place_ == Place::Lost) return {Append::Failed, 0};
    const std::size_t weight = sizeof(audit::Record) + audit::weight(record);
    if (weights_.size() >= kMostRecords || (weight_ + weight > kMostBytes && !weights_.empty())) return {Append::Full, 0};
    if (record.time == WallTime{}) record.time = wall_now();
    weights_.push_back(weight);
    weight_ += weight;
    const std::uint64_t sequence = ++accepted_;
    if (place_ == Place::Elsewhere) send_(sequence, audit::encode(record));
    else kept_.push_back(std::move(record));
    return {Append::Accepted, sequence};
}

/// Away from here nothing is written before it is durable there.
bool Logbook::write_through() {
    const std::shared_lock lock(mutex_);
    return place_ == Place::Here && journal_->write_through();
}

// Elsewhere it is wanted anyway.
void Logbook::want_durable(std::uint64_t sequence) {
    const std::shared_lock lock(mutex_);
    if (place_ == Place::Here && sequence > base_) journal_->want_durable(sequence - base_);
}

audit::JournalStatus Logbook::status() const {
    const std::shared_lock lock(mutex_);
    audit::JournalStatus status = place_ == Place::Here ? journal_->status() : last_status_;
    status.failed = failed_;
    return status;
}

bool Logbook::wait(std::uint64_t sequence) {
    {
        const std::shared_lock lock(mutex_);
        if (place_ == Place::Here && sequence > base_) return journal_->wait(sequence - base_);
    }
    std::unique_lock lock(progress_mutex_);
    progressed_.wait(lock, [&] { return durable_ >= sequence || failed_; });
    return durable_ >= sequence;
}

bool Logbook::settle(std::chrono::milliseconds patience) {
    std::unique_lock lock(progress_mutex_);
    return progressed_.wait_for(lock, patience, [this] { return durable_ >= accepted_ || failed_; }) && durable_ >= accepted_;
}

}  // namespace pgveil::proxy
