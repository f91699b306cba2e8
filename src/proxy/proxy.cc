#include "proxy/proxy.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <filesystem>

#include <fmt/format.h>

#include "audit/key_file.h"
#include "config/load.h"
#include "control/history.h"
#include "crypto/digest.h"
#include "crypto/encode.h"

namespace pgveil::proxy {
namespace {

namespace fs = std::filesystem;

std::string store_path(const config::Config& config) {
    constexpr std::string_view scheme = "sqlite:";
    return config.store.url.starts_with(scheme) ? config.store.url.substr(scheme.size()) : std::string();
}

std::shared_ptr<const KeyedHash> hash_of(const Secret& key) { return crypto::make_keyed_hash(key); }

}  // namespace

Proxy::Proxy(std::shared_ptr<const config::Config> config, LogLine log) : log_(std::move(log)) {
    shared_.log = log_;
    auto world = std::make_shared<World>();
    world->config = std::move(config);
    world_ = std::move(world);
}

Result<std::unique_ptr<Proxy>, std::string> Proxy::start(std::shared_ptr<const config::Config> config, LogLine log, std::vector<PassedSocket> passed) {
    std::unique_ptr<Proxy> proxy(new Proxy(config, std::move(log)));
    if (auto why = proxy->open_state()) return refuse(std::move(*why));
    auto world = make_world(config, proxy->keys_, ++proxy->world_versions_);
    if (!world) return refuse(std::move(world.error()));
    proxy->world_ = *world;
    if (auto why = proxy->open_control()) return refuse(std::move(*why));
    proxy->start_workers();
    proxy->start_catalogs();
    if (auto why = proxy->open_listeners(passed)) return refuse(std::move(*why));
    return proxy;
}

// Keys and log belong together: a missing key is made only when there is no log yet that it could have signed.
std::optional<std::string> Proxy::open_state() {
    const config::Config& config = *world_->config;
    const std::string& state = config.proxy.state.path;
    std::error_code failed;
    fs::create_directories(state, failed);
    if (failed) return fmt::format("state directory {}: {}", state, failed.message());
    ::chmod(state.c_str(), 0700);
    state_lock_ = net::Fd(::open((state + "/lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!state_lock_ || ::flock(state_lock_.get(), LOCK_EX | LOCK_NB) != 0) return fmt::format("state directory {} is in use by another process", state);
    new_state_ = !fs::exists(config.audit.dir.path + "/log.json") && !fs::exists(store_path(config));
    for (const auto& [path, kept] : {std::pair{config.masking.key_file.path, &keys_.mask}, {state + "/token.key", &keys_.token},
                                     {state + "/login.key", &keys_.mock}}) {
        auto key = audit::load_hash_key(path, new_state_);
        if (!key) return key.error();
        *kept = hash_of(*key);
    }
    auto seal = audit::load_hash_key(state + "/seal.key", new_state_);
    if (!seal) return seal.error();
    seal_key_ = std::move(*seal);
    audit::JournalOptions options;
    options.dir = config.audit.dir.path;
    options.sign_key_file = config.audit.sign_key_file.path;
    options.group = shared_.group_durability = config.audit.durability == config::Durability::Group;
    options.log_is_new = new_state_;
    options.reserve_bytes = config.audit.reserve.bytes;
    options.fallback_dir = config.audit.fallback_dir.path;
    options.anchors = config.audit.anchor;
    auto journal = audit::Journal::open(options);
    if (!journal) return journal.error();
    journal_ = std::move(*journal);
    shared_.journal = journal_.get();
    record_config(config);
    return std::nullopt;
}

void Proxy::record_config(const config::Config& config) {
    audit::Record loaded;
    loaded.kind = audit::Kind::ConfigLoad;
    loaded.time = wall_now();
    const std::string effective = config::effective(config);
    loaded.more.emplace_back("revision", crypto::hex(crypto::sha256(effective)));
    loaded.more.emplace_back("config", effective);
    (void)journal_->append(std::move(loaded));
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

std::optional<std::string> Proxy::open_control() {
    control::ServiceOptions options = service_options(*world_->config);
    if (!new_state_) {
        std::vector<std::string> dirs{world_->config->audit.dir.path};
        if (!world_->config->audit.fallback_dir.empty()) dirs.push_back(world_->config->audit.fallback_dir.path);
        auto history = control::read_history(dirs);
        if (!history) return history.error();
        options.history = std::move(*history);
    }
    auto service = control::ControlService::open(std::move(options), *journal_, wall_now());
    if (!service) return service.error();
    service_ = service->get();
    for (const RequestView& request : service_->interrupted()) {
        log_(config::LogLevel::Warning, fmt::format("request {} was executing when the last run ended: its outcome is unknown", request.id));
    }
    desk_ = std::make_unique<Desk>(std::move(*service), [this](const RequestView* request) { control_changed(request); });
    shared_.desk = desk_.get();
    connector_ = std::make_unique<upstream::Connector>();
    canceller_ = std::make_unique<upstream::Canceller>();
    shared_.connector = connector_.get();
    shared_.canceller = canceller_.get();
    shared_.host = this;
    return std::nullopt;
}

// What the service manager passed stands in place of the config's addresses, agents' and people's each for itself.
std::optional<std::string> Proxy::open_listeners(std::span<const PassedSocket> passed) {
    const config::Config& config = *world_->config;
    bool agents = false, people = false;
    for (const PassedSocket& given : passed) {
        const bool admin = given.name == "admin";
        auto socket = net::adopt_listening(given.fd);
        if (!socket) return socket.error();
        if (!world_->tls && !socket->local_only()) return socket->text() + ": a passed socket beyond loopback needs proxy.tls";
        (admin ? people : agents) = true;
        listen(std::move(*socket), admin);
    }
    const auto open = [&](const config::Endpoint& endpoint, bool admin) -> std::optional<std::string> {
        auto sockets = net::listen_on({endpoint.host, endpoint.port, endpoint.directory}, {});
        if (!sockets) return sockets.error();
        for (net::ListenSocket& socket : *sockets) listen(std::move(socket), admin);
        return std::nullopt;
    };
    for (const config::Endpoint& endpoint : config.proxy.listen) {
        if (agents) break;
        if (auto why = open(endpoint, false)) return why;
    }
    for (const config::Endpoint& endpoint : config.admin.listen) {
        if (people) break;
        if (auto why = open(endpoint, true)) return why;
    }
    return std::nullopt;
}

void Proxy::listen(net::ListenSocket socket, bool admin) {
    listening_.push_back(socket.text());
    workers_.front()->post([socket = std::move(socket), admin](Worker& worker) mutable { worker.listen(std::move(socket), admin); });
}

void Proxy::everywhere(const std::function<void(Worker&)>& task) {
    for (const auto& worker : workers_) worker->post([task](Worker& self) { task(self); });
}

void Proxy::publish_permissions(control::ControlService& service) {
    auto permissions = std::make_shared<Permissions>();
    permissions->grants = service.live_grants(wall_now());
    if (auto off = service.switches()) {
        permissions->off = std::move(*off);
        permissions->known = true;
    }
    everywhere([permissions](Worker& worker) { worker.use(PermissionsPtr(permissions)); });
}

void Proxy::control_changed(const RequestView* request) {
    publish_permissions(*service_);
    if (request == nullptr || request->id.empty()) return;
    everywhere([id = request->id](Worker& worker) { worker.request_changed(id); });
}

WorldPtr Proxy::world() const {
    const std::scoped_lock lock(mutex_);
    return world_;
}

// Called on the desk's thread (RELOAD) or the main thread (SIGHUP).
console::ReloadOutcome Proxy::reload() {
    console::ReloadOutcome outcome;
    const WorldPtr before = world();
    config::Loaded loaded = config::load(before->config->file);
    for (const config::Diagnostic& diagnostic : loaded.diagnostics) {
        if (!loaded.usable() ? diagnostic.severity == config::Severity::Error : true) outcome.problems.push_back(config::to_text(diagnostic));
    }
    if (!loaded.usable()) return outcome;
    auto config = std::make_shared<const config::Config>(std::move(loaded.config));
    auto made = make_world(config, keys_, ++world_versions_);
    if (!made) {
        outcome.problems.push_back(made.error());
        return outcome;
    }
    for (const std::string& option : config::needs_restart(*before->config, *config)) outcome.notes.push_back(option + " changes only at a restart");
    {
        const std::scoped_lock lock(mutex_);
        world_ = *made;
    }
    record_config(*config);
    desk_->post([this, config](control::ControlService& service) {
        service.reconfigure(service_options(*config), wall_now());
        publish_permissions(service);
    });
    everywhere([world = *made](Worker& worker) { worker.use(world); });
    shared_.warm.clear();
    votes_->use(*made);
    catalogs_->use(*made);
    catalogs_->wait_until_current();
    outcome.done = true;
    return outcome;
}

void Proxy::shutdown() {
    if (stopping_.exchange(true)) return;
    drain_until_ = wall_now() + world()->config->proxy.drain_timeout;
    everywhere([](Worker& worker) { worker.drain(false); });
}

bool Proxy::finished() const {
    if (!stopping_) return false;
    return shared_.registry.list().empty() || wall_now() > drain_until_;
}

void Proxy::stop_now() {
    stopping_ = true;
    everywhere([](Worker& worker) { worker.drain(true); });
    drain_until_ = wall_now();
}

Proxy::~Proxy() {
    if (votes_) votes_->stop();             // publishes to the catalogs
    catalogs_.reset();                      // publishes to the workers, and tells the votes
    votes_.reset();
    for (const auto& worker : workers_) worker->stop();
    for (const auto& worker : workers_) worker->join();
    connector_.reset();
    canceller_.reset();
    if (journal_) journal_->on_progress([] {});
    desk_.reset();
    workers_.clear();
}

}  // namespace pgveil::proxy
