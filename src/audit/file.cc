#include "audit/file.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

namespace pgveil::audit {

void Fd::close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

std::string message_of(int error) { return std::generic_category().message(error); }

Result<Fd, int> open_append(const std::string& path, bool create_new) {
    const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (create_new ? O_EXCL : 0);
    Fd fd(::open(path.c_str(), flags, 0600));
    if (!fd.is_open()) return refuse(errno);
    return fd;
}

Result<Fd, int> open_read(const std::string& path) {
    // Without O_NONBLOCK, a pipe put in a file's place would hold us for ever.
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!fd.is_open()) return refuse(errno);
    struct stat info{};
    if (::fstat(fd.get(), &info) != 0) return refuse(errno);
    if (!S_ISREG(info.st_mode)) return refuse(EINVAL);
    return fd;
}

Result<Fd, int> open_directory(const std::string& path) {
    Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.is_open()) return refuse(errno);
    return fd;
}

int make_directory(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return 0;
    return errno;
}

int write_all(const Fd& fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd.get(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return errno;
        if (written == 0) return EIO;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return 0;
}

int sync_data(const Fd& fd) { return ::fdatasync(fd.get()) == 0 ? 0 : errno; }

int sync_directory(const std::string& path) {
    const auto fd = open_directory(path);
    if (!fd) return fd.error();
    return ::fsync(fd->get()) == 0 ? 0 : errno;
}

std::uint64_t size_of(const Fd& fd) {
    struct stat info{};
    return ::fstat(fd.get(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

Result<std::string, int> read_at(const Fd& fd, std::uint64_t offset, std::size_t length) {
    std::string out(length, '\0');
    std::size_t have = 0;
    while (have < length) {
        const ssize_t got = ::pread(fd.get(), out.data() + have, length - have, static_cast<off_t>(offset + have));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return refuse(errno);
        if (got == 0) break;
        have += static_cast<std::size_t>(got);
    }
    out.resize(have);
    return out;
}

Result<std::string, int> read_whole(const std::string& path, std::uint64_t limit) {
    const auto fd = open_read(path);
    if (!fd) return refuse(fd.error());
    const std::uint64_t size = size_of(*fd);
    if (size > limit) return refuse(EFBIG);
    return read_at(*fd, 0, static_cast<std::size_t>(size));
}

int write_new_file(const std::string& path, std::string_view content) {
    const auto fd = open_append(path, true);
    if (!fd) return fd.error();
    if (const int error = write_all(*fd, content); error != 0) return error;
    if (const int error = sync_data(*fd); error != 0) return error;
    return sync_directory(directory_of(path));
}

bool is_append_only(const std::string& path) {
    const auto fd = open_read(path);
    int flags = 0;
    return fd && ::ioctl(fd->get(), FS_IOC_GETFLAGS, &flags) == 0 && (flags & FS_APPEND_FL) != 0;
}

std::string directory_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace pgveil::audit
