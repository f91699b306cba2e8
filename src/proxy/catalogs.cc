#include "proxy/catalogs.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "catalog/snapshot_file.h"
#include "proxy/rules.h"

namespace pgveil::proxy {
namespace {

constexpr std::chrono::seconds kMinimumBetweenLoads{1};   // refreshes that unknown names ask for
constexpr std::chrono::seconds kRetry{2};                 // after a failure

}  // namespace

Secret read_password(const config::Path& file) {
    if (file.empty()) return {};
    std::ifstream in(file.path, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(in)), {});
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    Secret secret{text};
    std::ranges::fill(text, '\0');
    return secret;
}

Catalogs::Catalogs(std::string state_directory, Publish publish, Log log)
    : state_directory_(std::move(state_directory)), publish_(std::move(publish)), log_(std::move(log)) {
    thread_ = std::thread([this] { run(); });
}

Catalogs::~Catalogs() {
    {
        const std::scoped_lock lock(mutex_);
        ending_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void Catalogs::use(WorldPtr world) {
    const std::scoped_lock lock(mutex_);
    world_ = std::move(world);
    std::erase_if(sources_, [&](const auto& s) { return world_->config->database(s.first) == nullptr; });
    for (const config::Database& database : world_->config->databases) {
        Source& source = sources_[database.name];
        source.stale_view = true;
        source.next = {};
    }
    changed_.notify_all();
}

void Catalogs::use_votes(const std::string& database, ColumnVotesPtr votes) {
    const std::scoped_lock lock(mutex_);
    votes_[database] = std::move(votes);
    if (const auto it = sources_.find(database); it != sources_.end()) {
        it->second.stale_view = true;
        it->second.next = {};
    }
    changed_.notify_all();
}

void Catalogs::refresh(const std::string& database) {
    const std::scoped_lock lock(mutex_);
    if (auto it = sources_.find(database); it != sources_.end()) it->second.wanted = true;
    changed_.notify_all();
}

std::vector<std::string> Catalogs::wait_for_first() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ending_ || std::ranges::all_of(sources_, [](const auto& s) { return s.second.tried; }); });
    std::vector<std::string> without;
    for (const auto& [name, source] : sources_) {
        if (!source.snapshot) without.push_back(name + ": " + source.last_error);
    }
    return without;
}

void Catalogs::wait_until_current() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(5), [this] {
        return ending_ || std::ranges::none_of(sources_, [](const auto& s) { return s.second.snapshot && s.second.stale_view; });
    });
}

// One pass over what is due; the lock is not held while a server is asked.
void Catalogs::run() {
    std::unique_lock lock(mutex_);
    while (!ending_) {
        const WorldPtr world = world_;
        std::vector<std::string> due;
        const MonotonicTime now = std::chrono::steady_clock::now();
        for (auto& [name, source] : sources_) {
            if (source.wanted ? now >= source.last_load + kMinimumBetweenLoads : now >= source.next) due.push_back(name);
        }
        for (const std::string& name : due) {
            auto it = sources_.find(name);
            if (it == sources_.end()) continue;
            Source source = std::move(it->second);
            const bool wanted = source.wanted;
            const ColumnVotesPtr votes = votes_[name];
            it->second = Source{};
            it->second.tried = source.tried;
            it->second.snapshot = source.snapshot;
            it->second.stale_view = source.stale_view;
            lock.unlock();
            visit(name, source, world, votes, wanted);
            lock.lock();
            it = sources_.find(name);
            if (it == sources_.end()) continue;
            source.stale_view = source.stale_view || world != world_ || votes != votes_[name];
            if (source.stale_view) source.next = {};
            source.wanted = it->second.wanted;   // asked again meanwhile
            it->second = std::move(source);
            changed_.notify_all();
        }
        changed_.wait_for(lock, std::chrono::milliseconds(due.empty() ? 100 : 5), [this] { return ending_; });
    }
}

void Catalogs::visit(const std::string& name, Source& source, const WorldPtr& world, const ColumnVotesPtr& votes, bool wanted) {
    const config::Database* database = world->config->database(name);
    if (database == nullptr) return;
    const catalog::SnapshotPtr before = source.snapshot;
    // New rules reach the sessions before the server is asked again: it may be slow to answer.
    if (before && source.stale_view) {
        source.view = view_of(*database, source, *world, votes);
        source.stale_view = false;
        publish_(source.view, false);
    }
    const bool loaded = load(*database, source);
    source.tried = true;
    source.last_load = std::chrono::steady_clock::now();
    source.next = source.last_load + (loaded ? std::chrono::seconds(database->refresh) : kRetry);
    if (!source.snapshot) return;
    const bool changed = source.snapshot != before || source.stale_view || !source.view;
    if (changed) source.view = view_of(*database, source, *world, votes);
    source.stale_view = false;
    if (changed || wanted) publish_(source.view, wanted);
}

bool Catalogs::load(const config::Database& database, Source& source) {
    const auto failed = [&](const catalog::LoadError& error) {
        if (source.last_error != error.message) log_(fmt::format("catalog of \"{}\" cannot be read: {}", database.name, error.message));
        source.last_error = error.message;
        source.loader.reset();
        return false;
    };
    if (!source.loader || !source.loader->alive()) {
        auto connected = catalog::Loader::connect(database.upstream + " application_name=pgveil/catalog gssencmode=disable", read_password(database.password_file),
                                                  database.connect_timeout);
        if (!connected) return failed(connected.error());
        source.loader.emplace(std::move(*connected));
    }
    auto stamp = source.loader->change_stamp();
    if (!stamp) return failed(stamp.error());
    if (source.snapshot && *stamp == source.stamp) return true;
    auto contents = source.loader->load();
    if (!contents) return failed(contents.error());
    if (contents->role_is_dangerous && !database.dangerous_role) {
        return failed({catalog::LoadError::What::Query, "",
                       fmt::format("the upstream role is dangerous ({}); use another or set dangerous_role = true", contents->danger)});
    }
    std::error_code ignored;
    std::filesystem::create_directories(state_directory_ + "/catalog", ignored);
    (void)catalog::save(*contents, state_directory_ + "/catalog/" + database.name + ".snapshot");
    source.snapshot = std::make_shared<const catalog::Snapshot>(std::move(*contents), ++versions_);
    source.stamp = *stamp;
    source.last_error.clear();
    return true;
}

relay::DatabaseViewPtr Catalogs::view_of(const config::Database& database, const Source& source, const World& world,
                                         const ColumnVotesPtr& votes) {
    auto view = std::make_shared<relay::DatabaseView>();
    view->database = database.name;
    view->catalog = source.snapshot;
    view->rules = world.ruleset;
    view->tags = std::make_shared<const policy::TagTable>(policy::make_tags(
        database.name, *source.snapshot, *world.ruleset, *world.rules, votes ? std::span(*votes) : std::span<const ColumnVote>()));
    if (database.mode) view->mode = mode_of(*database.mode);
    view->settings = database.settings;
    view->upstream_role = source.snapshot->contents().role;
    view->version = ++versions_;
    return view;
}

}  // namespace pgveil::proxy
