// Desk: the control thread. Grants, requests and console commands are handled here, one after the other;
// store and log may block it, never a worker.
//
// Any thread posts; answers go back through the poster's own loop. Owner: proxy. Reads no hostile bytes
// itself: statements and console texts pass through control/ and console/.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "control/service.h"

namespace pgveil::proxy {

[[nodiscard]] WallTime wall_now();

class Desk {
  public:
    /// Closed at first. `changed` is called on the desk's thread after grants or a request changed.
    Desk(std::unique_ptr<control::ControlService> service, std::function<void(const RequestView*)> changed);
    /// Handles what was posted, if it is open, then ends.
    ~Desk();
    Desk(const Desk&) = delete;
    Desk& operator=(const Desk&) = delete;

    void open();
    /// Waits for the end of the task at hand; what is posted from now on waits until it is open again. Never on its thread.
    void close();

    void post(std::move_only_function<void(control::ControlService&)> task);
    /// Posts and waits for the end of `task`: start and reload only, never on a loop.
    void call(const std::function<void(control::ControlService&)>& task);

  private:
    void run();
    std::unique_ptr<control::ControlService> service_;
    std::mutex mutex_;
    std::condition_variable posted_, rested_;
    std::deque<std::move_only_function<void(control::ControlService&)>> tasks_;
    bool ending_ = false, open_ = false, busy_ = false;
    std::thread thread_;
};

}  // namespace pgveil::proxy
