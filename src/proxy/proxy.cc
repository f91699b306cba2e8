#include "proxy/proxy.h"

#include <fmt/format.h>

#include "config/load.h"
#include "proxy/inheritance.h"
#include "proxy/predecessor.h"
#include "proxy/succession.h"

namespace pgveil::proxy {

Proxy::Proxy(std::shared_ptr<const config::Config> config, LogLine log) : log_(std::move(log)) {
    shared_.log = log_;
    auto world = std::make_shared<World>();
    world->config = start_config_ = std::move(config);
    world_ = std::move(world);
    succession_ = std::make_unique<Succession>(*this);
    shared_.journal = &logbook_;
}

// What needs neither log nor store comes first: while they change hands, sessions wait.
Result<std::unique_ptr<Proxy>, std::string> Proxy::start(std::shared_ptr<const config::Config> config, LogLine log, std::vector<PassedSocket> passed, bool replace) {
    std::optional<Inheritance> from;     // outlives what was opened: the other process takes it back when this ends
    if (replace) {
        auto asked = Inheritance::ask(config->proxy.state.path);
        if (!asked) return refuse(std::move(asked.error()));
        from = std::move(*asked);
        log(config::LogLevel::Info, from ? fmt::format("taking over from process {}", from->pid()) : std::string("nobody to take over from: a plain start"));
    }
    std::unique_ptr<Proxy> proxy(new Proxy(config, log));
    auto why = proxy->prepare(from.has_value());
    if (!why) why = from ? proxy->inherit(*from, std::move(passed)) : proxy->open_all(passed, {});
    if (why) {
        if (from) (void)proxy->give_away(), from->failed(*why);   // before whatever else takes its time to end
        return refuse(std::move(*why));
    }
    if (auto alone = proxy->succession_->start(successor_socket(config->proxy.state.path))) log(config::LogLevel::Warning, "no other process will be able to take over: " + *alone);
    return proxy;
}

std::optional<std::string> Proxy::prepare(bool inherits) {
    if (!inherits) {
        if (auto why = lock_state()) return why;
    }
    if (auto why = load_keys(inherits)) return why;
    if (!inherits) {
        if (auto why = open_log()) return why;
    }
    auto world = make_world(world_->config, keys_, ++world_versions_);
    if (!world) return std::move(world.error());
    world_ = std::move(*world);
    make_desk();
    start_workers();
    start_catalogs();
    return std::nullopt;
}

std::optional<std::string> Proxy::open_all(std::span<const PassedSocket> passed, Inherited inherited) {
    if (inherited.from != nullptr) {
        if (auto why = open_log()) return why;
    }
    if (auto why = open_control(inherited.from != nullptr)) return why;
    if (inherited.from != nullptr) {
        std::vector<std::string> executing;
        for (RequestView& request : office_->interrupted()) executing.push_back(std::move(request.id));
        predecessor_ = std::make_unique<Predecessor>(logbook_, *desk_, log_, std::move(executing));
        shared_.predecessor = predecessor_.get();
    }
    desk_->open();
    desk_->call([this](control::ControlService&) { publish_permissions(); });
    start_votes();
    auto doors = open_doors(passed, inherited);
    if (!doors) return std::move(doors.error());
    if (inherited.from != nullptr) {
        auto first = inherited.from->ready();
        if (!first) return std::move(first.error());
        shared_.next_session = std::max(shared_.next_session.load(), *first);
        inherited.take_files(*doors);
        predecessor_->attach(inherited.from->release());
        desk_->post([this](control::ControlService&) { publish_permissions(); });
        replaces_ = true;
    }
    for (OpenDoor& door : *doors) listen(std::move(door));
    return std::nullopt;
}

std::optional<std::string> Proxy::inherit(Inheritance& from, std::vector<PassedSocket> passed) {
    auto estate = from.take();
    if (!estate) return std::move(estate.error());
    if (auto why = lock_state()) return why;
    Inherited inherited{.from = &from, .sockets = {}, .files = {}};
    const bool own = !passed.empty();
    for (auto& [what, fd] : estate->sockets) {
        if (what.passed) {
            if (!own) passed.push_back({fd.release(), what.admin ? "admin" : ""});
            continue;
        }
        auto socket = net::adopt_listening(fd.release());
        if (!socket) return std::move(socket.error());
        inherited.files.emplace(socket->text(), net::ListenSocket::File{what.path, what.device, what.inode});
        inherited.sockets.push_back(std::move(*socket));
    }
    return open_all(passed, std::move(inherited));
}

// What the service manager passed stands in place of the config's addresses, agents' and people's each for itself.
Result<std::vector<Proxy::OpenDoor>, std::string> Proxy::open_doors(std::span<const PassedSocket> passed, Inherited& inherited) {
    const config::Config& config = *world_->config;
    std::vector<OpenDoor> doors;
    bool agents = false, people = false;
    for (const PassedSocket& given : passed) {
        const bool admin = given.name == "admin";
        auto socket = net::adopt_listening(given.fd);
        if (!socket) return refuse(std::move(socket.error()));
        if (!world_->tls && !socket->local_only()) return refuse(socket->text() + ": a passed socket beyond loopback needs proxy.tls");
        (admin ? people : agents) = true;
        doors.push_back({std::move(*socket), admin, true});
    }
    const auto open = [&](const config::Endpoint& endpoint, bool admin) -> std::optional<std::string> {
        auto sockets = net::listen_on({endpoint.host, endpoint.port, endpoint.directory}, {}, &inherited.sockets);
        if (!sockets) return sockets.error();
        for (net::ListenSocket& socket : *sockets) doors.push_back({std::move(socket), admin, false});
        return std::nullopt;
    };
    for (const config::Endpoint& endpoint : config.proxy.listen) {
        if (agents) break;
        if (auto why = open(endpoint, false)) return refuse(std::move(*why));
    }
    for (const config::Endpoint& endpoint : config.admin.listen) {
        if (people) break;
        if (auto why = open(endpoint, true)) return refuse(std::move(*why));
    }
    return doors;
}

// The files of sockets that are listened on go on with them, those of the others end.
void Proxy::Inherited::take_files(std::vector<OpenDoor>& doors) {
    const auto take = [this](net::ListenSocket& socket) {
        if (auto found = files.find(socket.text()); found != files.end()) socket.take_file(std::move(found->second)), files.erase(found);
    };
    for (OpenDoor& door : doors) take(door.socket);
    for (net::ListenSocket& left : sockets) take(left);
    sockets.clear();
}

void Proxy::listen(OpenDoor door) {
    listening_.push_back(door.socket.text());
    workers_.front()->post([door = std::move(door)](Worker& worker) mutable { worker.listen(std::move(door.socket), door.admin, door.passed); });
}

void Proxy::everywhere(const std::function<void(Worker&)>& task) {
    for (const auto& worker : workers_) worker->post([task](Worker& self) { task(self); });
}

/// Desk's thread.
void Proxy::publish_permissions() {
    if (!office_->here()) return;
    control::Standing standing{.grants = office_->live_grants(wall_now()), .off = {}, .known = false};
    if (auto off = office_->switches()) {
        standing.off = std::move(*off);
        standing.known = true;
    }
    if (Predecessor* before = shared_.predecessor) before->tell(standing);
    use_permissions(std::move(standing));
}

void Proxy::use_permissions(control::Standing standing) {
    auto permissions = std::make_shared<Permissions>();
    permissions->grants = std::move(standing.grants);
    permissions->off = std::move(standing.off);
    permissions->known = standing.known;
    everywhere([permissions](Worker& worker) { worker.use(PermissionsPtr(permissions)); });
}

void Proxy::control_changed(const RequestView* request) {
    publish_permissions();
    if (request == nullptr || request->id.empty()) return;
    if (Predecessor* before = shared_.predecessor) before->tell_changed(request->id);
    everywhere([id = request->id](Worker& worker) { worker.request_changed(id); });
}

WorldPtr Proxy::world() const {
    const std::scoped_lock lock(mutex_);
    return world_;
}

// Called on the desk's thread (RELOAD) or the main thread (SIGHUP).
console::ReloadOutcome Proxy::reload() {
    console::ReloadOutcome outcome;
    if (succession_->state() != Succession::State::Alone) {
        outcome.problems.emplace_back("another process takes over: reload that one");
        return outcome;
    }
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
        publish_permissions();
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
    if (succession_->put_off([this] { shutdown(); }) || stopping_.exchange(true)) return;
    drain_until_ = wall_now() + world()->config->proxy.drain_timeout;
    everywhere([](Worker& worker) { worker.drain(false); });
}

bool Proxy::finished() const {
    const auto state = succession_->state();
    if (!stopping_ || state == Succession::State::Handing) return false;
    if (wall_now() > drain_until_.load()) return true;
    if (predecessor_ && predecessor_->attached()) return false;
    return state == Succession::State::Given ? shared_.doorway.inside() == 0 : shared_.registry.list().empty();
}

void Proxy::stop_now() {
    drain_until_ = wall_now();
    stopping_ = true;
    everywhere([](Worker& worker) { worker.drain(true); });
}

bool Proxy::replaced() const { return succession_->state() != Succession::State::Alone; }

Proxy::End Proxy::end() {
    const bool alone = succession_->state() == Succession::State::Alone;
    close();
    return alone ? End::Stopped : settled_ ? End::Replaced : End::Lost;
}

void Proxy::close() {
    if (std::exchange(closed_, true)) return;
    if (succession_->state() == Succession::State::Handing) (void)succession_->stop();
    if (votes_) votes_->stop();             // publishes to the catalogs
    catalogs_.reset();                      // publishes to the workers, and tells the votes
    votes_.reset();
    for (const auto& worker : workers_) worker->stop();
    for (const auto& worker : workers_) worker->join();
    connector_.reset();
    canceller_.reset();
    if (predecessor_) predecessor_->stop();
    logbook_.on_progress([] {});
    desk_.reset();                          // what is left is asked of the successor, if there is one
    settled_ = succession_->stop();
    workers_.clear();
}

Proxy::~Proxy() { close(); }

}  // namespace pgveil::proxy
