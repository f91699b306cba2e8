// Succession: the running process's side of a hand-over. Waits for the next process, lets go of log and store, takes them
// back if that one fails, and serves what is left of the sessions through it.
//
//   state   | what happens                                          | next
//   Alone   | a socket in the state directory waits for the next    | Handing
//   Handing | log, store and state are another's; records and       | Given, Alone, Lost
//           | questions wait; new connections are still taken       |
//   Given   | the other process serves; our sessions end            | Lost, or the end of this process
//   Lost    | the other process is gone, or nothing could be taken  | the end of this process
//           | back: the log has failed                              |
//
// One thread of its own. Owner: Proxy. Hostile: every byte; only our own user or root is heard (net/local_channel.h), one
// at a time, each wait has its limit.
#pragma once

#include <atomic>
#include <future>
#include <map>
#include <mutex>
#include <thread>

#include "control/messages.h"
#include "proxy/channel.h"

namespace pgveil::proxy {

class Proxy;

class Succession {
  public:
    enum class State : std::uint8_t { Lost, Given, Handing, Alone };
    explicit Succession(Proxy& proxy) : proxy_(proxy) {}
    ~Succession() { stop(); }
    Succession(const Succession&) = delete;
    Succession& operator=(const Succession&) = delete;

    /// Begins to wait. A sentence: nobody will be able to take over.
    [[nodiscard]] std::optional<std::string> start(const std::string& path);
    /// Workers and desk are gone: the last records are made durable, the other process is told good-bye. False: they are not.
    bool stop();
    [[nodiscard]] State state() const { return state_; }
    /// True: the hand-over under way ends the sessions, or `then` is called when it has failed.
    [[nodiscard]] bool put_off(std::function<void()> then);

    /// Given: relay's question, on the desk's thread; waits for the answer.
    [[nodiscard]] control::Answer ask(const control::Ask& ask);

  private:
    void run();
    void hear(net::Fd peer);
    void hand_over(net::Fd peer);
    void take_back(const std::string& why);
    void serve(net::Fd peer);
    void turn_away();
    [[nodiscard]] bool hello(int fd);
    [[nodiscard]] bool send_estate(int fd);
    [[nodiscard]] Result<net::LocalFrame, net::ChannelEnd> await(int fd, MonotonicTime deadline);
    bool on_frame(Handover type, ByteView body);
    bool on_answered(ByteView body);
    bool on_order(Handover type, ByteView body);
    bool on_cancel(ByteView body);
    void tell_sessions();
    void lost();

    Proxy& proxy_;
    net::LocalListener listener_;
    net::Fd wake_;
    std::atomic<State> state_{State::Alone};
    std::atomic<bool> stopping_{false};
    std::atomic<bool> good_bye_{false};
    std::unique_ptr<Channel> channel_;
    std::vector<std::uint64_t> told_;                 // sessions, as the other process knows them
    std::mutex mutex_;
    std::function<void()> put_off_;
    std::uint64_t next_ask_ = 1;
    std::map<std::uint64_t, std::promise<control::Answer>> asks_;
    std::thread thread_;
};

}  // namespace pgveil::proxy
