#include "net/event_loop.h"

#include <uv.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace pgveil::net {
namespace {

// libuv fails here only for want of memory or descriptors at start-up: there is no loop to report on.
void must(int result, const char* what) {
    if (result == 0) return;
    std::fprintf(stderr, "pgveil: %s: %s\n", what, uv_strerror(result));
    std::abort();
}

}  // namespace

void TurnWork::unlink() noexcept {
    next_->previous_ = previous_;
    previous_->next_ = next_;
    next_ = previous_ = this;
}

void TurnWork::link_before(TurnWork& other) noexcept {
    previous_ = other.previous_;
    next_ = &other;
    previous_->next_ = this;
    other.previous_ = this;
}

struct EventLoop::Handles {
    uv_loop_t loop;
    uv_prepare_t prepare;
    uv_check_t check;
    uv_idle_t idle;
    uv_async_t async;

    uv_handle_t* all(std::size_t i) {
        uv_handle_t* const handles[] = {reinterpret_cast<uv_handle_t*>(&prepare), reinterpret_cast<uv_handle_t*>(&check),
                                        reinterpret_cast<uv_handle_t*>(&idle), reinterpret_cast<uv_handle_t*>(&async)};
        return handles[i];
    }
};

EventLoop::EventLoop()
    : handles_(std::make_unique<Handles>()), read_buffer_(std::make_unique_for_overwrite<Byte[]>(kReadBuffer)) {
    // libpq and OpenSSL write to sockets without MSG_NOSIGNAL in places.
    static const auto previous = std::signal(SIGPIPE, SIG_IGN);
    static_cast<void>(previous);
    Handles& h = *handles_;
    must(uv_loop_init(&h.loop), "uv_loop_init");
    h.loop.data = this;
    must(uv_prepare_init(&h.loop, &h.prepare), "uv_prepare_init");
    must(uv_check_init(&h.loop, &h.check), "uv_check_init");
    must(uv_idle_init(&h.loop, &h.idle), "uv_idle_init");
    must(uv_async_init(&h.loop, &h.async,
                       [](uv_async_t* a) { static_cast<EventLoop*>(a->loop->data)->run_posted(); }), "uv_async_init");
    uv_prepare_start(&h.prepare, [](uv_prepare_t* p) { static_cast<EventLoop*>(p->loop->data)->before_wait(); });
    uv_check_start(&h.check, [](uv_check_t* c) { static_cast<EventLoop*>(c->loop->data)->run_work(); });
}

EventLoop::~EventLoop() {
    posted_.clear();
    for (std::size_t i = 0; i < 4; ++i) uv_close(handles_->all(i), nullptr);
    // A stop() nobody ran for ends the first turn early; closing needs one more.
    for (int i = 0; i < 4; ++i) uv_run(&handles_->loop, UV_RUN_NOWAIT);
    must(uv_loop_close(&handles_->loop), "uv_loop_close (something still lives on the loop)");
}

void EventLoop::run() { uv_run(&handles_->loop, UV_RUN_DEFAULT); }
void EventLoop::run_once() { uv_run(&handles_->loop, UV_RUN_ONCE); }
void EventLoop::stop() { uv_stop(&handles_->loop); }
uv_loop_s* EventLoop::uv() noexcept { return &handles_->loop; }

void EventLoop::post(std::move_only_function<void()> task) {
    {
        const std::lock_guard lock(mutex_);
        posted_.push_back(std::move(task));
    }
    uv_async_send(&handles_->async);
}

void EventLoop::run_posted() {
    std::vector<std::move_only_function<void()>> tasks;
    {
        const std::lock_guard lock(mutex_);
        tasks.swap(posted_);
    }
    for (auto& task : tasks) task();
}

void EventLoop::at_turn_end(TurnWork& work) noexcept {
    if (!work.linked()) work.link_before(work_);
}

// Twice a turn: after the poll for what the poll caused, and before the next for what timers caused.
void EventLoop::run_work() {
    while (work_.linked()) {
        TurnWork& first = *work_.next_;
        first.unlink();
        first.link_before(running_);
    }
    while (running_.linked()) {
        TurnWork& first = *running_.next_;
        first.unlink();
        first.turn();
    }
}

void EventLoop::before_wait() {
    run_work();
    // Work that asked for another turn must not wait for a socket: an idle handle makes the poll return at once.
    if (work_.linked()) uv_idle_start(&handles_->idle, [](uv_idle_t*) {});
    else uv_idle_stop(&handles_->idle);
}

Now EventLoop::now() const {
    return {std::chrono::steady_clock::now(),
            std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now())};
}

// A handle outlives its owner until libuv has closed it, so a callback may destroy the Timer it belongs to.
struct Timer::Handle {
    uv_timer_t timer;
    std::function<void()> fire;

    static void fired(uv_timer_t* timer) { static_cast<Handle*>(timer->data)->fire(); }
};

Timer::Timer(EventLoop& loop, std::function<void()> fire) : handle_(new Handle{.timer = {}, .fire = std::move(fire)}) {
    uv_timer_init(loop.uv(), &handle_->timer);
    handle_->timer.data = handle_;
}

Timer::~Timer() {
    uv_timer_stop(&handle_->timer);
    uv_close(reinterpret_cast<uv_handle_t*>(&handle_->timer),
             [](uv_handle_t* handle) { delete static_cast<Handle*>(handle->data); });
}

void Timer::start(std::chrono::milliseconds after) {
    uv_update_time(handle_->timer.loop);
    uv_timer_start(&handle_->timer, Handle::fired, static_cast<std::uint64_t>(std::max<std::int64_t>(0, after.count())), 0);
}

void Timer::start_every(std::chrono::milliseconds period) {
    const auto ms = static_cast<std::uint64_t>(std::max<std::int64_t>(1, period.count()));
    uv_update_time(handle_->timer.loop);
    uv_timer_start(&handle_->timer, Handle::fired, ms, ms);
}

void Timer::stop() { uv_timer_stop(&handle_->timer); }
bool Timer::running() const { return uv_is_active(reinterpret_cast<const uv_handle_t*>(&handle_->timer)) != 0; }

struct Wakeup::Handle {
    uv_async_t async;
    std::function<void()> woken;
    bool dead = false;
};

Wakeup::Wakeup(EventLoop& loop, std::function<void()> woken)
    : handle_(new Handle{.async = {}, .woken = std::move(woken)}) {
    handle_->async.data = handle_;
    must(uv_async_init(loop.uv(), &handle_->async, [](uv_async_t* async) {
        auto* self = static_cast<Handle*>(async->data);
        if (!self->dead) self->woken();
    }), "uv_async_init");
}

Wakeup::~Wakeup() {
    handle_->dead = true;
    uv_close(reinterpret_cast<uv_handle_t*>(&handle_->async),
             [](uv_handle_t* handle) { delete static_cast<Handle*>(handle->data); });
}

void Wakeup::poke() { uv_async_send(&handle_->async); }

}  // namespace pgveil::net
