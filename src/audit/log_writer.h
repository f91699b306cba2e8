// LogWriter: the one hand that writes a log. Lines, segments, blobs, tree, checkpoints, faults; no thread, no queue.
//
// write() = render, write blobs, one write. begin_sync(), fdatasync, end_sync() = tree, sign, append the note.
// commit() is both. What was written is kept until it is synced: a descriptor that failed once is never used
// again, and the records that are not durable go to a new segment, in the main directory first, then in the
// fallback, behind a storage.fault record that names what happened and what the old segment is worth. When that
// fails too, the writer has failed for good.
// Owner: Journal, under its lock, but for the fdatasync between begin and end. Blocks. Reads nothing hostile.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "audit/file.h"
#include "audit/log_scan.h"
#include "audit/merkle.h"
#include "audit/note.h"
#include "audit/record.h"

namespace pgveil::audit {

struct WriterOptions {
    std::vector<std::string> dirs;  // main, then fallback if there is one
    std::uint64_t segment_bytes = 256ULL << 20;
    std::chrono::seconds segment_age = std::chrono::hours(24);
    std::uint64_t reserve_bytes = 256ULL << 20;
};

class LogWriter {
  public:
    /// Goes on after `tree`'s leaves. `signed_size`: what the last checkpoint on disk covers.
    LogWriter(WriterOptions options, SignerKey key, CompactRange tree, std::uint64_t signed_size);

    /// Signs the tree as it is: a new log's empty one, or what recovery found.
    [[nodiscard]] bool checkpoint(WallTime now);
    /// All of them durable and signed, or false: nothing may be believed and nothing more will be written.
    [[nodiscard]] bool commit(std::vector<Record> records, WallTime now);
    /// All of them handed to the kernel, or false as above. A crash of this process loses none of them.
    [[nodiscard]] bool write(std::vector<Record> records, WallTime now);
    /// What a sync that begins now makes durable. The caller syncs `fd`, without the lock if it likes.
    struct Sync {
        Fd fd;
        std::uint64_t segment = 0;   // in which of our segments, counted
        std::size_t records = 0;
        std::uint64_t size = 0;
    };
    [[nodiscard]] Sync begin_sync() const;
    /// `error`: of the sync. The records it covers count and are signed, or are written anew.
    [[nodiscard]] bool end_sync(const Sync& sync, int error, WallTime now);
    /// Records written and not yet durable.
    [[nodiscard]] std::size_t unsynced() const { return unsynced_.size(); }
    /// Gives reserved space back. The files stay as they are.
    void close();

    [[nodiscard]] bool failed() const { return failed_; }
    /// Space ran out and the reserve is being used: only refusals and control records should come.
    [[nodiscard]] bool low_on_space() const { return low_; }
    /// Takes the reserve again if the disk has room; then low_on_space() is false.
    void try_restore_reserve();
    [[nodiscard]] const CompactRange& tree() const { return tree_; }
    [[nodiscard]] const SignedCheckpoint& last_checkpoint() const { return last_; }
    [[nodiscard]] VerifierKey verifier() const { return key_.verifier(); }
    [[nodiscard]] const std::string& last_fault() const { return fault_; }

  private:
    [[nodiscard]] bool rotate(WallTime now);
    [[nodiscard]] bool put(std::span<const Record> records);
    [[nodiscard]] bool write_after_fault(WallTime now);
    void settle(std::size_t records, std::uint64_t size);
    void render(std::span<const Record> records);
    bool render_one(const Record& record, bool first);
    [[nodiscard]] bool write_blob(const Blob& blob);
    [[nodiscard]] bool open_segment(std::size_t dir);
    void preallocate(std::uint64_t wanted);
    void retire_segment();
    [[nodiscard]] bool open_notes(std::size_t dir, WallTime now);
    [[nodiscard]] bool append_note(const std::string& note, WallTime now);
    void note_fault(const std::string& what, int error);
    void take_reserve();
    void release_reserve();

    WriterOptions options_;
    SignerKey key_;
    CompactRange tree_;
    std::uint64_t signed_size_;
    SignedCheckpoint last_;

    Fd segment_;
    std::string segment_path_;
    std::uint64_t segments_opened_ = 0;
    std::uint64_t segment_size_ = 0;  // bytes that hold durable leaves
    std::uint64_t written_size_ = 0;  // and those that the kernel has
    std::vector<Record> unsynced_;
    std::vector<Digest> unsynced_leaves_;
    std::uint64_t preallocated_ = 0;
    std::size_t segment_dir_ = 0;
    WallTime segment_opened_{};
    Fd notes_;
    std::string notes_month_;
    std::size_t notes_dir_ = 0;

    std::string buffer_;
    std::vector<Digest> leaves_;
    bool blobs_written_ = false;
    std::vector<TornSegment> superseded_;
    std::string fault_;
    bool failed_ = false, low_ = false;
};

}  // namespace pgveil::audit
