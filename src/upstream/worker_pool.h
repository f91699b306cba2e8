// WorkerPool: a few threads and a queue of jobs, for calls that block. Private to upstream. Not hostile.
//
// Jobs for one destination take half of the threads at most, and the last free thread goes to a destination that has
// none: a server that lets everybody wait makes only its own clients wait.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
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
    /// Of one destination in the order they came.
    void add(std::string destination, Job job);
    [[nodiscard]] std::size_t waiting() const;

  private:
    struct Waiting {
        std::string destination;
        Job job;
    };
    void work();
    [[nodiscard]] std::deque<Waiting>::iterator next();
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Waiting> jobs_;
    std::map<std::string, std::size_t> running_;   // by destination
    std::size_t busy_ = 0, threads_wanted_ = 1;
    bool closing_ = false;
    std::vector<std::jthread> threads_;
};

}  // namespace pgveil::upstream
