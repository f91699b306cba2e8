// Worker: one event loop, its thread, its sessions, its plan cache and scratch memory.
//
// A client and its server connection live on one worker. Only post() may be called from other threads.
// Owner: Proxy.
#pragma once

#include <deque>
#include <memory>
#include <thread>
#include <unordered_map>

#include "net/listener.h"
#include "proxy/shared.h"
#include "relay/relay.h"

namespace pgveil::proxy {

class Link;
class Renewal;
class Worker;
struct Warmth;

/// Called when a CancelRequest is carried out, or needs nothing more: once, on any thread.
using CancelAsker = std::function<void()>;

class Worker {
  public:
    Worker(Shared& shared, unsigned index, WorldPtr world);
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void start();
    /// Drops its sessions and ends the loop.
    void stop();
    void join();
    /// From the log's thread.
    void journal_progressed() { journal_wakeup_.poke(); }
    /// Runs `task` on the worker's thread.
    void post(std::move_only_function<void(Worker&)> task);

    // the rest on the worker's thread only
    void adopt(net::Accepted accepted, bool admin_listener);
    /// `passed`: by the service manager.
    void listen(net::ListenSocket socket, bool admin_listener, bool passed);
    struct Door {
        std::unique_ptr<net::Listener> listener;
        bool admin = false, passed = false;
    };
    [[nodiscard]] const std::vector<Door>& doors() const { return doors_; }
    /// `keep_files`: another process listens on the same sockets.
    void stop_listening(bool keep_files);
    void use(WorldPtr world);
    void use(relay::DatabaseViewPtr view, bool refreshed);
    void use(PermissionsPtr permissions);
    void request_changed(const std::string& id);
    void cancel(std::uint64_t session, CancelAsker asker);
    void kill(std::uint64_t session, const std::string& why);
    void kill_named(const std::string& name, const std::string& why);
    /// Ends idle sessions now, the others when they are idle or when `force`.
    void drain(bool force);
    /// Another process has taken over: as drain, but whoever has just come is served first.
    void leave();
    /// The connection that a CancelRequest came on.
    [[nodiscard]] CancelAsker asker(std::uint64_t link);
    [[nodiscard]] Link* link(std::uint64_t session);
    void forget(std::uint64_t session);
    /// Brings a server connection back to its start, for Shared::warm.
    void renew(Warmth warmth);

    /// Appends to the log; the link hears what it awaits by on_written or on_durable(number).
    void append(std::uint64_t session, std::uint64_t number, relay::Awaited awaited, audit::Record record);

    [[nodiscard]] Shared& shared() { return shared_; }
    [[nodiscard]] net::EventLoop& loop() { return loop_; }
    [[nodiscard]] relay::Tools& tools() { return tools_; }
    [[nodiscard]] const WorldPtr& world() const { return world_; }
    [[nodiscard]] const PermissionsPtr& permissions() const { return permissions_; }
    [[nodiscard]] relay::DatabaseViewPtr view(std::string_view database) const;
    [[nodiscard]] unsigned index() const { return index_; }
    [[nodiscard]] bool draining() const { return draining_; }
    [[nodiscard]] bool leaving() const { return leaving_ && !draining_; }
    [[nodiscard]] std::size_t links() const { return links_.size(); }

  private:
    struct Waiting {
        std::uint64_t sequence, session, number;
    };
    struct Unsent {
        std::uint64_t session, number;
        relay::Awaited awaited;
        audit::Record record;
    };
    /// Group durability: one write for the records of a turn, after the turn's bytes have left.
    class RecordWriter final : public net::TurnWork {
      public:
        explicit RecordWriter(Worker& worker) : worker_(worker) {}

      private:
        void turn() override;
        Worker& worker_;
        bool waited_ = false;
    };
    void accepted(std::uint64_t sequence, std::uint64_t session, std::uint64_t number, relay::Awaited awaited);
    void write_records();
    void journal_moved();
    void flush_unsent();
    void check_grants();
    void end_rested(const std::string& why);

    Shared& shared_;
    unsigned index_;
    net::EventLoop loop_;
    WorldPtr world_;
    PermissionsPtr permissions_ = std::make_shared<const Permissions>();
    std::unordered_map<std::string, relay::DatabaseViewPtr> views_;
    relay::Tools tools_;
    std::unordered_map<std::uint64_t, std::unique_ptr<Link>> links_;
    std::unordered_map<std::uint64_t, std::unique_ptr<Renewal>> renewals_;
    std::uint64_t next_renewal_ = 1;
    std::vector<Door> doors_;
    std::deque<Waiting> waiting_;        // appended, not yet durable; in order
    std::vector<Waiting> unwritten_;     // group durability: appended in this turn
    RecordWriter record_writer_{*this};
    std::deque<Unsent> unsent_;          // the journal's queue was full
    net::Wakeup journal_wakeup_;
    net::Timer grants_timer_;
    bool draining_ = false, leaving_ = false, journal_failed_told_ = false;
    std::size_t next_worker_ = 0;
    std::thread thread_;
};

}  // namespace pgveil::proxy
