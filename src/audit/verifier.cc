#include "audit/verifier.h"

#include <sys/file.h>

#include <algorithm>

#include "audit/file.h"
#include "audit/layout.h"
#include "crypto/digest.h"
#include "crypto/encode.h"

namespace pgveil::audit {
namespace {

constexpr std::uint64_t MaxBlob = 1ULL << 31;
constexpr auto ClockTolerance = std::chrono::minutes(5);

bool is_being_written(const std::string& dir) {
    const auto fd = open_directory(dir);
    return fd && ::flock(fd->get(), LOCK_SH | LOCK_NB) != 0;
}

}  // namespace

void Verifier::run(VerifyReport& report) {
    running_ = is_being_written(options_.dirs.front());
    anchor_seen_.resize(options_.anchors.size());
    for (std::size_t i = 0; i < options_.anchors.size(); ++i) {
        for (const SignedCheckpoint& note : options_.anchors[i].checkpoints) {
            if (verify(key_, note)) points_.push_back({i, &note});
        }
    }
    std::ranges::sort(points_, {}, [](const AnchorPoint& point) { return point.note->checkpoint.size; });
    check_checkpoints();
    check_anchors();
    const ScanResult scan = scan_log(options_.dirs, [this](const LeafView& leaf) { return see(leaf); });
    after_scan(scan);
    conclude(scan, report);
}

bool Verifier::see(const LeafView& leaf) {
    const StoredRecord& stored = leaf.stored;
    if (tree_.size() != stored.index) return false;
    if (stored.signed_size) check_promise(stored.index, *stored.signed_size);
    check_times(stored.record);
    if (stored.record.kind == Kind::LogStart) note_start(stored.record);
    ends_with_stop_ = stored.record.kind == Kind::LogStop;
    check_blobs(stored);
    tree_.append(leaf_hash(leaf.line));
    check_checkpoints();
    check_anchors();
    return true;
}

/// A batch's first record says which checkpoint stood when it was written: that one must have been met. With group
/// durability it may be an older one than the last: records are written while a later one is being made.
void Verifier::check_promise(std::uint64_t index, std::uint64_t size) {
    // While the log grows, checkpoints newer than our look at the notes are not missing.
    if (running_ && notes_.front() == nullptr) return;
    while (!seen_sizes_.empty() && seen_sizes_.front() < size) seen_sizes_.pop_front();
    if (!seen_sizes_.empty() && seen_sizes_.front() == size) return;
    fail_completeness("record " + std::to_string(index) + " was written after a checkpoint of size " + std::to_string(size) +
                      ", which is missing");
}

/// All checkpoints of exactly this tree.
void Verifier::check_checkpoints() {
    while (const SignedCheckpoint* note = notes_.front()) {
        if (note->checkpoint.size != tree_.size()) break;
        check_checkpoint(*note);
        notes_.pop();
    }
}

void Verifier::check_checkpoint(const SignedCheckpoint& note) {
    ++checkpoints_;
    if (seen_sizes_.empty() || seen_sizes_.back() != note.checkpoint.size) seen_sizes_.push_back(note.checkpoint.size);
    const std::uint64_t last = note.checkpoint.size == 0 ? 0 : note.checkpoint.size - 1;
    if (!verify(key_, note)) {
        fail_integrity(last, "checkpoint at " + notes_.place() + " is not signed by the key");
        return;
    }
    if (note.checkpoint.root != tree_.root()) {
        fail_integrity(signed_size_, "records " + std::to_string(signed_size_) + " to " + std::to_string(last) +
                                         " are not those of the checkpoint at " + notes_.place());
        return;
    }
    any_checkpoint_ = true;
    signed_size_ = note.checkpoint.size;
    signed_time_ = last_time_;
}

void Verifier::check_anchors() {
    for (; next_point_ < points_.size(); ++next_point_) {
        const AnchorPoint& point = points_[next_point_];
        const Checkpoint& outside = point.note->checkpoint;
        if (outside.size != tree_.size()) break;
        anchor_seen_[point.anchor] = true;
        if (outside.root == tree_.root()) {
            anchored_ = outside.size;
        } else if (anchor_problem_.empty()) {
            anchor_problem_ = "anchor " + options_.anchors[point.anchor].name + " holds another tree of size " +
                              std::to_string(outside.size) + ": the log was rewritten";
        }
    }
}

void Verifier::check_blobs(const StoredRecord& stored) {
    for (const BlobReference& blob : stored.blobs) {
        if (blob.name == last_blob_) continue;
        bool found = false;
        for (const std::string& dir : options_.dirs) {
            const auto content = read_whole(blob_path(dir, blob.name), MaxBlob);
            if (!content) continue;
            found = true;
            if (content->size() != blob.bytes || crypto::hex(crypto::sha256(*content)) != blob.name) {
                fail_integrity(stored.index, "blob " + blob.name + " is not what the record names");
            }
        }
        if (!found) fail_completeness("blob " + blob.name + " of record " + std::to_string(stored.index) + " is missing");
        last_blob_ = blob.name;
    }
}

void Verifier::check_times(const Record& record) {
    // Records of several threads overtake each other by less than this; a clock set back does not.
    if (last_time_ - record.time > ClockTolerance) {
        ++steps_back_;
        stepped_back_to_ = record.time;
    }
    last_time_ = std::max(last_time_, record.time);
}

void Verifier::note_start(const Record& record) {
    std::string records, were_signed;
    for (const auto& [key, value] : record.more) {
        if (key == "records") records = value;
        if (key == "signed") were_signed = value;
        if (key != "ckpt_torn") continue;
        for (std::size_t at = 0; at < value.size();) {
            const std::size_t end = std::min(value.find(';', at), value.size());
            torn_notes_declared_.insert(value.substr(at, end - at));
            at = end + 1;
        }
    }
    if (records == were_signed) return;
    remarks_.push_back("records " + were_signed + " up to " + records + " were not signed yet when the log was started again: "
                       "the run before ended in the middle of a commit");
}

void Verifier::fail_integrity(std::uint64_t index, std::string what, std::string file, std::uint64_t offset) {
    if (!bad_) bad_ = Trouble{index, std::move(file), offset, std::move(what)};
}

void Verifier::fail_completeness(std::string what) {
    if (missing_.empty()) missing_ = std::move(what);
}

void Verifier::after_scan(const ScanResult& scan) {
    if (scan.trouble) {
        const Trouble& t = *scan.trouble;
        fail_integrity(t.index, t.what, t.file, t.offset);
        fail_completeness("reading ended at record " + std::to_string(t.index) + ": " + t.what);
    } else if (scan.first != 0) {
        fail_integrity(0, "records 0 to " + std::to_string(scan.first - 1) + " are missing");
        fail_completeness("the log begins at record " + std::to_string(scan.first));
    }
    check_tail(scan);
    check_strange_notes();
    for (; next_point_ < points_.size(); ++next_point_) {
        const AnchorPoint& point = points_[next_point_];
        anchor_seen_[point.anchor] = true;
        fail_completeness("anchor " + options_.anchors[point.anchor].name + " knows " +
                          count(point.note->checkpoint.size, "record") + ", here are " + std::to_string(tree_.size()) +
                          ": the end is missing");
    }
}

void Verifier::check_tail(const ScanResult& scan) {
    if (const SignedCheckpoint* note = notes_.front()) {
        const auto place = scan.tail.empty() ? TornSegment{} : scan.tail.front();
        fail_integrity(tree_.size(), "record " + std::to_string(tree_.size()) + " is missing or damaged, though a checkpoint of " +
                                         count(note->checkpoint.size, "record") + " was signed (" + notes_.place() + ")",
                       place.file, place.valid);
        fail_completeness("records " + std::to_string(tree_.size()) + " to " + std::to_string(note->checkpoint.size - 1) +
                          " are missing");
    }
    if (!any_checkpoint_) {
        fail_integrity(0, "no checkpoint signed by the key was found");
        fail_completeness("there is no checkpoint");
    }
    if (scan.tail_has_lines && !running_) {
        const TornSegment& torn = scan.tail.front();
        fail_integrity(tree_.size(), "lines after the last record that are not records of this log; had the machine lost "
                       "power, the next start would record them", torn.file, torn.valid);
    }
    for (const TornSegment& torn : scan.tail) {
        remarks_.push_back(torn.file + " ends with " + count(torn.torn.value_or(0), "byte") +
                           " that are no record: a crash; the next start will account for them");
    }
    if (tree_.size() == signed_size_) return;
    remarks_.push_back(count(tree_.size() - signed_size_, "record") + " after the last checkpoint, not yet signed" +
                       (running_ ? ": the log is being written" : ": the writer died; the next start will sign them"));
    if (ends_with_stop_ && !running_) fail_completeness("the log was closed, but its last checkpoint is missing");
}

void Verifier::check_strange_notes() {
    while (notes_.front() != nullptr) notes_.pop();
    for (const StrangeNotes& strange : notes_.strange()) {
        const std::string place = strange.file + ", byte " + std::to_string(strange.offset);
        const std::string declared =
            strange.file + ":" + std::to_string(strange.offset) + ":" + std::to_string(strange.length);
        if (!strange.what.empty()) {
            fail_integrity(signed_size_, strange.what + " (" + place + ")");
        } else if (torn_notes_declared_.contains(declared)) {
            remarks_.push_back("a checkpoint torn by a crash at " + place + ", as a later start recorded");
        } else if (strange.at_end) {
            remarks_.push_back("a checkpoint is torn at " + place + ": a crash, or the log is being written");
        } else {
            fail_integrity(signed_size_, "bytes that are no checkpoint (" + place + ")");
        }
    }
}

}  // namespace pgveil::audit
