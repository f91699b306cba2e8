#include "net/stream.h"

#include <doctest/doctest.h>

#include <functional>
#include <thread>

#include "sockets.h"

using namespace pgveil;
using namespace pgveil::net;
using namespace pgveil::net::test;

namespace {

struct Recorder final : StreamUser {
    std::string data;
    int ends = 0, hangups = 0, drains = 0;
    std::optional<CloseReason> closed;
    std::function<void(Stream&)> at_data, at_end, at_drained, at_hangup, at_closed;

    void on_data(Stream& stream, ByteView bytes) override {
        data += text_of(bytes);
        if (at_data) at_data(stream);
    }
    void on_end(Stream& stream) override {
        ++ends;
        if (at_end) at_end(stream);
    }
    void on_hangup(Stream& stream) override {
        ++hangups;
        if (at_hangup) at_hangup(stream);
    }
    void on_drained(Stream& stream) override {
        ++drains;
        if (at_drained) at_drained(stream);
    }
    void on_secured(Stream&) override { FAIL("no TLS here"); }
    void on_closed(Stream& stream, CloseReason reason) override {
        closed = reason;
        if (at_closed) at_closed(stream);
    }
};

void say(const Fd& fd, std::string_view text) {
    REQUIRE(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
}
void turns(EventLoop& loop, int count) {
    for (int i = 0; i < count; ++i) {
        loop.post([] {});
        loop.run_once();
    }
}

}  // namespace

TEST_CASE("bytes come in, and what is written in one turn goes out in one piece") {
    EventLoop loop;
    Pair pair = unix_pair();
    Recorder user;
    Stream stream(loop, std::move(pair.ours), user);
    say(pair.theirs, "hello");
    while (user.data.size() < 5) loop.run_once();
    CHECK(user.data == "hello");
    CHECK(stream.bytes_received() == 5);

    stream.write(bytes_of("a"));
    append(stream.out(), std::string_view("b"));
    stream.written();
    stream.write(Bytes{'c'});
    CHECK(stream.queued_bytes() == 3);
    char buffer[8];
    CHECK(::recv(pair.theirs.get(), buffer, sizeof buffer, MSG_DONTWAIT) < 0);
    turns(loop, 1);
    CHECK(::recv(pair.theirs.get(), buffer, sizeof buffer, 0) == 3);
    CHECK(std::string_view(buffer, 3) == "abc");
    CHECK(stream.queued_bytes() == 0);
    CHECK(stream.bytes_sent() == 3);
}

TEST_CASE("a slow reader fills the queue, nothing is lost, and drained is told once") {
    EventLoop loop;
    Pair pair = unix_pair();
    Recorder user;
    Stream stream(loop, std::move(pair.ours), user);
    const std::string big(4'000'000, 'x');
    stream.write(bytes_of(big));
    stream.write(bytes_of("end"));
    stream.notify_drained(1000);
    turns(loop, 3);
    CHECK(stream.queued_bytes() > 1000);
    CHECK(user.drains == 0);
    std::string got;
    std::thread reader([&] {
        char buffer[65536];
        while (got.size() < big.size() + 3) {
            const auto size = ::recv(pair.theirs.get(), buffer, sizeof buffer, 0);
            if (size <= 0) break;
            got.append(buffer, static_cast<std::size_t>(size));
        }
    });
    while (user.drains == 0) loop.run_once();
    while (stream.queued_bytes() > 0) loop.run_once();
    reader.join();
    CHECK(got == big + "end");
    turns(loop, 2);
    CHECK(user.drains == 1);
}

TEST_CASE("an idle stream holds no buffer; its room goes to the loop's next writer") {
    EventLoop loop;
    Pair one = unix_pair(), two = unix_pair();
    Recorder user;
    Stream first(loop, std::move(one.ours), user), second(loop, std::move(two.ours), user);
    first.write(bytes_of(std::string(10'000, 'x')));
    const Byte* const room = first.out().data();
    CHECK(loop.buffers().size() == 0);
    turns(loop, 1);
    CHECK(loop.buffers().size() == 1);
    second.write(bytes_of("y"));
    CHECK(second.out().data() == room);
    CHECK(loop.buffers().size() == 0);
}

TEST_CASE("drained comes even if the queue was below the mark when asked, but never from inside the call") {
    EventLoop loop;
    Pair pair = unix_pair();
    Recorder user;
    Stream stream(loop, std::move(pair.ours), user);
    stream.notify_drained(0);
    CHECK(user.drains == 0);
    turns(loop, 1);
    CHECK(user.drains == 1);
}

TEST_CASE("while reading is paused nothing is delivered, and all of it afterwards") {
    EventLoop loop;
    Pair pair = unix_pair();
    Recorder user;
    Stream stream(loop, std::move(pair.ours), user);
    stream.pause_reading();
    say(pair.theirs, "early");
    turns(loop, 3);
    CHECK(user.data.empty());
    stream.resume_reading();
    turns(loop, 1);
    CHECK(user.data == "early");
    CHECK(user.hangups == 0);
}

TEST_CASE("pausing inside on_data stops the delivery there") {
    EventLoop loop;
    Pair pair = unix_pair();
    Recorder user;
    user.at_data = [](Stream& s) { s.pause_reading(); };
    Stream stream(loop, std::move(pair.ours), user);
    const std::string big(150'000, 'q');
    std::thread writer([&] { say(pair.theirs, big); });
    std::size_t before = 0;
    while (user.data.size() < big.size()) {
        loop.run_once();
        turns(loop, 2);
        if (user.data.size() == before) continue;
        CHECK(user.data.size() - before <= EventLoop::kReadBuffer);
        before = user.data.size();
        stream.resume_reading();
    }
    writer.join();
    CHECK(user.data == big);
}

TEST_CASE("the peer's end comes after its last byte, once, and writing still works") {
    EventLoop loop;
    Pair pair = tcp_pair();
    Recorder user;
    Stream stream(loop, std::move(pair.ours), user);
    say(pair.theirs, "last words");
    ::shutdown(pair.theirs.get(), SHUT_WR);
    while (user.ends == 0) loop.run_once();
    CHECK(user.data == "last words");
    stream.write(bytes_of("answer"));
    stream.close_after_flush();
    while (!user.closed) loop.run_once();
    CHECK(user.closed == CloseReason::Flushed);
    CHECK(user.ends == 1);
    CHECK(read_to_end(pair.theirs.get()) == "answer");
}

TEST_CASE("a peer that leaves while reading is paused is noticed, once, and its bytes are not lost") {
    EventLoop loop;
    Pair pair = tcp_pair();
    Recorder user;
    Stream stream(loop, std::move(pair.ours), user);
    stream.pause_reading();
    say(pair.theirs, "unread");
    pair.theirs.reset();
    while (user.hangups == 0) loop.run_once();
    turns(loop, 3);
    CHECK(user.hangups == 1);
    CHECK(user.data.empty());
    CHECK_FALSE(user.closed);
    stream.resume_reading();
    while (user.ends == 0) loop.run_once();
    CHECK(user.data == "unread");
}

TEST_CASE("a reset is told, also while reading is paused") {
    for (const bool paused : {false, true}) {
        EventLoop loop;
        Pair pair = tcp_pair();
        Recorder user;
        Stream stream(loop, std::move(pair.ours), user);
        if (paused) stream.pause_reading();
        turns(loop, 1);
        reset_connection(pair.theirs);
        while (!user.closed) loop.run_once();
        CHECK(user.closed == CloseReason::Reset);
        CHECK(stream.closed());
        CHECK_FALSE(stream.detail().empty());
    }
}

TEST_CASE("what the peer said before it stopped reading us is delivered though writing fails") {
    EventLoop loop;
    Pair pair = unix_pair();
    Recorder user;
    Stream stream(loop, std::move(pair.ours), user);
    say(pair.theirs, "FATAL: why");
    pair.theirs.reset();
    stream.write(bytes_of("too late"));
    while (user.ends == 0 && !user.closed) loop.run_once();
    CHECK(user.data == "FATAL: why");
    stream.write(bytes_of("more"));
    CHECK(stream.queued_bytes() == 0);
}

TEST_CASE("a write that fails while reading is paused closes the stream") {
    EventLoop loop;
    Pair pair = unix_pair();
    Recorder user;
    Stream stream(loop, std::move(pair.ours), user);
    stream.pause_reading();
    pair.theirs.reset();
    stream.write(bytes_of("x"));
    while (!user.closed) loop.run_once();
    CHECK(user.closed == CloseReason::Reset);
}

TEST_CASE("closing after the flush sends everything, even to a peer that talks on") {
    EventLoop loop;
    Pair pair = tcp_pair();
    Recorder user;
    Stream stream(loop, std::move(pair.ours), user);
    const std::string farewell(700'000, 'f');
    stream.write(bytes_of(farewell));
    stream.close_after_flush();
    stream.write(bytes_of("not this"));
    std::string got;
    say(pair.theirs, std::string(50'000, 'n'));
    std::thread reader([&] { got = read_to_end(pair.theirs.get()); });
    while (!user.closed) loop.run_once();
    reader.join();
    CHECK(user.closed == CloseReason::Flushed);
    CHECK(got == farewell);
    CHECK(user.data.empty());
}

TEST_CASE("after close nothing is sent, nothing is called") {
    EventLoop loop;
    Pair pair = unix_pair();
    Recorder user;
    Stream stream(loop, std::move(pair.ours), user);
    say(pair.theirs, "in");
    stream.write(bytes_of("out"));
    stream.close();
    stream.close();
    stream.write(bytes_of("out"));
    stream.notify_drained(10);
    stream.resume_reading();
    stream.close_after_flush();
    turns(loop, 3);
    CHECK(read_to_end(pair.theirs.get()).empty());
    CHECK(user.data.empty());
    CHECK(user.drains == 0);
    CHECK_FALSE(user.closed);
    CHECK_FALSE(stream.input_waiting());
}

TEST_CASE("a stream may be destroyed inside every callback") {
    enum class Where { Data, End, Hangup, Drained, Closed };
    for (const auto where : {Where::Data, Where::End, Where::Hangup, Where::Drained, Where::Closed}) {
        EventLoop loop;
        Pair pair = tcp_pair();
        Recorder user;
        auto stream = std::make_unique<Stream>(loop, std::move(pair.ours), user);
        const auto destroy = [&](Stream&) { stream.reset(); };
        switch (where) {
            case Where::Data: user.at_data = destroy; say(pair.theirs, "x"); break;
            case Where::End: user.at_end = destroy; pair.theirs.reset(); break;
            case Where::Hangup: user.at_hangup = destroy; stream->pause_reading(); pair.theirs.reset(); break;
            case Where::Drained: user.at_drained = destroy; stream->notify_drained(0); break;
            case Where::Closed: user.at_closed = destroy; stream->close_after_flush(); break;
        }
        while (stream) loop.run_once();
        turns(loop, 2);
    }
}

TEST_CASE("a stream that closes itself in on_data gets no more of it") {
    EventLoop loop;
    Pair pair = unix_pair();
    Recorder user;
    user.at_data = [](Stream& s) { s.close(); };
    Stream stream(loop, std::move(pair.ours), user);
    std::thread writer([&] {
        const std::string big(200'000, 'z');
        static_cast<void>(::send(pair.theirs.get(), big.data(), big.size(), MSG_NOSIGNAL));
    });
    while (!stream.closed()) loop.run_once();
    writer.join();
    turns(loop, 3);
    CHECK(user.data.size() <= EventLoop::kReadBuffer);
    CHECK(user.ends == 0);
}

TEST_CASE("one busy peer does not keep another from its turn") {
    EventLoop loop;
    Pair busy = unix_pair(), quiet = unix_pair();
    Recorder busy_user, quiet_user;
    Stream busy_stream(loop, std::move(busy.ours), busy_user);
    Stream quiet_stream(loop, std::move(quiet.ours), quiet_user);
    bool stop = false;
    busy_user.at_data = [&](Stream&) { stop = stop || !quiet_user.data.empty() || busy_user.data.size() > 50'000'000; };
    std::thread writer([&] {
        const std::string chunk(60'000, 'b');
        while (::send(busy.theirs.get(), chunk.data(), chunk.size(), MSG_NOSIGNAL) > 0) {}
    });
    while (busy_user.data.empty()) loop.run_once();
    say(quiet.theirs, "me");
    const auto before = busy_user.data.size();
    while (!stop) loop.run_once();
    CHECK(quiet_user.data == "me");
    CHECK(busy_user.data.size() - before < 5'000'000);
    busy_stream.close();
    writer.join();
}

TEST_CASE("bytes nobody read yet are seen waiting, and stay") {
    EventLoop loop;
    Pair pair = unix_pair();
    Recorder user;
    Stream stream(loop, std::move(pair.ours), user);
    CHECK_FALSE(stream.input_waiting());
    say(pair.theirs, "smuggled");
    CHECK(stream.input_waiting());
    while (user.data.size() < 8) loop.run_once();
    CHECK(user.data == "smuggled");
}

TEST_CASE("streams and listeners leave no descriptor behind, however they end") {
    const auto open_descriptors = [] {
        const auto all = std::filesystem::directory_iterator("/proc/self/fd");
        return std::distance(begin(all), end(all));
    };
    const auto before = open_descriptors();
    {
        EventLoop loop;
        for (int i = 0; i < 40; ++i) {
            Pair pair = tcp_pair();
            Recorder user;
            Stream stream(loop, std::move(pair.ours), user);
            if (i % 4 == 0) stream.close();
            if (i % 4 == 1) reset_connection(pair.theirs);
            if (i % 4 == 2) stream.close_after_flush();
            stream.write(bytes_of("x"));
            turns(loop, i % 3);
        }
        turns(loop, 3);
    }
    CHECK(open_descriptors() == before);
}

TEST_CASE("a handed-over connection is dropped on the loop's thread when the stream ends") {
    EventLoop loop;
    Pair pair = unix_pair();
    Recorder user;
    auto keeper = std::make_shared<Fd>(std::move(pair.ours));
    std::weak_ptr<Fd> watch = keeper;
    const int fd = keeper->get();
    Stream stream(loop, HandedOver{.fd = fd, .ssl = nullptr, .owner = std::move(keeper)}, user);
    say(pair.theirs, "hello");
    while (user.data.size() < 5) loop.run_once();
    CHECK_FALSE(watch.expired());
    stream.close();
    turns(loop, 1);
    CHECK(watch.expired());
    CHECK(read_to_end(pair.theirs.get()).empty());
}

TEST_CASE("a handed-over connection is given back at rest only, and goes on elsewhere") {
    EventLoop loop;
    Pair pair = unix_pair();
    Recorder user;
    auto keeper = std::make_shared<Fd>(std::move(pair.ours));
    const int fd = keeper->get();
    Stream stream(loop, HandedOver{.fd = fd, .ssl = nullptr, .owner = std::move(keeper)}, user);
    turns(loop, 1);
    stream.write(bytes_of("a"));
    CHECK(stream.release().fd == -1);
    CHECK_FALSE(stream.closed());
    turns(loop, 1);
    HandedOver back = stream.release();
    CHECK(back.fd == fd);
    CHECK(stream.closed());
    turns(loop, 2);

    Recorder next;
    Stream second(loop, std::move(back), next);
    say(pair.theirs, "hello");
    while (next.data.size() < 5) loop.run_once();
    CHECK(user.data.empty());
    second.write(bytes_of("b"));
    turns(loop, 1);
    char buffer[8];
    CHECK(::recv(pair.theirs.get(), buffer, sizeof buffer, 0) == 2);

    Pair other = unix_pair();
    Stream own(loop, std::move(other.ours), user);
    turns(loop, 1);
    CHECK(own.release().fd == -1);
    CHECK_FALSE(own.closed());
}
