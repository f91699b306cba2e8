// LogWriter's files: opening, preallocating, retiring, and the reserve.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>

#include "audit/log_writer.h"
#include "audit/timestamp.h"

namespace pgveil::audit {
namespace {

constexpr std::uint32_t MaxCopies = 1000;
constexpr std::uint64_t PreallocationStep = 16 << 20;

std::string reserve_path(const WriterOptions& options) { return options.dirs.front() + "/reserve"; }

bool exists(const std::string& path) {
    struct stat info{};
    return ::lstat(path.c_str(), &info) == 0;
}

/// No name is used twice, not even in another directory: records name segments without directory.
template <class PathOf>
std::uint32_t free_copy(const std::vector<std::string>& dirs, PathOf path_of) {
    std::uint32_t copy = 0;
    while (copy < MaxCopies && std::ranges::any_of(dirs, [&](const auto& dir) { return exists(path_of(dir, copy)); })) {
        ++copy;
    }
    return copy;
}

}  // namespace

bool LogWriter::open_segment(std::size_t dir) {
    segment_dir_ = dir;
    const std::uint64_t first = tree_.size();
    const auto path_of = [&](const std::string& in, std::uint32_t copy) { return segment_path(in, first, copy); };
    segment_path_ = path_of(options_.dirs[dir], free_copy(options_.dirs, path_of));
    segment_size_ = written_size_ = 0;
    ++segments_opened_;
    auto opened = open_append(segment_path_, true);
    if (!opened) return note_fault("open", opened.error()), false;
    segment_ = std::move(*opened);
    preallocated_ = 0;
    preallocate(1);
    if (const int error = sync_directory(directory_of(segment_path_)); error != 0) {
        segment_.close();
        return note_fault("directory sync", error), false;
    }
    return true;
}

/// Keeps the file's size: only the blocks are there already, which makes each sync cheaper and a full disk known
/// before a write fails.
void LogWriter::preallocate(std::uint64_t wanted) {
    while (preallocated_ < wanted) {
        const std::uint64_t step = std::min(PreallocationStep, std::max<std::uint64_t>(options_.segment_bytes, 4096));
        const auto from = static_cast<off_t>(preallocated_);
        if (::fallocate(segment_.get(), FALLOC_FL_KEEP_SIZE, from, static_cast<off_t>(step)) != 0) {
            if (errno == ENOSPC || errno == EDQUOT) note_fault("preallocation", errno);
            preallocated_ = UINT64_MAX;  // not possible here or now: the writes themselves will tell
            return;
        }
        preallocated_ += step;
    }
}

/// The file keeps its bytes; blocks preallocated beyond them go back.
void LogWriter::retire_segment() {
    if (!segment_.is_open()) return;
    const auto size = static_cast<off_t>(size_of(segment_));
    // Fails under chattr +a, and may: it is only space.
    if (::ftruncate(segment_.get(), size) != 0) fault_ = "preallocated space of a segment could not be returned";
    segment_.close();
}

bool LogWriter::open_notes(std::size_t dir, WallTime now) {
    const std::string month = print_time(now).substr(0, 7);
    if (notes_.is_open() && notes_month_ == month && notes_dir_ == dir) return true;
    const auto path_of = [&](const std::string& in, std::uint32_t copy) { return notes_path(in, now, copy); };
    // A file that failed in this process is not written again; one of an earlier process is continued.
    const bool failed_before = notes_month_ == month && notes_dir_ == dir;
    const std::uint32_t copy = failed_before ? free_copy(options_.dirs, path_of) : 0;
    auto opened = open_append(path_of(options_.dirs[dir], copy), false);
    notes_month_ = month;
    notes_dir_ = dir;
    if (!opened) return note_fault("open of notes", opened.error()), false;
    notes_ = std::move(*opened);
    // An end torn by a crash must not run into the next note.
    if (size_of(notes_) > 0 && write_all(notes_, "\n\n") != 0) return notes_.close(), false;
    return sync_directory(options_.dirs[dir] + "/ckpt") == 0;
}

void LogWriter::take_reserve() {
    if (options_.reserve_bytes == 0) return;
    const auto fd = open_append(reserve_path(options_), false);
    if (!fd) return;
    if (::fallocate(fd->get(), 0, 0, static_cast<off_t>(options_.reserve_bytes)) != 0 && errno == ENOSPC) low_ = true;
}

void LogWriter::release_reserve() { ::unlink(reserve_path(options_).c_str()); }

void LogWriter::try_restore_reserve() {
    if (!low_) return;
    struct statvfs space{};
    if (::statvfs(options_.dirs.front().c_str(), &space) != 0) return;
    const std::uint64_t free = static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize;
    if (free < 2 * options_.reserve_bytes) return;
    low_ = false;
    take_reserve();
}

}  // namespace pgveil::audit
