#include "audit/journal.h"

#include <fcntl.h>
#include <sys/file.h>

#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <thread>

#include "audit/anchor.h"
#include "audit/key_file.h"
#include "audit/layout.h"
#include "audit/log_writer.h"
#include "audit/recovery.h"
#include "audit/timestamp.h"
#include "crypto/encode.h"

namespace pgveil::audit {
namespace {

constexpr std::size_t QueueBytes = 64 << 20;
constexpr std::size_t BatchBytes = 4 << 20, BatchRecords = 8192;
constexpr auto IdleEvery = std::chrono::minutes(15);
constexpr auto GroupEvery = std::chrono::milliseconds(10);
// A longer text becomes a file of its own, synced: work for the audit thread.
constexpr std::size_t LongText = 24 << 10;

/// About what the record occupies while it waits.
std::size_t weight_of(const Record& record) {
    std::size_t bytes = sizeof(Record) + record.sql.size() + record.literals.size() * (sizeof(LiteralToken) + 32);
    for (const std::string& relation : record.relations) bytes += sizeof(std::string) + relation.size();
    for (const auto& [key, value] : record.more) bytes += sizeof record.more[0] + key.size() + value.size();
    return bytes + record.masked.size() * 64;
}

/// When space is short, statements that would run are refused, so that refusals, decisions and the end still fit.
bool must_fit(const Record& record) {
    return record.kind != Kind::StmtIntent || record.decision == "deny" || record.decision == "hold";
}

class ThreadedJournal final : public Journal {
  public:
    ThreadedJournal(const JournalOptions& options, Fd lock, std::unique_ptr<LogWriter> writer,
                    std::unique_ptr<AnchorSender> anchors)
        : queue_limit_(options.queue_records), group_(options.group), lock_(std::move(lock)), writer_(std::move(writer)),
          anchors_(std::move(anchors)) {
        publish();
        start_thread();
    }
    ~ThreadedJournal() override;

    Accepted append(Record&& record) override;
    bool write_through() override;
    void want_durable(std::uint64_t sequence) override;
    [[nodiscard]] std::uint64_t durable() const override { return durable_.load(std::memory_order_acquire); }
    [[nodiscard]] bool failed() const override { return failed_.load(std::memory_order_acquire); }
    void on_progress(std::function<void()> call) override { on_progress_ = std::move(call); }
    [[nodiscard]] JournalStatus status() const override;
    bool wait(std::uint64_t sequence) override;
    void say_at_end(std::string key, std::string value) override;

  private:
    enum class Work : std::uint8_t { End, Idle, Records };
    void start_thread();
    void run();
    Work wait_for_work();
    std::vector<Record> take_queue();
    bool write_queued();
    void sync();
    void commit_one(Kind kind, std::vector<std::pair<std::string, std::string>> more = {});
    void moved(bool done, std::uint64_t until);
    void publish();

    const std::size_t queue_limit_;
    const bool group_;
    Fd lock_;
    // Held while records are written, not while they are synced; always before mutex_.
    std::mutex writing_;
    std::unique_ptr<LogWriter> writer_;
    std::unique_ptr<AnchorSender> anchors_;
    std::function<void()> on_progress_;

