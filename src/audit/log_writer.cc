#include "audit/log_writer.h"

#include <fcntl.h>

#include <algorithm>
#include <iterator>

#include "audit/timestamp.h"

namespace pgveil::audit {

LogWriter::LogWriter(WriterOptions options, SignerKey key, CompactRange tree, std::uint64_t signed_size)
    : options_(std::move(options)), key_(std::move(key)), tree_(std::move(tree)), signed_size_(signed_size) {
    take_reserve();
}

bool LogWriter::commit(std::vector<Record> records, WallTime now) {
    if (records.empty()) return !failed_;
    if (!write(std::move(records), now)) return false;
    if (unsynced_.empty()) return true;   // a fault made them durable
    const Sync sync = begin_sync();
    return end_sync(sync, sync_data(sync.fd), now);
}

bool LogWriter::write(std::vector<Record> records, WallTime now) {
    if (failed_ || records.empty() || !rotate(now)) return !failed_;
    const std::size_t before = unsynced_.size();
    unsynced_.insert(unsynced_.end(), std::make_move_iterator(records.begin()), std::make_move_iterator(records.end()));
    if (!segment_.is_open()) {
        segment_opened_ = now;
        if (!open_segment(segment_dir_)) return write_after_fault(now);
    }
    return put(std::span(unsynced_).subspan(before)) || write_after_fault(now);
}

/// A segment ends with everything in it durable.
bool LogWriter::rotate(WallTime now) {
    const bool full = written_size_ >= options_.segment_bytes || now - segment_opened_ >= options_.segment_age;
    if (!segment_.is_open() || !full) return true;
    const Sync sync = begin_sync();
    if (sync.records != 0 && !end_sync(sync, sync_data(sync.fd), now)) return false;
    retire_segment();
    return true;
}

LogWriter::Sync LogWriter::begin_sync() const {
    // Its own descriptor: a fault or a rotation may close ours before the sync ends.
    return {Fd(::fcntl(segment_.get(), F_DUPFD_CLOEXEC, 0)), segments_opened_, unsynced_.size(), written_size_};
}

bool LogWriter::end_sync(const Sync& sync, int error, WallTime now) {
    if (failed_) return false;
    if (sync.segment != segments_opened_) return true;   // a fault or a rotation has settled these already
    if (error != 0) return note_fault("sync", error), write_after_fault(now);
    settle(sync.records, sync.size);
    return checkpoint(now);
}

/// The first `records` that wait are durable: only now their leaves count.
void LogWriter::settle(std::size_t records, std::uint64_t size) {
    segment_size_ = size;
    const auto count = static_cast<std::ptrdiff_t>(records);
    for (std::size_t i = 0; i < records; ++i) tree_.append(unsynced_leaves_[i]);
    unsynced_.erase(unsynced_.begin(), unsynced_.begin() + count);
    unsynced_leaves_.erase(unsynced_leaves_.begin(), unsynced_leaves_.begin() + count);
    superseded_.clear();
}

bool LogWriter::checkpoint(WallTime now) {
    const Checkpoint head{tree_.size(), tree_.root()};
    const std::string note = sign_note(key_, head);
    if (!append_note(note, now)) {
        failed_ = true;
        return false;
    }
    std::size_t length = 0;
    if (auto parsed = parse_note(note, length)) last_ = std::move(*parsed);
    signed_size_ = head.size;
    return true;
}

bool LogWriter::put(std::span<const Record> records) {
    render(records);
    if (!blobs_written_) return false;
    preallocate(written_size_ + buffer_.size());
    if (const int error = write_all(segment_, buffer_); error != 0) return note_fault("write", error), false;
    written_size_ += buffer_.size();
    unsynced_leaves_.insert(unsynced_leaves_.end(), leaves_.begin(), leaves_.end());
    return true;
}

/// Everything that is not durable, in a new segment, durable and signed; or the end of this writer.
bool LogWriter::write_after_fault(WallTime now) {
    const std::string first_fault = fault_;
    const std::vector<Record> lost = std::move(unsynced_);
    for (std::size_t dir = 0; dir < options_.dirs.size(); ++dir) {
        // What reached the disk after the last good sync is unknown, so the new segment says how far the old one goes.
        if (segment_.is_open()) {
            superseded_.push_back({file_name_of(segment_path_), segment_size_, std::nullopt, "?"});
            segment_.close();
        }
        segment_opened_ = now;
        unsynced_leaves_.clear();
        unsynced_.clear();
        if (!open_segment(dir)) continue;
        Record fault;
        fault.kind = Kind::StorageFault;
        fault.time = now;
        fault.more = {{"fault", first_fault}};
        if (!superseded_.empty()) fault.more.emplace_back("prev", print_torn(superseded_));
        unsynced_.push_back(std::move(fault));
        unsynced_.insert(unsynced_.end(), lost.begin(), lost.end());
        if (!put(unsynced_)) continue;
        if (const int error = sync_data(segment_); error != 0) {
            note_fault("sync", error);
            continue;
        }
        settle(unsynced_.size(), written_size_);
        return checkpoint(now);
    }
    failed_ = true;
    return false;
}

void LogWriter::render(std::span<const Record> records) {
    buffer_.clear();
    leaves_.clear();
    blobs_written_ = true;
    for (std::size_t i = 0; i < records.size() && blobs_written_; ++i) {
        blobs_written_ = render_one(records[i], i == 0);
    }
}

bool LogWriter::render_one(const Record& record, bool first) {
    const std::uint64_t index = tree_.size() + unsynced_leaves_.size() + leaves_.size();
    const auto line = render_line(index, record, first ? std::optional(signed_size_) : std::nullopt);
    leaves_.push_back(leaf_hash(line.text));
    buffer_ += line.text;
    buffer_ += '\n';
    return std::ranges::all_of(line.blobs, [this](const Blob& blob) { return write_blob(blob); });
}

bool LogWriter::write_blob(const Blob& blob) {
    const std::string path = blob_path(options_.dirs[segment_dir_], blob.name);
    int error = make_directory(directory_of(path));
    if (error == 0) error = write_new_file(path, blob.content);
    if (error == EEXIST) {
        // The same text again, unless a crash cut the first one short.
        const auto content = read_whole(path, blob.content.size());
        if (content && *content == blob.content) return true;
        error = content ? EIO : content.error();
    }
    if (error != 0) note_fault("blob", error);
    return error == 0;
}

void LogWriter::note_fault(const std::string& what, int error) {
    fault_ = what + " of " + (segment_path_.empty() ? options_.dirs[segment_dir_] : file_name_of(segment_path_)) + ": " +
             message_of(error);
    if (error == ENOSPC || error == EDQUOT) {
        low_ = true;
        release_reserve();
    }
}

bool LogWriter::append_note(const std::string& note, WallTime now) {
    for (std::size_t dir = notes_dir_; dir < options_.dirs.size(); ++dir) {
        // A second file of the same month, should the first one have failed.
        for (int attempt = 0; attempt < 2; ++attempt) {
            if (!open_notes(dir, now)) continue;
            const int error = write_all(notes_, note + "\n");
            if (error == 0) return true;
            note_fault("checkpoint", error);
            notes_.close();
        }
    }
    return false;
}

void LogWriter::close() {
    retire_segment();
    notes_.close();
    release_reserve();
}

}  // namespace pgveil::audit
