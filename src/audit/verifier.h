// Verifier: the work behind verify_log, one pass over leaves, checkpoints and anchors together.
//
// verifier.cc looks, verdicts.cc words what was found. Used by verify.cc alone. Resource, one thread. Blocks.
// Hostile: every file of the log and every anchor.
#pragma once

#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "audit/merkle.h"
#include "audit/note_merge.h"
#include "audit/verify.h"

namespace pgveil::audit {

/// "1 record", "2 records".
[[nodiscard]] std::string count(std::uint64_t number, std::string_view noun);

struct AnchorPoint {
    std::size_t anchor = 0;
    const SignedCheckpoint* note = nullptr;
};

class Verifier {
  public:
    Verifier(const VerifyOptions& options, VerifierKey key, NoteMerge notes)
        : options_(options), key_(std::move(key)), notes_(std::move(notes)) {}
    void run(VerifyReport& report);

  private:
    bool see(const LeafView& leaf);
    void check_promise(std::uint64_t index, std::uint64_t size);
    void check_checkpoints();
    void check_checkpoint(const SignedCheckpoint& note);
    void check_anchors();
    void check_blobs(const StoredRecord& stored);
    void check_times(const Record& record);
    void note_start(const Record& record);
    void after_scan(const ScanResult& scan);
    void check_tail(const ScanResult& scan);
    void check_strange_notes();
    void fail_integrity(std::uint64_t index, std::string what, std::string file = {}, std::uint64_t offset = 0);
    void fail_completeness(std::string what);
    void conclude(const ScanResult& scan, VerifyReport& report);
    Verdict freshness() const;
    Verdict completeness(std::uint64_t records) const;
    Verdict anchoring() const;

    const VerifyOptions& options_;
    VerifierKey key_;
    NoteMerge notes_;
    bool running_ = false;

    CompactRange tree_;
    std::uint64_t checkpoints_ = 0, signed_size_ = 0;
    std::deque<std::uint64_t> seen_sizes_;    // of checkpoints met, good or bad, from the last that a record named
    bool any_checkpoint_ = false, ends_with_stop_ = false;
    WallTime last_time_{}, signed_time_{}, stepped_back_to_{};
    std::uint64_t steps_back_ = 0;
    std::set<std::string> torn_notes_declared_;
    std::string last_blob_;

    std::vector<AnchorPoint> points_;
    std::size_t next_point_ = 0;
    std::uint64_t anchored_ = 0;
    std::vector<bool> anchor_seen_;
    std::string anchor_problem_;

    std::optional<Trouble> bad_;
    std::string missing_;
    std::vector<std::string> remarks_;
};

}  // namespace pgveil::audit