    mutable std::mutex mutex_;
    std::condition_variable filled_, progressed_;
    std::deque<Record> queue_;
    std::size_t queued_bytes_ = 0;
    std::uint64_t accepted_ = 0, taken_ = 0, wanted_ = 0;
    bool sleeping_ = false, ending_ = false, has_long_text_ = false;
    std::vector<std::pair<std::string, std::string>> at_end_;
    JournalStatus status_;
    std::atomic<std::uint64_t> durable_{0};
    std::atomic<bool> failed_{false}, low_{false};
    std::thread thread_;
};

void ThreadedJournal::start_thread() {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { run(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

ThreadedJournal::~ThreadedJournal() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    filled_.notify_one();
    thread_.join();
}

Accepted ThreadedJournal::append(Record&& record) {
    const std::size_t weight = weight_of(record);
    std::unique_lock lock(mutex_);
    if (failed_ || ending_ || (low_ && !must_fit(record))) return {Append::Failed, 0};
    if (queue_.size() >= queue_limit_ || (queued_bytes_ + weight > QueueBytes && !queue_.empty())) return {Append::Full, 0};
    if (record.time == WallTime{}) record.time = wall_now();
    has_long_text_ = has_long_text_ || record.sql.size() > LongText;
    queue_.push_back(std::move(record));
    queued_bytes_ += weight;
    const std::uint64_t sequence = ++accepted_;
    const bool wake = sleeping_;
    lock.unlock();
    if (wake) filled_.notify_one();
    return {Append::Accepted, sequence};
}

bool ThreadedJournal::write_through() {
    if (!group_) return true;
    {
        const std::lock_guard lock(mutex_);
        if (has_long_text_) return wanted_ = accepted_, filled_.notify_one(), false;
    }
    const std::lock_guard writing(writing_);
    return write_queued();
}

void ThreadedJournal::want_durable(std::uint64_t sequence) {
    if (!group_) return;   // it hurries anyway
    {
        const std::lock_guard lock(mutex_);
        if (sequence <= wanted_) return;
        wanted_ = sequence;
    }
    filled_.notify_one();
}

void ThreadedJournal::run() {
    while (true) {
        switch (wait_for_work()) {
            case Work::End:
                if (!failed_) commit_one(Kind::LogStop, std::move(at_end_));
                writer_->close();
                return;
            case Work::Idle: commit_one(Kind::LogIdle); break;
            case Work::Records: sync(); break;
        }
    }
}

/// Strict: until there is a record. Group: until the next sync is due, or is wanted.
ThreadedJournal::Work ThreadedJournal::wait_for_work() {
    std::unique_lock lock(mutex_);
    const auto nothing = [this] { return queue_.empty() && taken_ == durable_; };
    if (nothing() || failed_) {
        sleeping_ = true;
        const auto patience = low_ ? std::chrono::milliseconds(1000) : std::chrono::milliseconds(IdleEvery);
        const bool woken = filled_.wait_for(lock, patience, [&] { return ending_ || (!nothing() && !failed_); });
        sleeping_ = false;
        if (!woken && !failed_) return low_ ? Work::Records : Work::Idle;
    }
    if (group_) filled_.wait_for(lock, GroupEvery, [this] { return ending_ || wanted_ > durable_; });
    return ending_ && (nothing() || failed_) ? Work::End : Work::Records;
}

/// Under the mutex.
std::vector<Record> ThreadedJournal::take_queue() {
    std::vector<Record> batch;
    std::size_t bytes = 0;
    while (!queue_.empty() && batch.size() < BatchRecords && bytes < BatchBytes) {
        const std::size_t weight = weight_of(queue_.front());
        bytes += weight;
        queued_bytes_ -= weight;
        ++taken_;
        batch.push_back(std::move(queue_.front()));
        queue_.pop_front();
    }
    if (queue_.empty()) has_long_text_ = false;
    return batch;
}

/// Under writing_.
bool ThreadedJournal::write_queued() {
    while (!failed_) {
        std::vector<Record> batch;
        {
            const std::lock_guard lock(mutex_);
            batch = take_queue();
        }
        if (batch.empty()) return true;
        if (!writer_->write(std::move(batch), wall_now())) moved(false, 0);
    }
    return false;
}

void ThreadedJournal::sync() {
    LogWriter::Sync covered;
    std::uint64_t until = 0;
    {
        const std::lock_guard writing(writing_);
        writer_->try_restore_reserve();
        if (!write_queued()) return;
        until = taken_;
        if (writer_->unsynced() == 0) return moved(true, until);   // a fault or a rotation has synced all
        covered = writer_->begin_sync();
    }
    const int error = sync_data(covered.fd);
    const std::lock_guard writing(writing_);
    moved(writer_->end_sync(covered, error, wall_now()), until);
}

void ThreadedJournal::say_at_end(std::string key, std::string value) {
    const std::lock_guard lock(mutex_);
    at_end_.emplace_back(std::move(key), std::move(value));
}

void ThreadedJournal::commit_one(Kind kind, std::vector<std::pair<std::string, std::string>> more) {
    Record record;
    record.kind = kind;
    record.more = std::move(more);
    record.time = wall_now();
    std::vector<Record> batch;
    batch.push_back(std::move(record));
    const std::lock_guard writing(writing_);
    moved(writer_->commit(std::move(batch), wall_now()), taken_);
}

/// Under writing_: the writer has done what it could; tells those who wait.
void ThreadedJournal::moved(bool done, std::uint64_t until) {
    low_ = writer_->low_on_space();
    {
        const std::lock_guard lock(mutex_);
        if (!done) failed_ = true;
        if (done) durable_.store(std::max(until, durable_.load()), std::memory_order_release);
        publish();
    }
    progressed_.notify_all();
    if (done) anchors_->offer(writer_->last_checkpoint());
    if (on_progress_) on_progress_();
}

/// Under the mutex, or before the thread runs.
void ThreadedJournal::publish() {
    const SignedCheckpoint& last = writer_->last_checkpoint();
    status_.failed = failed_;
    status_.next_index = status_.durable_index = writer_->tree().size();
    status_.signed_size = last.checkpoint.size;
    status_.root_hex = crypto::hex(last.checkpoint.root);
    status_.verifier_key = print(writer_->verifier());
    status_.last_fault = writer_->last_fault();
    status_.last_checkpoint = wall_now();
}

JournalStatus ThreadedJournal::status() const {
    const std::lock_guard lock(mutex_);
    JournalStatus status = status_;
    status.next_index += queue_.size();
    if (status.last_fault.empty()) status.last_fault = anchors_->problem();
    return status;
}

bool ThreadedJournal::wait(std::uint64_t sequence) {
    want_durable(sequence);
    std::unique_lock lock(mutex_);
    progressed_.wait(lock, [&] { return durable_ >= sequence || failed_; });
    return durable_ >= sequence;
}

// Opening.

Result<Fd, std::string> lock_directory(const std::string& dir) {
    auto fd = open_directory(dir);
    if (!fd) return refuse("cannot open " + dir + ": " + message_of(fd.error()));
    // `log verify` holds the lock for an instant to see whether we do.
    for (int attempt = 0; attempt < 20; ++attempt) {
        if (::flock(fd->get(), LOCK_EX | LOCK_NB) == 0) return std::move(*fd);
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return refuse("another process is writing the log in " + dir);
}

Record start_record(const Recovered& found, bool is_new) {
    Record start;
    start.kind = Kind::LogStart;
    start.time = wall_now();
    start.more.emplace_back("last_end", is_new ? "new" : found.clean ? "clean" : "unclean");
    start.more.emplace_back("records", std::to_string(found.tree.size()));
    start.more.emplace_back("signed", std::to_string(found.signed_size));
    if (found.last_time > start.time) start.more.emplace_back("clock", "behind the last record");
    if (!found.tail.empty()) start.more.emplace_back("prev", print_torn(found.tail));
    if (!found.torn_notes.empty()) start.more.emplace_back("ckpt_torn", found.torn_notes);
    return start;
}

Result<void, std::string> check_identity(const JournalOptions& options, const VerifierKey& key) {
    const auto identity = read_identity(options.dir);
    if (!identity) return refuse(identity.error());
    if (identity->keys.empty() || identity->keys.back() != print(key)) {
        return refuse("signing key " + options.sign_key_file + " is not the key of the log in " + options.dir);
    }
    return {};
}

/// The main directory must work; the fallback may come to life when it is needed.
Result<std::vector<std::string>, std::string> prepare_directories(const JournalOptions& options) {
    std::vector<std::string> dirs{options.dir};
    if (auto made = create_parts(options.dir); !made) return refuse(made.error());
    if (options.fallback_dir.empty()) return dirs;
    dirs.push_back(options.fallback_dir);
    if (auto made = create_parts(options.fallback_dir); !made) return refuse(made.error());
    return dirs;
}

/// log.json comes last: until it is there, nothing happened. The empty tree is signed before, so that a log without
/// any checkpoint is always one that was cut.
Result<void, std::string> begin_log(const JournalOptions& options, const std::vector<std::string>& dirs, LogWriter& writer) {
    const auto segments = list_segments(dirs);
    if (!segments) return refuse(segments.error());
    if (!segments->empty()) return refuse(options.dir + " holds records but no log.json: restore it");
    if (!writer.checkpoint(wall_now())) return refuse("cannot sign the new log: " + writer.last_fault());
    return write_identity(options.dir, {writer.verifier().name, wall_now(), {print(writer.verifier())}});
}

}  // namespace

Result<std::unique_ptr<Journal>, std::string> Journal::open(const JournalOptions& options) {
    const bool is_new = !log_exists(options.dir);
    if (is_new && !options.log_is_new) return refuse("there is no log in " + options.dir + ", and it is not new: restore it");
    auto key = load_signer_key(options.sign_key_file, is_new, options.origin);
    if (!key) return refuse(key.error());
    auto anchors = AnchorSender::start(options.anchors);
    if (!anchors) return refuse(anchors.error());
    const auto dirs = prepare_directories(options);
    if (!dirs) return refuse(dirs.error());
    auto lock = lock_directory(options.dir);
    if (!lock) return refuse(lock.error());

    Recovered found;
    if (!is_new) {
        if (auto fits = check_identity(options, key->verifier()); !fits) return refuse(fits.error());
        auto recovered = recover(*dirs, key->verifier());
        if (!recovered) return refuse(recovered.error());
        found = std::move(*recovered);
    }
    const Record start = start_record(found, is_new);
    WriterOptions writer_options{*dirs, options.segment_bytes, std::chrono::hours(24), options.reserve_bytes};
    auto writer = std::make_unique<LogWriter>(std::move(writer_options), std::move(*key), found.tree, found.signed_size);
    if (is_new) {
        if (auto begun = begin_log(options, *dirs, *writer); !begun) return refuse(begun.error());
    }
    if (!writer->commit({start}, wall_now())) return refuse("cannot write the log: " + writer->last_fault());
    (*anchors)->offer(writer->last_checkpoint());
    return std::unique_ptr<Journal>(
        new ThreadedJournal(options, std::move(*lock), std::move(writer), std::move(*anchors)));
}

}  // namespace pgveil::audit
