// EventLoop: one libuv loop and the thread that runs it; timers, pokes and work for the end of the turn.
//
// Everything built on a loop (Timer, Wakeup, Listener, Stream) belongs to the loop's thread and must die
// before it; only post() may be called from elsewhere. Constructing the first loop makes the process
// ignore SIGPIPE. Hostile: no. One owner.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "net/buffer_pool.h"
#include "pgveil/core/bytes.h"
#include "pgveil/core/clock.h"

struct uv_loop_s;
struct uv_handle_s;

namespace pgveil::net {

class EventLoop;

/// Something to be done once, soon: before the loop waits again. Dying takes it off the list.
class TurnWork {
  public:
    TurnWork(const TurnWork&) = delete;
    TurnWork& operator=(const TurnWork&) = delete;

  protected:
    TurnWork() = default;
    virtual ~TurnWork() { unlink(); }
    /// May destroy its object, and may ask for another turn.
    virtual void turn() = 0;

  private:
    friend class EventLoop;
    void unlink() noexcept;
    void link_before(TurnWork& other) noexcept;
    [[nodiscard]] bool linked() const noexcept { return next_ != this; }
    TurnWork* next_ = this;
    TurnWork* previous_ = this;
};

class EventLoop {
  public:
    EventLoop();
    /// Runs what libuv still has to close. Posted tasks that never ran are destroyed unrun.
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    /// Runs until stop().
    void run();
    /// One turn; waits for an event if there is nothing to do.
    void run_once();
    /// Ends run() after this turn. Loop thread; from others: post it.
    void stop();

    /// Runs `task` on the loop's thread, in posting order. Any thread.
    void post(std::move_only_function<void()> task);
    /// `work.turn()` before the loop waits again; asking twice is asking once. Loop thread.
    void at_turn_end(TurnWork& work) noexcept;

    [[nodiscard]] Now now() const;
    /// Room for one read, shared by all streams of the loop: a view into it lives until the next read.
    [[nodiscard]] std::span<Byte> read_buffer() noexcept { return {read_buffer_.get(), kReadBuffer}; }
    [[nodiscard]] BufferPool& buffers() noexcept { return buffers_; }
    [[nodiscard]] uv_loop_s* uv() noexcept;

    static constexpr std::size_t kReadBuffer = 64 * 1024;

  private:
    class Head final : public TurnWork {
        void turn() override {}
    };
    struct Handles;
    void run_work();
    void run_posted();
    void before_wait();

    std::unique_ptr<Handles> handles_;
    std::unique_ptr<Byte[]> read_buffer_;
    BufferPool buffers_;
    Head work_, running_;
    std::mutex mutex_;
    std::vector<std::move_only_function<void()>> posted_;
};

/// Calls back once, or again and again, after a time. Loop thread.
class Timer {
  public:
    Timer(EventLoop& loop, std::function<void()> fire);
    ~Timer();
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    /// Starting a running timer starts it anew. The callback may destroy the timer.
    void start(std::chrono::milliseconds after);
    void start_every(std::chrono::milliseconds period);
    void stop();
    [[nodiscard]] bool running() const;

  private:
    struct Handle;
    Handle* handle_;
};

/// Cross-thread poke: any number of poke() calls become at least one callback on the loop's thread.
/// Whoever pokes must be done before the owner (loop thread) destroys it.
class Wakeup {
  public:
    Wakeup(EventLoop& loop, std::function<void()> woken);
    ~Wakeup();
    Wakeup(const Wakeup&) = delete;
    Wakeup& operator=(const Wakeup&) = delete;
    void poke();

  private:
    struct Handle;
    Handle* handle_;
};

}  // namespace pgveil::net
