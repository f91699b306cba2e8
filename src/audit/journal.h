// Journal: records in, durable signed log out. One audit thread; append from any thread.
//
// append() hands a record over and gives its sequence number in this process; durable() says up to which
// number everything is on disk and signed. Bounded: Full means stop reading clients, never drop. Failed
// means nothing can be written any more: PV008 for everything. Layout and rules: design audit.md.
//
// Strict: the audit thread writes and syncs whatever comes, at once. Group: whoever appends hands what is queued to
// the kernel with write_through(), which costs no change of threads; the audit thread syncs and signs every 10 ms, and
// at once when somebody waits for durability.
// Owner: proxy (one per process). Does not read hostile bytes.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "audit/record.h"
#include "pgveil/core/result.h"

namespace pgveil::audit {

struct JournalOptions {
    std::string dir;
    std::string sign_key_file;
    std::string origin = "pgveil";
    bool group = false;                      // durability = "group"
    bool log_is_new = false;                 // only then a missing key or directory is made
    std::uint64_t reserve_bytes = 256ULL << 20;
    std::uint64_t segment_bytes = 256ULL << 20;
    std::size_t queue_records = 65536;
    std::string fallback_dir;
    std::vector<std::string> anchors;        // "syslog:", "file:/path"
};

enum class Append : std::uint8_t { Failed, Full, Accepted };

struct Accepted {
    Append outcome = Append::Failed;
    std::uint64_t sequence = 0;              // 1-based in this process
};

struct JournalStatus {
    bool failed = false;
    std::uint64_t next_index = 0, durable_index = 0, signed_size = 0;
    std::string root_hex, verifier_key, last_fault;
    WallTime last_checkpoint{};
};

class Journal {
  public:
    /// Opens or makes the log, recovers a torn tail, checks the last checkpoint, starts the thread.
    /// Refusal: a sentence for the operator; serve exits 3.
    [[nodiscard]] static Result<std::unique_ptr<Journal>, std::string> open(const JournalOptions& options);
    virtual ~Journal() = default;            // writes log.stop, signs, joins the thread
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    /// `record` is taken only if it is accepted.
    [[nodiscard]] virtual Accepted append(Record&& record) = 0;
    /// Group: what is queued goes to the kernel now, on this thread; a crash of the process loses none of it. False:
    /// it could not, and written() tells nothing new yet. Strict: does nothing.
    virtual bool write_through() { return true; }
    /// Somebody waits until `sequence` is durable. Any thread; returns at once.
    virtual void want_durable(std::uint64_t) {}
    /// Highest sequence number that is durable. Lock-free.
    [[nodiscard]] virtual std::uint64_t durable() const = 0;
    [[nodiscard]] virtual bool failed() const = 0;
    /// Called on the audit thread after each group commit and on failure; must be quick. Register before use.
    virtual void on_progress(std::function<void()> call) = 0;
    [[nodiscard]] virtual JournalStatus status() const = 0;
    /// Blocks until `sequence` is durable or the journal failed (control thread, tests; never on a loop).
    virtual bool wait(std::uint64_t sequence) = 0;
    /// A field of the log.stop record that the end will write.
    virtual void say_at_end(std::string key, std::string value) { (void)key, (void)value; }

  protected:
    Journal() = default;
};

}  // namespace pgveil::audit
