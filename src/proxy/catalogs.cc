#include "proxy/catalogs.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>

#include <fmt/format.h>

#include "catalog/pq_loader.h"
#include "catalog/snapshot_file.h"
#include "proxy/rules.h"

namespace pgveil::proxy {
namespace {

// Refreshes that unknown names ask for: a client waits for each, and a mistyped name is an agent's commonest error, but whoever
// types them on purpose must not keep the server busy. So many times as long as the last one took, within these bounds.
constexpr int kPausePerLook = 20;
constexpr std::chrono::milliseconds kShortestPause{50}, kLongestPause{1000};
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

/// What a database's thread has in its hands: the connection, and what was last read over it.
class Catalogs::Keeper {
  public:
    Keeper(Catalogs& owner, std::string name) : owner_(owner), name_(std::move(name)) {}
    /// False: not read, and why() tells.
    [[nodiscard]] bool load(const config::Database& database);
    /// The one made last where nothing changed since: a new one makes all that sessions remember worthless.
    [[nodiscard]] relay::DatabaseViewPtr view(const config::Database& database, const WorldPtr& world, const ColumnVotesPtr& votes);
    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] const std::string& why() const { return why_; }
    [[nodiscard]] const catalog::SnapshotPtr& snapshot() const { return snapshot_; }
    void forget();

  private:
    bool failed(const catalog::LoadError& error);
    [[nodiscard]] bool connect(const config::Database& database);
    [[nodiscard]] relay::DatabaseViewPtr make_view(const config::Database& database, const World& world, const ColumnVotesPtr& votes) const;

    Catalogs& owner_;
    const std::string name_;
    std::optional<catalog::Loader> loader_;
    std::string upstream_;
    catalog::SnapshotPtr snapshot_;
    std::string stamp_, why_;
    relay::DatabaseViewPtr view_;
    WorldPtr view_world_;
    ColumnVotesPtr view_votes_;
};

Catalogs::Catalogs(std::string state_directory, Publish publish, Log log)
    : state_directory_(std::move(state_directory)), publish_(std::move(publish)), log_(std::move(log)) {}

Catalogs::~Catalogs() {
    {
        const std::scoped_lock lock(mutex_);
        ending_ = true;
    }
    changed_.notify_all();
    for (auto& [name, source] : sources_) {
        if (source.thread.joinable()) source.thread.join();
    }
}

void Catalogs::use(WorldPtr world) {
    const std::scoped_lock lock(mutex_);
    world_ = std::move(world);
    for (auto& [name, source] : sources_) source.configured = world_->config->database(name) != nullptr;
    for (const config::Database& database : world_->config->databases) {
        Source& source = sources_[database.name];
        source.configured = source.stale_view = true;
        source.next = {};
        if (!source.thread.joinable()) source.thread = std::thread([this, name = database.name, &source] { keep(name, source); });
    }
    changed_.notify_all();
}

void Catalogs::use_votes(const std::string& database, ColumnVotesPtr votes) {
    const std::scoped_lock lock(mutex_);
    Source& source = sources_[database];     // its thread comes with the first config that names it
    source.votes = std::move(votes);
    source.stale_view = true;
    source.next = {};
    changed_.notify_all();
}

void Catalogs::refresh(const std::string& database) {
    const std::scoped_lock lock(mutex_);
    if (Source* const source = find(database)) source->wanted = true;
    changed_.notify_all();
}

/// Under the mutex.
Catalogs::Source* Catalogs::find(const std::string& database) {
    const auto it = sources_.find(database);
    return it != sources_.end() && it->second.configured ? &it->second : nullptr;
}

std::vector<std::string> Catalogs::wait_for_first() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ending_ || std::ranges::all_of(sources_, [](const auto& s) { return s.second.tried || !s.second.configured; }); });
    std::vector<std::string> without;
    for (const auto& [name, source] : sources_) {
        if (source.configured && !source.has_view) without.push_back(name + ": " + source.last_error);
    }
    return without;
}

bool Catalogs::wait_until_current() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(5), [this] {
        return ending_ || std::ranges::none_of(sources_, [](const auto& s) { return s.second.configured && s.second.has_view && s.second.stale_view; });
    });
}

MonotonicTime Catalogs::due(const Source& source) {
    const MonotonicTime asked = source.last_load + source.pause;
    return source.wanted ? std::min(asked, source.next) : source.next;
}

/// A database's thread, from its first appearance in the config to the end of the process.
void Catalogs::keep(const std::string& name, Source& source) {
    Keeper keeper(*this, name);
    std::unique_lock lock(mutex_);
    while (!ending_) {
        if (!source.configured) {
            keeper.forget();
            source.has_view = source.tried = false;
            changed_.wait(lock, [&] { return ending_ || source.configured; });
        } else if (const MonotonicTime next = due(source); std::chrono::steady_clock::now() < next) {
            changed_.wait_until(lock, next);
        } else {
            visit(keeper, source, lock);
        }
    }
}

