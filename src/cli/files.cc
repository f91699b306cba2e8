#include "cli/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace pgveil::cli {

Result<void, std::string> make_private_directory(const std::string& path) {
    std::error_code error;
    const std::filesystem::path whole = std::filesystem::absolute(path, error);
    if (std::filesystem::is_directory(whole, error)) return {};
    if (whole.has_parent_path()) std::filesystem::create_directories(whole.parent_path(), error);
    if (error) return refuse(path + ": " + error.message());
    if (mkdir(whole.c_str(), 0700) != 0 && errno != EEXIST) return refuse(path + ": " + std::strerror(errno));
    return {};
}

Result<void, std::string> write_private_file(const std::string& path, std::string_view content) {
    const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return refuse(path + ": " + std::strerror(errno));
    std::size_t done = 0;
    while (done < content.size()) {
        const ssize_t wrote = write(fd, content.data() + done, content.size() - done);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) break;
        done += static_cast<std::size_t>(wrote);
    }
    const bool synced = done == content.size() && fsync(fd) == 0;
    const int why = errno;
    if (close(fd) != 0 || !synced) return refuse(path + ": " + std::strerror(why));
    return {};
}

}  // namespace pgveil::cli
