#include "audit/log_writer.h"

#include <algorithm>

#include "audit/timestamp.h"

namespace pgveil::audit {

LogWriter::LogWriter(WriterOptions options, SignerKey key, CompactRange tree, std::uint64_t signed_size)
    : options_(std::move(options)), key_(std::move(key)), tree_(std::move(tree)), signed_size_(signed_size) {
    take_reserve();
}

bool LogWriter::commit(const std::vector<Record>& records, WallTime now) {
    if (failed_ || records.empty()) return !failed_;
    const bool full = segment_size_ >= options_.segment_bytes || now - segment_opened_ >= options_.segment_age;
    if (segment_.is_open() && full) retire_segment();
    if (!segment_.is_open()) {
        segment_opened_ = now;
        if (!open_segment(segment_dir_)) return write_after_fault(records, now) && checkpoint(now);
    }
    if (!write_batch(records)) return write_after_fault(records, now) && checkpoint(now);
    return checkpoint(now);
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

/// One write, one sync; only then do the leaves count.
bool LogWriter::write_batch(const std::vector<Record>& records) {
    render(records);
    if (!blobs_written_) return false;
    preallocate(segment_size_ + buffer_.size());
    if (const int error = write_all(segment_, buffer_); error != 0) return note_fault("write", error), false;
    if (const int error = sync_data(segment_); error != 0) return note_fault("sync", error), false;
    segment_size_ += buffer_.size();
    for (const Digest& leaf : leaves_) tree_.append(leaf);
    superseded_.clear();
    return true;
}

bool LogWriter::write_after_fault(const std::vector<Record>& records, WallTime now) {
    const std::string first_fault = fault_;
    for (std::size_t dir = 0; dir < options_.dirs.size(); ++dir) {
        // What reached the disk after the last good sync is unknown, so the new segment says how far the old one goes.
        if (segment_.is_open()) {
            superseded_.push_back({file_name_of(segment_path_), segment_size_, std::nullopt, "?"});
            segment_.close();
        }
        segment_opened_ = now;
        if (!open_segment(dir)) continue;
        Record fault;
        fault.kind = Kind::StorageFault;
        fault.time = now;
        fault.more = {{"fault", first_fault}};
        if (!superseded_.empty()) fault.more.emplace_back("prev", print_torn(superseded_));
        std::vector<Record> again{std::move(fault)};
        again.insert(again.end(), records.begin(), records.end());
        if (write_batch(again)) return true;
    }
    failed_ = true;
    return false;
}

void LogWriter::render(const std::vector<Record>& records) {
    buffer_.clear();
    leaves_.clear();
    blobs_written_ = true;
    for (std::size_t i = 0; i < records.size() && blobs_written_; ++i) {
        blobs_written_ = render_one(records[i], i == 0);
    }
}

bool LogWriter::render_one(const Record& record, bool first) {
    const std::uint64_t index = tree_.size() + leaves_.size();
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
