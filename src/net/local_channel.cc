#include "net/local_channel.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace pgveil::net {
namespace {

constexpr std::size_t kHead = 5;
constexpr std::size_t kPiece = 64 * 1024;

std::string errno_text(const std::string& what) { return what + ": " + std::strerror(errno); }

std::optional<sockaddr_un> address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) return std::nullopt;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return address;
}

bool trusted(int fd) {
    ucred peer{};
    socklen_t size = sizeof peer;
    return ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == ::geteuid() || peer.uid == 0);
}

std::uint32_t length_of(const Byte* head) {
    std::uint32_t length = 0;
    for (unsigned i = 0; i < 4; ++i) length |= std::uint32_t{head[i]} << (8 * i);
    return length;
}

bool wait_ready(int fd, short events, MonotonicTime deadline) {
    while (true) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
        pollfd ready{fd, events, 0};
        const int found = ::poll(&ready, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000)));
        if (found > 0) return true;
        if (found == 0 && left <= 0) return false;
        if (found < 0 && errno != EINTR) return false;
    }
}

// Whatever descriptors came along are owned at once, wanted or not.
void take_fds(msghdr& message, std::vector<Fd>& fds) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof fd);
            fds.emplace_back(fd);
        }
    }
}

Result<void, ChannelEnd> read_some(int fd, Byte* to, std::size_t size, std::size_t& done, std::vector<Fd>& fds, MonotonicTime deadline) {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostFds * sizeof(int))> control;
    iovec piece{to + done, size - done};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t got = ::recvmsg(fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (got > 0) {
        take_fds(message, fds);
        done += static_cast<std::size_t>(got);
        return (message.msg_flags & MSG_CTRUNC) != 0 || fds.size() > kMostFds ? Result<void, ChannelEnd>(refuse(ChannelEnd::Malformed)) : Result<void, ChannelEnd>();
    }
    if (got == 0 || (errno != EAGAIN && errno != EINTR)) return refuse(ChannelEnd::Closed);
    if (!wait_ready(fd, POLLIN, deadline)) return refuse(ChannelEnd::TooLate);
    return {};
}

}  // namespace

Result<LocalListener, std::string> LocalListener::listen(const std::string& path) {
    const auto address = address_of(path);
    if (!address) return refuse(path + ": longer than a socket name may be");
    struct stat info {};
    if (::lstat(path.c_str(), &info) == 0) {
        if (!S_ISSOCK(info.st_mode)) return refuse(path + " exists and is no socket");
        if (::unlink(path.c_str()) != 0) return refuse(errno_text(path));
    }
    LocalListener made;
    made.fd_ = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!made.fd_) return refuse(errno_text("socket"));
    // The file takes its mode from the socket, so that it is at no moment wider.
    ::fchmod(made.fd_.get(), 0600);
    if (::bind(made.fd_.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) return refuse(errno_text(path));
    if (::lstat(path.c_str(), &info) != 0) return refuse(errno_text(path));
    made.path_ = path;
    made.device_ = info.st_dev;
    made.inode_ = info.st_ino;
    if (::chmod(path.c_str(), 0600) != 0 || ::listen(made.fd_.get(), 8) != 0) return refuse(errno_text(path));
    return made;
}

LocalListener& LocalListener::operator=(LocalListener&& other) noexcept {
    remove();
    fd_ = std::move(other.fd_);
    path_ = std::exchange(other.path_, {});
    device_ = other.device_;
    inode_ = other.inode_;
    return *this;
}

void LocalListener::remove() {
    struct stat info {};
    const bool ours = fd_ && ::lstat(path_.c_str(), &info) == 0 && info.st_dev == device_ && info.st_ino == inode_;
    if (ours) ::unlink(path_.c_str());
    fd_.reset();
}

void LocalListener::leave() {
    fd_.reset();
    path_.clear();
}

Fd LocalListener::accept() const {
    Fd fd(::accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    return fd && trusted(fd.get()) ? std::move(fd) : Fd();
}

Result<Fd, std::string> connect_local(const std::string& path) {
    const auto address = address_of(path);
    struct stat info {};
    if (!address || ::lstat(path.c_str(), &info) != 0) return Fd();
    if (!S_ISSOCK(info.st_mode)) return refuse(path + " is no socket");   // a link could lead anywhere
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return refuse(errno_text("socket"));
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
        if (errno == ECONNREFUSED || errno == ENOENT) return Fd();
        return refuse(errno_text(path));
    }
    if (!trusted(fd.get())) return refuse(path + " belongs to a process of another user");
    return fd;
}

Bytes frame_head(Byte type, std::size_t size) {
    Bytes head;
    for (unsigned i = 0; i < 4; ++i) head.push_back(static_cast<Byte>(size >> (8 * i)));
    head.push_back(type);
    return head;
}

bool send_frame(int fd, Byte type, ByteView body, std::span<const int> fds, MonotonicTime deadline) {
    if (fds.size() > kMostFds) return false;
    Bytes bytes = frame_head(type, body.size());
    append(bytes, body);
    alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostFds * sizeof(int))> control{};
    for (std::size_t sent = 0; sent < bytes.size();) {
        iovec piece{bytes.data() + sent, bytes.size() - sent};
        msghdr message{};
        message.msg_iov = &piece;
        message.msg_iovlen = 1;
        if (sent == 0 && !fds.empty()) {
            message.msg_control = control.data();
            message.msg_controllen = CMSG_SPACE(fds.size_bytes());
            cmsghdr* part = CMSG_FIRSTHDR(&message);
            part->cmsg_level = SOL_SOCKET;
            part->cmsg_type = SCM_RIGHTS;
            part->cmsg_len = CMSG_LEN(fds.size_bytes());
            std::memcpy(CMSG_DATA(part), fds.data(), fds.size_bytes());
        }
        const ssize_t done = ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (done > 0) sent += static_cast<std::size_t>(done);
        else if (errno != EAGAIN && errno != EINTR) return false;
        else if (!wait_ready(fd, POLLOUT, deadline)) return false;
    }
    return true;
}

Result<LocalFrame, ChannelEnd> receive_frame(int fd, std::size_t cap, MonotonicTime deadline) {
    LocalFrame frame;
    std::array<Byte, kHead> head{};
    for (std::size_t done = 0; done < kHead;) {
        if (auto read = read_some(fd, head.data(), kHead, done, frame.fds, deadline); !read) return refuse(read.error());
    }
    const std::size_t length = length_of(head.data());
    if (length > cap) return refuse(ChannelEnd::Malformed);
    frame.type = head[4];
    for (std::size_t done = 0; done < length;) {
        frame.body.resize(std::min(length, done + kPiece));
        if (auto read = read_some(fd, frame.body.data(), frame.body.size(), done, frame.fds, deadline); !read) return refuse(read.error());
    }
    return frame;
}

std::optional<FrameInbox::Frame> FrameInbox::next() {
    const std::size_t kept = kept_.size() - start_;
    const bool headed = kept >= kHead && !malformed_;
    const std::size_t length = headed ? length_of(kept_.data() + start_) : 0;
    malformed_ = malformed_ || length > cap_;
    if (!headed || malformed_ || kept < kHead + length) {
        kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(start_));
        start_ = 0;
        return std::nullopt;
    }
    const Frame found{kept_[start_ + 4], ByteView(kept_).subspan(start_ + kHead, length)};
    start_ += kHead + length;
    return found;
}

}  // namespace pgveil::net
