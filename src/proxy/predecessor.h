// Predecessor: the process that this one has taken over from, as long as it still has sessions.
//
// Its records go into our log, its questions to our desk; it hears what is allowed, what was decided, and whom to end. A
// request that it was executing when it went is unknown from then on. Owner: Proxy; dies after the desk. Any thread,
// attach() and stop() once. Hostile: the frames, though only our own user can send any (net/local_channel.h).
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "control/message_codec.h"
#include "proxy/channel.h"
#include "proxy/worker.h"

namespace pgveil::proxy {

class Predecessor {
  public:
    /// `executing`: requests that it had begun (ServiceOptions::executing_goes_on).
    Predecessor(audit::Journal& journal, Desk& desk, LogLine log, std::vector<std::string> executing);
    ~Predecessor() { stop(); }
    Predecessor(const Predecessor&) = delete;
    Predecessor& operator=(const Predecessor&) = delete;

    void attach(net::Fd channel);
    void stop();
    [[nodiscard]] bool attached() const { return attached_; }

    /// From the log's thread.
    void journal_progressed();
    void tell(const control::Standing& standing);
    void tell_changed(const std::string& request);

    /// False: it cannot be asked, `asker` is not kept.
    [[nodiscard]] bool cancel(std::uint32_t pid, ByteView key, CancelAsker asker);
    bool kill(std::uint64_t session);
    std::size_t kill_agent(std::string_view name);
    std::size_t kill_database(std::string_view name);
    [[nodiscard]] std::vector<SessionDetails> sessions() const;

  private:
    bool on_frame(Handover type, ByteView body);
    bool on_append(ByteView body);
    bool on_asked(ByteView body);
    bool on_cancel_done(ByteView body);
    void answer(std::uint64_t number, const control::Ask& ask, control::ControlService& service);
    void take_unsent();
    void acknowledge();
    void regulate();
    void ended();
    std::size_t count(auto which) const;

    audit::Journal& journal_;
    Desk& desk_;
    LogLine log_;
    std::set<std::string> executing_;                 // desk's thread
    std::unique_ptr<Channel> channel_;
    std::atomic<bool> attached_{false}, progress_posted_{false};
    // channel's thread
    std::deque<std::pair<std::uint64_t, std::uint64_t>> appended_;   // our number, its number: not yet durable
    std::optional<std::pair<std::uint64_t, audit::Record>> unsent_;  // our log was full
    std::size_t asking_ = 0;
    bool done_ = false;
    std::atomic<bool> stopping_{false};
    mutable std::mutex mutex_;
    std::uint64_t next_ticket_ = 1;
    std::map<std::uint64_t, CancelAsker> cancels_;
    std::vector<SessionDetails> sessions_;
    std::thread thread_;
};

}  // namespace pgveil::proxy
