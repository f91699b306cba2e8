#include "proxy/worker.h"

#include <utility>

#include "proxy/link.h"
#include "proxy/renewal.h"

namespace pgveil::proxy {
namespace {

constexpr std::chrono::milliseconds kGrantCheck{400};   // revocation reaches a session within a second
constexpr auto kStopping = "the proxy is shutting down", kReplaced = "another process of the proxy has taken over: connect again";

}  // namespace

Worker::Worker(Shared& shared, unsigned index, WorldPtr world)
    : shared_(shared),
      index_(index),
      world_(std::move(world)),
      journal_wakeup_(loop_, [this] { journal_moved(); }),
      grants_timer_(loop_, [this] { check_grants(); }) {
    tools_.masker = std::make_unique<masking::RowMasker>(world_->rules, *world_->mask_keys);
    tools_.tokens = world_->token_keys;
    grants_timer_.start_every(kGrantCheck);
}

Worker::~Worker() {
    join();
    links_.clear();
    renewals_.clear();
}

void Worker::join() {
    if (thread_.joinable()) thread_.join();
}

void Worker::start() {
    thread_ = std::thread([this] { loop_.run(); });
}

void Worker::stop() {
    post([](Worker& self) {
        self.doors_.clear();
        self.links_.clear();
        self.renewals_.clear();
        self.loop_.stop();
    });
}

void Worker::post(std::move_only_function<void(Worker&)> task) {
    loop_.post([this, task = std::move(task)]() mutable { task(*this); });
}

// The first worker accepts and deals the connections out in turn: the kernel's own dealing is uneven.
void Worker::listen(net::ListenSocket socket, bool admin_listener, bool passed) {
    auto accepted = [this, admin_listener](net::Accepted connection) {
        Worker* next = shared_.workers[next_worker_++ % shared_.workers.size()];
        if (next == this) return adopt(std::move(connection), admin_listener);
        next->post([connection = std::move(connection), admin_listener](Worker& worker) mutable { worker.adopt(std::move(connection), admin_listener); });
    };
    auto failed = [this](const std::string& error) { shared_.log(config::LogLevel::Error, "accept: " + error); };
    doors_.push_back({std::make_unique<net::Listener>(loop_, std::move(socket), std::move(accepted), std::move(failed)), admin_listener, passed});
}

void Worker::stop_listening(bool keep_files) {
    for (const Door& door : doors_) {
        if (keep_files) door.listener->leave_file();
    }
    doors_.clear();
}

void Worker::adopt(net::Accepted accepted, bool admin_listener) {
    const auto& limits = world_->config->proxy;
    const std::string host = accepted.peer.local_socket ? "" : accepted.peer.host();
    const Doorway::Verdict verdict = shared_.doorway.enter(host, limits.max_per_address, limits.max_clients);
    if (verdict == Doorway::Verdict::Drop) return shared_.doorway.leave(host);
    if (limits.tcp_user_timeout.count() > 0 && !accepted.peer.local_socket) {
        net::set_tcp_options(accepted.fd.get(), {.user_timeout_ms = static_cast<unsigned>(std::chrono::milliseconds(limits.tcp_user_timeout).count())});
    }
    const std::uint64_t id = shared_.next_session.fetch_add(1);
    auto link = std::make_unique<Link>(*this, id, std::move(accepted), admin_listener, verdict == Doorway::Verdict::Refuse);
    links_.emplace(id, std::move(link));
}

void Worker::use(WorldPtr world) {
    world_ = std::move(world);
    tools_.masker = std::make_unique<masking::RowMasker>(world_->rules, *world_->mask_keys);
    tools_.plans.clear();
    for (auto& [id, link] : links_) link->on_world();
}

void Worker::use(relay::DatabaseViewPtr view, bool refreshed) {
    views_[view->database] = view;
    std::vector<std::uint64_t> ids;
    for (const auto& [id, link] : links_) ids.push_back(id);
    for (const std::uint64_t id : ids) {
        if (Link* found = link(id)) found->on_view(view, refreshed);
    }
}

void Worker::use(PermissionsPtr permissions) {
    permissions_ = std::move(permissions);
    check_grants();
}

void Worker::check_grants() {
    if (leaving()) end_rested(kReplaced);
    shared_.warm.drop_old(loop_.now().monotonic);
    std::vector<std::uint64_t> ids;
    for (const auto& [id, link] : links_) ids.push_back(id);
    for (const std::uint64_t id : ids) {
        if (Link* found = link(id)) found->check_grant();
    }
}

relay::DatabaseViewPtr Worker::view(std::string_view database) const {
    auto it = views_.find(std::string(database));
    return it == views_.end() ? nullptr : it->second;
}

void Worker::request_changed(const std::string& id) {
    std::vector<std::uint64_t> ids;
    for (const auto& [session, link] : links_) ids.push_back(session);
    for (const std::uint64_t session : ids) {
        if (Link* found = link(session)) found->on_request_changed(id);
    }
}

void Worker::cancel(std::uint64_t session, CancelAsker asker) {
    if (Link* found = link(session)) return found->on_cancel(std::move(asker));
    asker();
}

CancelAsker Worker::asker(std::uint64_t link) {
    return [this, link] {
        post([link](Worker& self) {
            if (Link* found = self.link(link)) found->cancel_done();
        });
    };
}

void Worker::kill(std::uint64_t session, const std::string& why) {
    if (Link* found = link(session)) found->end(sqlstate::AdminShutdown, why);
}

void Worker::kill_named(const std::string& name, const std::string& why) {
    std::vector<std::uint64_t> ids;
    for (const auto& [id, link] : links_) {
        if (link->name() == name) ids.push_back(id);
    }
    for (const std::uint64_t id : ids) kill(id, why);
}

void Worker::drain(bool force) {
    draining_ = true;
    doors_.clear();
    if (!force) return end_rested(kStopping);
    std::vector<std::uint64_t> ids;
    for (const auto& [id, link] : links_) ids.push_back(id);
    for (const std::uint64_t id : ids) kill(id, kStopping);
}

void Worker::leave() {
    leaving_ = true;
    end_rested(kReplaced);
}

void Worker::end_rested(const std::string& why) {
    std::vector<std::uint64_t> ids;
    for (const auto& [id, link] : links_) {
        if (link->drainable()) ids.push_back(id);
    }
    for (const std::uint64_t id : ids) kill(id, why);
}

Link* Worker::link(std::uint64_t session) {
    auto it = links_.find(session);
    return it == links_.end() ? nullptr : it->second.get();
}

// At the end of the turn: the caller may be a method of the link itself.
void Worker::forget(std::uint64_t session) {
    post([session](Worker& self) { self.links_.erase(session); });
}

// The renewal is over while it is on the stack: it dies with a later turn.
void Worker::renew(Warmth warmth) {
    const std::uint64_t number = next_renewal_++;
    auto done = [this, number](std::optional<Warmth> renewed) {
        if (renewed) {
            const MonotonicTime now = loop_.now().monotonic;
            shared_.warm.keep(std::move(renewed->key), std::move(renewed->database), renewed->most, std::move(renewed->handover), now, now + renewed->idle);
        }
        post([number](Worker& self) { self.renewals_.erase(number); });
    };
    renewals_.emplace(number, std::make_unique<Renewal>(loop_, std::move(warmth), std::move(done)));
}

void Worker::append(std::uint64_t session, std::uint64_t number, relay::Awaited awaited, audit::Record record) {
    if (!unsent_.empty()) {
        unsent_.push_back({session, number, awaited, std::move(record)});
        return;
    }
    const audit::Accepted taken = shared_.journal->append(std::move(record));
    switch (taken.outcome) {
        case audit::Append::Accepted: return accepted(taken.sequence, session, number, awaited);
        case audit::Append::Full: unsent_.push_back({session, number, awaited, std::move(record)}); return;
        case audit::Append::Failed: journal_wakeup_.poke(); return;
    }
}

void Worker::accepted(std::uint64_t sequence, std::uint64_t session, std::uint64_t number, relay::Awaited awaited) {
    const bool group = shared_.group_durability;
    if (group) loop_.at_turn_end(record_writer_);
    if (awaited == relay::Awaited::Nothing) return;
    if (group && awaited == relay::Awaited::Result) return unwritten_.push_back({sequence, session, number});
    waiting_.push_back({sequence, session, number});
    shared_.journal->want_durable(sequence);
}

// A turn's work is asked for twice: streams send first, so that the server works while the records are written.
void Worker::RecordWriter::turn() {
    waited_ = !waited_;
    if (waited_) return worker_.loop_.at_turn_end(*this);
    worker_.write_records();
}

void Worker::write_records() {
    const bool written = shared_.journal->write_through();
    const std::vector<Waiting> records = std::exchange(unwritten_, {});
    for (const Waiting& done : records) {
        if (written) {
            if (Link* found = link(done.session)) found->on_written(done.number);
        } else {
            waiting_.push_back(done);   // the journal's own thread does it
        }
    }
    if (!written && !records.empty()) shared_.journal->want_durable(records.back().sequence);
    if (shared_.journal->failed()) journal_wakeup_.poke();
}

void Worker::journal_moved() {
    const std::uint64_t durable = shared_.journal->durable();
    while (!waiting_.empty() && waiting_.front().sequence <= durable) {
        const Waiting done = waiting_.front();
        waiting_.pop_front();
        // only the last of a run of one session's records matters
        if (!waiting_.empty() && waiting_.front().session == done.session && waiting_.front().sequence <= durable) continue;
        if (Link* found = link(done.session)) found->on_durable(done.number);
    }
    flush_unsent();
    if (!shared_.journal->failed()) return;
    std::vector<std::uint64_t> ids;
    for (const auto& [id, link] : links_) ids.push_back(id);
    for (const std::uint64_t id : ids) {
        if (Link* found = link(id)) found->on_audit_failed();
    }
}

void Worker::flush_unsent() {
    while (!unsent_.empty()) {
        const audit::Accepted taken = shared_.journal->append(std::move(unsent_.front().record));
        if (taken.outcome != audit::Append::Accepted) return;
        accepted(taken.sequence, unsent_.front().session, unsent_.front().number, unsent_.front().awaited);
        unsent_.pop_front();
    }
}

}  // namespace pgveil::proxy
