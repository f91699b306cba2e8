// State, log and control store of a process: opened at a start, let go and taken back in a hand-over.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <filesystem>
#include <future>

#include <fmt/format.h>

#include "audit/key_file.h"
#include "config/load.h"
#include "control/history.h"
#include "crypto/digest.h"
#include "crypto/encode.h"
#include "proxy/predecessor.h"
#include "proxy/proxy.h"
#include "proxy/succession.h"

namespace pgveil::proxy {
namespace {

namespace fs = std::filesystem;

constexpr int kLockTries = 100;                          // another process that ends needs a moment
constexpr std::chrono::milliseconds kLockPause{100};

std::string store_path(const config::Config& config) {
    constexpr std::string_view scheme = "sqlite:";
    return config.store.url.starts_with(scheme) ? config.store.url.substr(scheme.size()) : std::string();
}

std::shared_ptr<const KeyedHash> hash_of(const Secret& key) { return crypto::make_keyed_hash(key); }

}  // namespace

std::optional<std::string> Proxy::lock_state(int tries) {
    const std::string& state = world()->config->proxy.state.path;
    std::error_code failed;
    fs::create_directories(state, failed);
    if (failed) return fmt::format("state directory {}: {}", state, failed.message());
    ::chmod(state.c_str(), 0700);
    net::Fd lock(::open((state + "/lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600));
    for (; lock && ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0; std::this_thread::sleep_for(kLockPause)) {
        if (--tries <= 0) lock.reset();
    }
    if (!lock) return fmt::format("state directory {} is in use by another process", state);
    state_lock_ = std::move(lock);
    return std::nullopt;
}

// Keys and log belong together: a missing key is made only when there is no log yet that it could have signed.
std::optional<std::string> Proxy::load_keys(bool inherits) {
    const config::Config& config = *world_->config;
    const std::string& state = config.proxy.state.path;
    new_state_ = !inherits && !fs::exists(config.audit.dir.path + "/log.json") && !fs::exists(store_path(config));
    for (const auto& [path, kept] : {std::pair{config.masking.key_file.path, &keys_.mask}, {state + "/token.key", &keys_.token},
                                     {state + "/login.key", &keys_.mock}}) {
        auto key = audit::load_hash_key(path, new_state_);
        if (!key) return key.error();
        *kept = hash_of(*key);
    }
    auto seal = audit::load_hash_key(state + "/seal.key", new_state_);
    if (!seal) return seal.error();
    seal_key_ = std::move(*seal);
    shared_.group_durability = config.audit.durability == config::Durability::Group;
    return std::nullopt;
}

std::optional<std::string> Proxy::open_log() {
    const config::Config& config = *start_config_;
    audit::JournalOptions options;
    options.dir = config.audit.dir.path;
    options.sign_key_file = config.audit.sign_key_file.path;
    options.group = shared_.group_durability;
    options.log_is_new = new_state_;
    options.reserve_bytes = config.audit.reserve.bytes;
    options.fallback_dir = config.audit.fallback_dir.path;
    options.anchors = config.audit.anchor;
    auto journal = audit::Journal::open(options);
    if (!journal) return journal.error();
    if (!logbook_.keep_here(std::move(*journal))) return "the log cannot be written";
    record_config(*world()->config);
    return std::nullopt;
}

void Proxy::record_config(const config::Config& config) {
    audit::Record loaded;
    loaded.kind = audit::Kind::ConfigLoad;
    loaded.time = wall_now();
    const std::string effective = config::effective(config);
    loaded.more.emplace_back("revision", crypto::hex(crypto::sha256(effective)));
    loaded.more.emplace_back("config", effective);
    (void)logbook_.append(std::move(loaded));
}

control::ServiceOptions Proxy::service_options(const config::Config& config) const {
    control::ServiceOptions options;
    options.store_url = config.store.url;
    options.store_is_new = new_state_;
    options.seal_key = seal_key_;
    for (const config::AgentEntry& agent : config.agents) options.agents.push_back({agent.name, agent.owner, {}});
    for (const config::PersonEntry& person : config.people) options.people.push_back({person.name, person.roles, person.groups});
    for (const config::Database& database : config.databases) options.databases.push_back({database.name, database.max_grant});
    for (std::size_t i = 0; i < config.grants.size(); ++i) {
        const config::GrantEntry& entry = config.grants[i];
        options.config_grants.push_back({fmt::format("config:{}", i + 1), entry.agent, entry.database, entry.access, entry.reason, "", "config",
                                         entry.not_before, entry.until, false});
    }
    return options;
}

// What must agree between two runs of one process comes from the config it started with: the log, the store.
std::optional<std::string> Proxy::open_control(bool executing_goes_on) {
    control::ServiceOptions options = service_options(*world()->config);
    options.store_url = start_config_->store.url;
    options.executing_goes_on = executing_goes_on;
    if (!new_state_) {
        std::vector<std::string> dirs{start_config_->audit.dir.path};
        if (!start_config_->audit.fallback_dir.empty()) dirs.push_back(start_config_->audit.fallback_dir.path);
        auto history = control::read_history(dirs);
        if (!history) return history.error();
        options.history = std::move(*history);
    }
    auto service = control::ControlService::open(std::move(options), logbook_, wall_now());
    if (!service) return service.error();
    if (!executing_goes_on) {
        for (const RequestView& request : (*service)->interrupted()) {
            log_(config::LogLevel::Warning, fmt::format("request {} was executing when the last run ended: its outcome is unknown", request.id));
        }
    }
    office_->keep_here(std::move(*service));
    return std::nullopt;
}

// The hand-over, on its own thread (Succession).

std::string Proxy::why_not_hand_over() const {
    if (stopping_) return "it is ending";
    if (predecessor_ && predecessor_->attached()) return "the process before it still ends its sessions: try again when that one has gone";
    if (logbook_.failed()) return "its log has failed: stop it and start the new one";
    return {};
}

std::optional<std::string> Proxy::give_away() {
    if (desk_) desk_->close(), office_->give_away();
    const bool given = logbook_.give_away("handed_over", "yes");
    state_lock_.reset();
    return given ? std::nullopt : std::optional<std::string>("its log has failed");
}

std::optional<std::string> Proxy::take_back() {
    new_state_ = false;
    auto why = lock_state(kLockTries);
    if (!why) why = open_log();
    if (!why) why = open_control(true);
    if (why) logbook_.lose();
    desk_->open();
    desk_->post([this](control::ControlService&) { publish_permissions(); });
    return why;
}

/// Waits for the end of `task` on a worker's thread.
template <class Task>
void Proxy::at(Worker& worker, Task task) {
    std::promise<void> done;
    worker.post([&](Worker& self) {
        task(self);
        done.set_value();
    });
    done.get_future().wait();
}

std::pair<std::vector<HandedSocket>, std::vector<net::Fd>> Proxy::shared_doors() {
    std::pair<std::vector<HandedSocket>, std::vector<net::Fd>> shared;
    at(*workers_.front(), [&](Worker& worker) {
        for (const Worker::Door& door : worker.doors()) {
            const net::ListenSocket& socket = door.listener->socket();
            net::ListenSocket::File file = socket.file();
            shared.first.push_back({door.admin, door.passed, std::move(file.path), file.device, file.inode});
            shared.second.emplace_back(::fcntl(socket.fd(), F_DUPFD_CLOEXEC, 0));
        }
    });
    return shared;
}

// Who was accepted before the doors closed is inside when this ends: finished() counts them.
void Proxy::leave(Logbook::Send send) {
    at(*workers_.front(), [](Worker& worker) { worker.stop_listening(true); });
    for (const auto& worker : workers_) at(*worker, [](Worker&) {});
    office_->keep_elsewhere([this](const control::Ask& ask) { return succession_->ask(ask); });
    logbook_.keep_elsewhere(std::move(send));
    votes_->finish();
    drain_until_ = wall_now() + world()->config->proxy.drain_timeout;
    stopping_ = true;
    everywhere([](Worker& worker) { worker.leave(); });
    shared_.warm.clear();
}

}  // namespace pgveil::proxy
