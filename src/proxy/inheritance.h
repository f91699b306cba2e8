// Inheritance: the new process's side of a hand-over, until it serves: ask, take, say that one is ready.
//
// Main thread, blocks; every wait has its limit. Owner: Proxy::start, outlives what was opened with it: the other process
// takes everything back when this ends. Hostile: the answers, as far as they go.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "net/local_channel.h"
#include "proxy/handover.h"

namespace pgveil::proxy {

class Inheritance {
  public:
    /// Asks whoever runs on this state. nullopt: nobody does. Refusal: a sentence for the operator.
    [[nodiscard]] static Result<std::optional<Inheritance>, std::string> ask(const std::string& state);

    struct Estate {
        std::vector<std::pair<HandedSocket, net::Fd>> sockets;
        std::uint64_t next_session = 0;
    };
    /// The other process lets go of state, log and store. Whoever is not ready() or failed() in time is ended, whatever it
    /// hangs in: only so can the other one go on.
    [[nodiscard]] Result<Estate, std::string> take();
    void failed(const std::string& why);
    /// Everything is open. From which number on sessions are ours; also if the other process has died meanwhile. Refusal:
    /// it has taken everything back.
    [[nodiscard]] Result<std::uint64_t, std::string> ready();

    [[nodiscard]] std::int64_t pid() const { return pid_; }
    [[nodiscard]] net::Fd release() { return std::move(fd_); }

  private:
    /// Ends the process when its time is over.
    class Deadline {
      public:
        Deadline();
        ~Deadline();
        Deadline(const Deadline&) = delete;
        Deadline& operator=(const Deadline&) = delete;

      private:
        std::mutex mutex_;
        std::condition_variable met_;
        bool done_ = false;
        std::thread thread_;
    };
    Inheritance(net::Fd fd, std::int64_t pid) : fd_(std::move(fd)), pid_(pid) {}
    net::Fd fd_;
    std::int64_t pid_ = 0;
    std::uint64_t next_session_ = 0;
    std::unique_ptr<Deadline> deadline_;
};

}  // namespace pgveil::proxy
