// Proxy: builds everything from a config, connects it, runs it, reloads it, drains it.
//
// start() either gives a running proxy or one sentence for the operator. Owner: cli/serve, main thread.
#pragma once

#include <memory>
#include <mutex>
#include <span>

#include "control/message_codec.h"
#include "net/fd.h"
#include "proxy/logbook.h"
#include "proxy/office.h"
#include "proxy/systemd.h"
#include "proxy/votes.h"
#include "proxy/worker.h"

namespace pgveil::proxy {

class Inheritance;
class Predecessor;
class Succession;
struct HandedSocket;

class Proxy final : private console::ConsoleHost {
  public:
    /// `replace`: takes over from the process that runs on the same state, if there is one.
    [[nodiscard]] static Result<std::unique_ptr<Proxy>, std::string> start(std::shared_ptr<const config::Config> config, LogLine log,
                                                                       std::vector<PassedSocket> passed = {}, bool replace = false);
    ~Proxy() override;

    /// SIGHUP, RELOAD: all or nothing.
    console::ReloadOutcome reload() override;
    /// SIGTERM, SHUTDOWN: no new sessions, idle ones end, the others at their next ReadyForQuery.
    void shutdown() override;
    /// The drain is over, or its time, or there was a second signal: end at once.
    void stop_now();
    /// Drained or told to stop: serve may return.
    [[nodiscard]] bool finished() const;
    /// Ends everything. Replaced: another process has taken over, and has every record. Lost: not so, the log has failed.
    enum class End : std::uint8_t { Lost, Replaced, Stopped };
    [[nodiscard]] End end();
    /// Another process takes over, or has.
    [[nodiscard]] bool replaced() const;
    /// This one has taken over from another.
    [[nodiscard]] bool replaces() const { return replaces_; }
    /// "127.0.0.1:6432", as bound.
    [[nodiscard]] const std::vector<std::string>& listening() const { return listening_; }

  private:
    friend class Succession;
    struct OpenDoor {
        net::ListenSocket socket;
        bool admin = false, passed = false;
    };
    struct Inherited {
        Inheritance* from = nullptr;
        std::vector<net::ListenSocket> sockets;
        std::map<std::string, net::ListenSocket::File> files;   // by the socket's text; ours once we serve
        void take_files(std::vector<OpenDoor>& doors);
    };
    Proxy(std::shared_ptr<const config::Config> config, LogLine log);
    [[nodiscard]] std::optional<std::string> prepare(bool inherits);
    [[nodiscard]] std::optional<std::string> inherit(Inheritance& from, std::vector<PassedSocket> passed);
    [[nodiscard]] std::optional<std::string> open_all(std::span<const PassedSocket> passed, Inherited inherited);
    [[nodiscard]] Result<std::vector<OpenDoor>, std::string> open_doors(std::span<const PassedSocket> passed, Inherited& inherited);
    void listen(OpenDoor door);
    void close();

    // threads.cc
    void make_desk();
    void start_workers();
    void start_catalogs();
    void start_votes();

    // state.cc
    [[nodiscard]] std::optional<std::string> lock_state(int tries = 1);
    [[nodiscard]] std::optional<std::string> load_keys(bool inherits);
    [[nodiscard]] std::optional<std::string> open_log();
    [[nodiscard]] std::optional<std::string> open_control(bool executing_goes_on);
    [[nodiscard]] std::string why_not_hand_over() const;
    [[nodiscard]] std::optional<std::string> give_away();
    [[nodiscard]] std::optional<std::string> take_back();
    [[nodiscard]] std::pair<std::vector<HandedSocket>, std::vector<net::Fd>> shared_doors();
    void leave(Logbook::Send send);
    template <class Task>
    static void at(Worker& worker, Task task);

    void publish_permissions();
    void use_permissions(control::Standing standing);
    void control_changed(const RequestView* request);
    void record_config(const config::Config& config);
    [[nodiscard]] control::ServiceOptions service_options(const config::Config& config) const;
    void everywhere(const std::function<void(Worker&)>& task);

    // ConsoleHost (host.cc)
    [[nodiscard]] std::string version() const override;
    [[nodiscard]] std::vector<console::ConfigEntry> config() const override;
    [[nodiscard]] std::vector<console::DatabaseInfo> databases() const override;
    [[nodiscard]] std::vector<console::AgentInfo> agents() const override;
    [[nodiscard]] std::vector<console::PersonInfo> people() const override;
    [[nodiscard]] std::vector<console::SessionInfo> sessions() const override;
    [[nodiscard]] std::vector<console::ServerInfo> servers() const override;
    [[nodiscard]] std::vector<console::RuleInfo> rules() const override;
    [[nodiscard]] std::vector<console::MaskedColumnInfo> masking() const override;
    [[nodiscard]] std::vector<console::StatsInfo> stats() const override;
    [[nodiscard]] audit::JournalStatus audit() const override;
    bool kill(SessionId session) override;
    std::size_t kill_agent(std::string_view agent) override;
    std::size_t kill_database(std::string_view database) override;

    [[nodiscard]] WorldPtr world() const;

    LogLine log_;
    std::shared_ptr<const config::Config> start_config_;
    mutable std::mutex mutex_;                 // world_, views_
    WorldPtr world_;
    std::map<std::string, relay::DatabaseViewPtr> views_;
    Keys keys_;
    Secret seal_key_;
    net::Fd state_lock_;
    bool new_state_ = false;
    Shared shared_;
    Logbook logbook_;
    std::unique_ptr<upstream::Connector> connector_;
    std::unique_ptr<upstream::Canceller> canceller_;
    std::unique_ptr<Desk> desk_;
    std::unique_ptr<Catalogs> catalogs_;
    std::unique_ptr<Votes> votes_;
    std::atomic<Votes*> voting_ = nullptr;     // votes_, for the catalogs' thread
    Office* office_ = nullptr;                 // the desk's; used on its thread, or while it is closed
    std::unique_ptr<Predecessor> predecessor_;
    std::unique_ptr<Succession> succession_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::vector<std::string> listening_;
    std::atomic<bool> stopping_ = false;
    std::atomic<WallTime> drain_until_ = WallTime::max();
    bool replaces_ = false, settled_ = false, closed_ = false;
    std::uint64_t world_versions_ = 0;
};

}  // namespace pgveil::proxy
