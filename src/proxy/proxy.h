// Proxy: builds everything from a config, connects it, runs it, reloads it, drains it.
//
// start() either gives a running proxy or one sentence for the operator. Owner: cli/serve, main thread.
#pragma once

#include <memory>
#include <mutex>
#include <span>

#include "net/fd.h"
#include "proxy/systemd.h"
#include "proxy/votes.h"
#include "proxy/worker.h"

namespace pgveil::proxy {

class Proxy final : private console::ConsoleHost {
  public:
    [[nodiscard]] static Result<std::unique_ptr<Proxy>, std::string> start(std::shared_ptr<const config::Config> config, LogLine log,
                                                                       std::vector<PassedSocket> passed = {});
    ~Proxy() override;

    /// SIGHUP, RELOAD: all or nothing.
    console::ReloadOutcome reload() override;
    /// SIGTERM, SHUTDOWN: no new sessions, idle ones end, the others at their next ReadyForQuery.
    void shutdown() override;
    /// The drain is over, or its time, or there was a second signal: end at once.
    void stop_now();
    /// Drained or told to stop: serve may return.
    [[nodiscard]] bool finished() const;
    /// "127.0.0.1:6432", as bound.
    [[nodiscard]] const std::vector<std::string>& listening() const { return listening_; }

  private:
    Proxy(std::shared_ptr<const config::Config> config, LogLine log);
    [[nodiscard]] std::optional<std::string> open_state();
    [[nodiscard]] std::optional<std::string> open_control();
    [[nodiscard]] std::optional<std::string> open_listeners(std::span<const PassedSocket> passed);
    void listen(net::ListenSocket socket, bool admin);
    void start_workers();
    void start_catalogs();
    void publish_permissions(control::ControlService& service);
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
    mutable std::mutex mutex_;                 // world_, views_
    WorldPtr world_;
    std::map<std::string, relay::DatabaseViewPtr> views_;
    Keys keys_;
    Secret seal_key_;
    net::Fd state_lock_;
    bool new_state_ = false;
    Shared shared_;
    std::unique_ptr<audit::Journal> journal_;
    std::unique_ptr<upstream::Connector> connector_;
    std::unique_ptr<upstream::Canceller> canceller_;
    std::unique_ptr<Desk> desk_;
    std::unique_ptr<Catalogs> catalogs_;
    std::unique_ptr<Votes> votes_;
    control::ControlService* service_ = nullptr;   // the desk's; used on its thread only
    std::vector<std::unique_ptr<Worker>> workers_;
    std::vector<std::string> listening_;
    std::atomic<bool> stopping_ = false;
    WallTime drain_until_{};
    std::uint64_t world_versions_ = 0;
};

}  // namespace pgveil::proxy
