// WorkerPool: a few threads and a queue of jobs, for calls that block. Private to upstream. Not hostile.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace pgveil::upstream {

/// A job is told whether it is to be done; false: the pool is closing, say so to whoever waits.
using Job = std::move_only_function<void(bool wanted)>;

class WorkerPool {
  public:
    explicit WorkerPool(unsigned threads);
    /// Waits for jobs under way; queued ones run as unwanted, here.
    ~WorkerPool();
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;
    void add(Job job);
    [[nodiscard]] std::size_t waiting() const;

  private:
    void work();
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Job> jobs_;
    bool closing_ = false;
    std::vector<std::jthread> threads_;
};

}  // namespace pgveil::upstream
