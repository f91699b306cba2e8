#include "net/local_channel.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <fstream>
#include <thread>

#include "support/directory.h"

using namespace pgveil;
using namespace pgveil::net;

namespace {

MonotonicTime soon(int ms = 5000) { return std::chrono::steady_clock::now() + std::chrono::milliseconds(ms); }

std::pair<Fd, Fd> pair() {
    int both[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both) == 0);
    return {Fd(both[0]), Fd(both[1])};
}

void raw(const Fd& fd, const Bytes& bytes) { REQUIRE(::send(fd.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size())); }

}  // namespace

TEST_CASE("a frame and its descriptors arrive") {
    auto [a, b] = pair();
    const Fd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const std::array fds{file.get(), file.get()};
    REQUIRE(send_frame(a.get(), 7, bytes_of("hello"), fds, soon()));
    REQUIRE(send_frame(a.get(), 8, {}, {}, soon()));
    const auto first = receive_frame(b.get(), 100, soon());
    REQUIRE(first);
    CHECK(first->type == 7);
    CHECK(text_of(first->body) == "hello");
    REQUIRE(first->fds.size() == 2);
    CHECK((::fcntl(first->fds[0].get(), F_GETFD) & FD_CLOEXEC) != 0);
    const auto second = receive_frame(b.get(), 100, soon());
    REQUIRE(second);
    CHECK(second->type == 8);
    CHECK(second->fds.empty());
}

TEST_CASE("a large frame passes while the other side reads") {
    auto [a, b] = pair();
    const Bytes large(3 << 20, 9);
    std::thread sender([&, fd = a.get()] { CHECK(send_frame(fd, 1, large, {}, soon(20'000))); });
    const auto got = receive_frame(b.get(), large.size(), soon(20'000));
    sender.join();
    REQUIRE(got);
    CHECK(got->body == large);
}

TEST_CASE("half a frame, too long a frame and an end are told apart; nobody waits beyond the deadline") {
    auto [a, b] = pair();
    raw(a, {5, 0, 0, 0, 1, 'x'});
    CHECK(receive_frame(b.get(), 100, soon(50)).error() == ChannelEnd::TooLate);
    auto [c, d] = pair();
    raw(c, {101, 0, 0, 0, 1});
    CHECK(receive_frame(d.get(), 100, soon()).error() == ChannelEnd::Malformed);
    auto [e, f] = pair();
    raw(e, {0xFF, 0xFF, 0xFF, 0xFF, 1});
    CHECK(receive_frame(f.get(), 100, soon()).error() == ChannelEnd::Malformed);
    auto [g, h] = pair();
    raw(g, {5, 0});
    g.reset();
    CHECK(receive_frame(h.get(), 100, soon()).error() == ChannelEnd::Closed);
}

TEST_CASE("whoever does not read stops nobody beyond the deadline") {
    auto [a, b] = pair();
    CHECK_FALSE(send_frame(a.get(), 1, Bytes(8 << 20, 1), {}, soon(50)));
}

TEST_CASE("the inbox gives frames however the bytes are cut") {
    Bytes stream = frame_head(1, 3);
    append(stream, "abc");
    append(stream, frame_head(2, 0));
    append(stream, frame_head(3, 1));
    append(stream, "d");
    for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
        FrameInbox inbox(10);
        std::string seen;
        for (std::size_t at = 0; at < stream.size(); at += piece) {
            inbox.feed(ByteView(stream).subspan(at, std::min(piece, stream.size() - at)));
            while (const auto frame = inbox.next()) seen += std::to_string(frame->type) + std::string(text_of(frame->body)) + ";";
        }
        CHECK(seen == "1abc;2;3d;");
        CHECK_FALSE(inbox.malformed());
    }
    FrameInbox inbox(10);
    inbox.feed(frame_head(1, 11));
    CHECK_FALSE(inbox.next());
    CHECK(inbox.malformed());
    inbox.feed(Bytes(20, 0));
    CHECK_FALSE(inbox.next());
}

TEST_CASE("the listener's file is private, replaces a socket that is left over and nothing else, and goes with it") {
    const pgveil::test::Directory dir;
    const std::string path = dir.path / "s";
    {
        auto left_over = LocalListener::listen(path);
        REQUIRE(left_over);
        auto listener = LocalListener::listen(path);
        REQUIRE_MESSAGE(listener, (listener ? "" : listener.error()));
        struct stat info {};
        REQUIRE(::lstat(path.c_str(), &info) == 0);
        CHECK((info.st_mode & 0777) == 0600);
        left_over = LocalListener();
        REQUIRE(::lstat(path.c_str(), &info) == 0);   // not the one it made
        auto connected = connect_local(path);
        REQUIRE(connected);
        REQUIRE(*connected);
        const Fd accepted = listener->accept();
        CHECK(accepted);
        CHECK_FALSE(listener->accept());
    }
    auto nobody = connect_local(path);
    REQUIRE(nobody);
    CHECK_FALSE(*nobody);
    std::ofstream(path) << "planted";
    CHECK_FALSE(LocalListener::listen(path));
    CHECK_FALSE(connect_local(path));
    std::filesystem::remove(path);
    std::filesystem::create_symlink(dir.path / "elsewhere", path);
    auto elsewhere = LocalListener::listen(dir.path / "elsewhere");
    REQUIRE(elsewhere);
    CHECK_FALSE(LocalListener::listen(path));
    CHECK_FALSE(connect_local(path));
    CHECK_FALSE(LocalListener::listen(dir.path / std::string(200, 'x')));
}
