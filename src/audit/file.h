// Files as the log needs them: opened without following links, private, and never closed by accident.
//
// The only place of the room that calls the system for single files. Fd is a resource with one owner.
// Errors are errno values; `message_of` words them. Blocks. Hostile: file contents are, names are not.
#pragma once

#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "pgveil/core/bytes.h"
#include "pgveil/core/result.h"

namespace pgveil::audit {

class Fd {
  public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Fd() { close(); }
    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] bool is_open() const { return fd_ >= 0; }
    void close();

  private:
    int fd_ = -1;
};

[[nodiscard]] std::string message_of(int error);

/// O_APPEND|O_CLOEXEC|O_NOFOLLOW, 0600. `create_new`: O_EXCL, otherwise the file is made if missing.
[[nodiscard]] Result<Fd, int> open_append(const std::string& path, bool create_new);
/// Read only, a regular file, no link.
[[nodiscard]] Result<Fd, int> open_read(const std::string& path);
[[nodiscard]] Result<Fd, int> open_directory(const std::string& path);
/// 0700; an existing directory is fine.
[[nodiscard]] int make_directory(const std::string& path);
/// 0, or the errno of the first failure; short writes are continued.
[[nodiscard]] int write_all(const Fd& fd, std::string_view bytes);
[[nodiscard]] int sync_data(const Fd& fd);
[[nodiscard]] int sync_directory(const std::string& path);
[[nodiscard]] std::uint64_t size_of(const Fd& fd);
/// EFBIG beyond `limit`.
[[nodiscard]] Result<std::string, int> read_whole(const std::string& path, std::uint64_t limit);
/// Writes, syncs, syncs the directory. The file must not exist.
[[nodiscard]] int write_new_file(const std::string& path, std::string_view content);
/// Up to `length` bytes from `offset`; fewer at the end of the file.
[[nodiscard]] Result<std::string, int> read_at(const Fd& fd, std::uint64_t offset, std::size_t length);
/// chattr +a, where the file system has it.
[[nodiscard]] bool is_append_only(const std::string& path);
[[nodiscard]] std::string directory_of(const std::string& path);

}  // namespace pgveil::audit
