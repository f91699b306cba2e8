#include "proxy/desk.h"

#include <algorithm>
#include <future>

namespace pgveil::proxy {

WallTime wall_now() { return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now()); }

Desk::Desk(std::unique_ptr<control::ControlService> service, std::function<void(const RequestView*)> changed)
    : service_(std::move(service)) {
    service_->on_change(std::move(changed));
    thread_ = std::thread([this] { run(); });
}

Desk::~Desk() {
    {
        const std::scoped_lock lock(mutex_);
        ending_ = true;
    }
    posted_.notify_one();
    thread_.join();
}

void Desk::open() {
    {
        const std::scoped_lock lock(mutex_);
        open_ = true;
    }
    posted_.notify_one();
}

void Desk::close() {
    std::unique_lock lock(mutex_);
    open_ = false;
    rested_.wait(lock, [this] { return !busy_; });
}

void Desk::post(std::move_only_function<void(control::ControlService&)> task) {
    {
        const std::scoped_lock lock(mutex_);
        tasks_.push_back(std::move(task));
    }
    posted_.notify_one();
}

void Desk::call(const std::function<void(control::ControlService&)>& task) {
    std::promise<void> done;
    post([&](control::ControlService& service) {
        task(service);
        done.set_value();
    });
    done.get_future().wait();
}

// Expiry is an event, not a look-up: the service says when the next one is due, a second at most is slept.
void Desk::run() {
    std::unique_lock lock(mutex_);
    const auto unlocked = [&](auto&& work) {
        busy_ = true;
        lock.unlock();
        work();
        lock.lock();
        busy_ = false;
        rested_.notify_all();
    };
    while (true) {
        if (!open_ || tasks_.empty()) {
            if (ending_) return;
            WallTime next = WallTime::max();
            if (open_) unlocked([&] { next = service_->tick(wall_now()); });
            const auto sleep = std::clamp<std::chrono::microseconds>(next - wall_now(), std::chrono::milliseconds(20), std::chrono::milliseconds(500));
            posted_.wait_for(lock, sleep, [this] { return (open_ && !tasks_.empty()) || ending_; });
            continue;
        }
        auto task = std::move(tasks_.front());
        tasks_.pop_front();
        unlocked([&] { task(*service_); });
    }
}

}  // namespace pgveil::proxy
