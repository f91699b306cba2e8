#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "store/sqlite_store.h"

// What must hold of the file and its directory before SQLite sees them.
namespace pgveil::store {
namespace {

using Sentence = std::string;

/// A directory others can write to lets them swap the file (or its WAL) under us.
Result<void, Sentence> check_directory(const std::filesystem::path& dir) {
    struct stat s {};
    if (::stat(dir.c_str(), &s) != 0) return refuse("the store's directory " + dir.string() + " does not exist");
    if (!S_ISDIR(s.st_mode)) return refuse(dir.string() + " is not a directory");
    if (s.st_uid != ::geteuid() && s.st_uid != 0) return refuse("the store's directory " + dir.string() + " belongs to another user");
    if ((s.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return refuse("the store's directory " + dir.string() + " can be written by other users; chmod go-w " + dir.string());
    }
    return {};
}

Result<void, Sentence> check_file(int fd, const std::string& path) {
    struct stat s {};
    if (::fstat(fd, &s) != 0 || !S_ISREG(s.st_mode)) return refuse("the store " + path + " is not a regular file");
    if (s.st_uid != ::geteuid()) return refuse("the store " + path + " belongs to another user");
    if ((s.st_mode & 077) != 0) return refuse("the store " + path + " can be read by other users; chmod 600 " + path);
    return {};
}

/// The file is made here and not by SQLite, so that it never exists with a wider mode. WAL and shared
/// memory files take the mode of the database file.
Result<void, Sentence> prepare_file(const std::string& path, bool create) {
    const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW;
    int fd = ::open(path.c_str(), flags);
    if (fd < 0 && errno == ENOENT && create) fd = ::open(path.c_str(), flags | O_CREAT | O_EXCL, 0600);
    if (fd < 0 && errno == ENOENT) {
        return refuse("the store " + path + " is missing although the log is not new; restore it, or move the log away too");
    }
    if (fd < 0 && errno == ELOOP) return refuse("the store " + path + " is a symbolic link");
    if (fd < 0) return refuse("the store " + path + " cannot be opened for writing");
    auto checked = check_file(fd, path);
    ::close(fd);
    return checked;
}

}  // namespace

Result<std::unique_ptr<ControlStore>, std::string> open(std::string_view url, bool create) {
    constexpr std::string_view scheme = "sqlite:";
    if (!url.starts_with(scheme) || url.size() == scheme.size()) {
        return refuse<std::string>("store.url must be sqlite:PATH; this build keeps its store in SQLite only");
    }
    const std::string path(url.substr(scheme.size()));
    auto dir = std::filesystem::path(path).parent_path();
    if (dir.empty()) dir = ".";
    if (auto ok = check_directory(dir); !ok) return refuse(ok.error());
    if (auto ok = prepare_file(path, create); !ok) return refuse(ok.error());
    return SqliteStore::open(path);
}

}  // namespace pgveil::store
