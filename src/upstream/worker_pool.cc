#include "upstream/worker_pool.h"

#include <algorithm>

namespace pgveil::upstream {

WorkerPool::WorkerPool(unsigned threads) : threads_wanted_(std::max(1U, threads)) {
    for (std::size_t i = 0; i < threads_wanted_; ++i) threads_.emplace_back([this] { work(); });
}

WorkerPool::~WorkerPool() {
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
    }
    changed_.notify_all();
    threads_.clear();
    for (Waiting& waiting : jobs_) waiting.job(false);
}

void WorkerPool::add(std::string destination, Job job) {
    {
        const std::lock_guard lock(mutex_);
        jobs_.push_back({std::move(destination), std::move(job)});
    }
    changed_.notify_one();
}

std::size_t WorkerPool::waiting() const {
    const std::lock_guard lock(mutex_);
    return jobs_.size();
}

std::deque<WorkerPool::Waiting>::iterator WorkerPool::next() {
    const std::size_t free = threads_wanted_ - busy_, most = std::max<std::size_t>(1, threads_wanted_ / 2);
    return std::ranges::find_if(jobs_, [&](const Waiting& waiting) {
        const auto found = running_.find(waiting.destination);
        return found == running_.end() || (found->second < most && free > 1);
    });
}

void WorkerPool::work() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return closing_ || next() != jobs_.end(); });
        if (closing_) return;
        const auto chosen = next();
        Waiting now = std::move(*chosen);
        jobs_.erase(chosen);
        ++busy_;
        ++running_[now.destination];
        lock.unlock();
        now.job(true);
        now.job = nullptr;   // what it holds dies outside the lock
        lock.lock();
        --busy_;
        if (--running_[now.destination] == 0) running_.erase(now.destination);
        changed_.notify_all();   // another destination may go on now
    }
}

}  // namespace pgveil::upstream