/// The mutex is held but while the server is asked and while views are made and published.
void Catalogs::visit(Keeper& keeper, Source& source, std::unique_lock<std::mutex>& lock) {
    const WorldPtr world = world_;
    const ColumnVotesPtr votes = source.votes;
    const config::Database& database = *world->config->database(keeper.name());
    const bool wanted = std::exchange(source.wanted, false);
    bool stale = source.stale_view;
    const auto publish = [&](bool asked) {
        lock.unlock();
        publish_(keeper.view(database, world, votes), asked);
        lock.lock();
        stale = false;
        source.has_view = true;
        source.stale_view = world != world_ || votes != source.votes;
        changed_.notify_all();
    };
    // New rules reach the sessions before the server is asked again: it may be slow to answer.
    if (keeper.snapshot() && stale) publish(false);
    const catalog::SnapshotPtr before = keeper.snapshot();
    lock.unlock();
    const MonotonicTime begun = std::chrono::steady_clock::now();
    const bool loaded = keeper.load(database);
    const auto took = std::chrono::ceil<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun);
    lock.lock();
    source.pause = std::clamp(kPausePerLook * took, kShortestPause, kLongestPause);
    if (keeper.snapshot() && (keeper.snapshot() != before || wanted)) publish(wanted);
    source.tried = true;
    source.last_error = keeper.why();
    source.last_load = std::chrono::steady_clock::now();
    source.next = world != world_ || votes != source.votes ? MonotonicTime{} : source.last_load + (loaded ? std::chrono::seconds(database.refresh) : kRetry);
    changed_.notify_all();
}

void Catalogs::Keeper::forget() {
    loader_.reset();
    snapshot_.reset();
    view_.reset();
    view_world_.reset();
    view_votes_.reset();
    stamp_.clear();
    why_.clear();
}

bool Catalogs::Keeper::failed(const catalog::LoadError& error) {
    if (why_ != error.message) owner_.log_(fmt::format("catalog of \"{}\" cannot be read: {}", name_, error.message));
    why_ = error.message;
    loader_.reset();
    return false;
}

/// Over the connection there is, unless the config names another server by now.
bool Catalogs::Keeper::connect(const config::Database& database) {
    if (loader_ && loader_->alive() && upstream_ == database.upstream) return true;
    auto connected = catalog::Loader::connect(database.upstream + " application_name=pgveil/catalog gssencmode=disable", read_password(database.password_file),
                                              database.connect_timeout);
    if (!connected) return failed(connected.error());
    loader_.emplace(std::move(*connected));
    if (upstream_ != database.upstream) stamp_.clear();
    upstream_ = database.upstream;
    return true;
}

bool Catalogs::Keeper::load(const config::Database& database) {
    if (!connect(database)) return false;
    auto stamp = loader_->change_stamp();
    if (!stamp) return failed(stamp.error());
    why_.clear();
    if (snapshot_ && *stamp == stamp_) return true;
    auto contents = loader_->load();
    if (!contents) return failed(contents.error());
    if (contents->role_is_dangerous && !database.dangerous_role) {
        return failed({catalog::LoadError::What::Query, "",
                       fmt::format("the upstream role is dangerous ({}); use another or set dangerous_role = true", contents->danger)});
    }
    std::error_code ignored;
    std::filesystem::create_directories(owner_.state_directory_ + "/catalog", ignored);
    (void)catalog::save(*contents, owner_.state_directory_ + "/catalog/" + database.name + ".snapshot");
    snapshot_ = std::make_shared<const catalog::Snapshot>(std::move(*contents), ++owner_.versions_);
    stamp_ = *stamp;
    return true;
}

relay::DatabaseViewPtr Catalogs::Keeper::view(const config::Database& database, const WorldPtr& world, const ColumnVotesPtr& votes) {
    if (view_ && view_->catalog == snapshot_ && view_world_ == world && view_votes_ == votes) return view_;
    view_world_ = world;
    view_votes_ = votes;
    return view_ = make_view(database, *world, votes);
}

relay::DatabaseViewPtr Catalogs::Keeper::make_view(const config::Database& database, const World& world, const ColumnVotesPtr& votes) const {
    auto view = std::make_shared<relay::DatabaseView>();
    view->database = database.name;
    view->catalog = snapshot_;
    view->rules = world.ruleset;
    view->tags = std::make_shared<const policy::TagTable>(policy::make_tags(
        database.name, *snapshot_, *world.ruleset, *world.rules, votes ? std::span(*votes) : std::span<const ColumnVote>()));
    if (database.mode) view->mode = mode_of(*database.mode);
    view->settings = database.settings;
    view->upstream_role = snapshot_->contents().role;
    view->version = ++owner_.versions_;
    return view;
}

}  // namespace pgveil::proxy
