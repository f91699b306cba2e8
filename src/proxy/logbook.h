// Logbook: the journal that workers and desk hold for the life of the process, wherever the log is kept meanwhile.
//
// It numbers what it takes by itself, so that numbers stay in order when the log changes hands; what is written nowhere
// waits here, bounded as a journal's queue is. Only what is on disk, ours or the other process's, is called durable.
//
//   place     | what append() does                    | next
//   Nowhere   | keeps the record                      | Here, Elsewhere, Lost
//   Here      | hands it to our own journal           | Nowhere
//   Elsewhere | sends it to the process that has the  | Lost
//             | log; durable when that one says so    |
//   Lost      | refuses (PV008 for everything)        |
//
// Any thread; the moves between places come from one thread at a time. Owner: Proxy. Not hostile.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <shared_mutex>

#include "audit/journal.h"
#include "pgveil/core/bytes.h"

namespace pgveil::proxy {

class Logbook final : public audit::Journal {
  public:
    /// Hands over `record` (audit/record_codec.h) to the other process; in order; must not block.
    using Send = std::function<void(std::uint64_t sequence, Bytes record)>;

    Logbook() = default;
    ~Logbook() override;

    /// Nowhere -> Here. Blocks while what was kept is handed on. False: the journal does not take it; Lost.
    bool keep_here(std::unique_ptr<audit::Journal> journal);
    /// Here -> Nowhere: everything is durable, log.stop says where the log went, the directory is unlocked. False: it had
    /// failed, or did now; Lost.
    bool give_away(std::string key, std::string value);
    /// Nowhere -> Elsewhere: what was kept is sent first.
    void keep_elsewhere(Send send);
    /// Elsewhere: the other process has everything up to `sequence` on disk.
    void acknowledged(std::uint64_t sequence);
    void lose();
    /// Waits until everything is durable, or Lost, or `patience` is over. False: it is not.
    bool settle(std::chrono::milliseconds patience);

    [[nodiscard]] audit::Accepted append(audit::Record&& record) override;
    bool write_through() override;
    void want_durable(std::uint64_t sequence) override;
    [[nodiscard]] std::uint64_t durable() const override { return durable_.load(std::memory_order_acquire); }
    [[nodiscard]] bool failed() const override { return failed_.load(std::memory_order_acquire); }
    void on_progress(std::function<void()> call) override;
    [[nodiscard]] audit::JournalStatus status() const override;
    bool wait(std::uint64_t sequence) override;

    static constexpr std::size_t kMostRecords = 65536, kMostBytes = 64 << 20;

  private:
    enum class Place : std::uint8_t { Lost, Nowhere, Here, Elsewhere };
    audit::Accepted append_here(audit::Record&& record);
    audit::Accepted append_away(audit::Record&& record);
    [[nodiscard]] bool hand_on();
    void moved(std::uint64_t durable, bool failed);
    void lose_locked();

    mutable std::shared_mutex mutex_;             // place_ and what belongs to it: shared to use, alone to move
    Place place_ = Place::Nowhere;
    std::unique_ptr<audit::Journal> journal_;     // Here
    std::uint64_t base_ = 0;                      // what was taken before journal_ was opened
    std::deque<audit::Record> kept_;              // Nowhere
    Send send_;                                   // Elsewhere
    std::deque<std::size_t> weights_;             // Nowhere, Elsewhere: of what is not durable
    std::size_t weight_ = 0;
    audit::JournalStatus last_status_;
    std::atomic<std::uint64_t> accepted_{0}, durable_{0};
    std::atomic<bool> failed_{false};
    std::mutex progress_mutex_;                   // after mutex_, never before it
    std::condition_variable progressed_;
    std::function<void()> on_progress_;
};

}  // namespace pgveil::proxy
