#include "proxy/votes.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <ranges>

#include <fmt/format.h>

#include "proxy/desk.h"

namespace pgveil::proxy {
namespace {

using std::chrono::seconds;

constexpr seconds kFirstPause{5}, kRetry{60};
constexpr std::size_t kTold = 500;     // rows: with fewer there may soon be more to say
constexpr seconds kBetween{5};         // each publish makes the workers judge every statement again
constexpr std::size_t kMostNamed = 20; // tables that cannot be sampled, a database
constexpr std::chrono::milliseconds kLeastRest{20}, kIdle{500};
constexpr int kRestFactor = 4;        // of the time a look took: one fifth of one core and of one server process at most
constexpr int kNice = 10;

bool is_sampled(const catalog::Relation& relation) {
    if (relation.schema.starts_with("pg_") || relation.schema == "information_schema") return false;
    return relation.kind == catalog::RelationKind::Table || relation.kind == catalog::RelationKind::Materialized;
}

/// What a look depends on, from the catalog or from what is remembered.
std::uint64_t signature_of(std::string_view revision, std::string_view relation, const auto& columns) {
    std::string text = fmt::format("{}\n{}", revision, relation);
    for (const auto& [number, name, type] : columns) text += fmt::format("\n{} {} {}", number.value, type.value, name);
    return std::hash<std::string>{}(text) | 1U;     // 0: not looked at
}

std::uint64_t signature_of(std::string_view revision, const catalog::Relation& relation, const std::vector<const catalog::Column*>& columns) {
    return signature_of(revision, relation.qualified(),
                        columns | std::views::transform([](const catalog::Column* c) { return std::tuple(c->number, std::string_view(c->name), c->type); }));
}

std::uint64_t signature_of(const std::vector<ColumnVote>& votes) {
    const ColumnVote& first = votes.front();
    if (std::ranges::any_of(votes, [&](const ColumnVote& v) { return v.revision != first.revision || v.relation != first.relation; })) return 0;
    return signature_of(first.revision, first.relation,
                        votes | std::views::transform([](const ColumnVote& v) { return std::tuple(v.column.attribute, std::string_view(v.name), v.type); }));
}

bool speaks(const ColumnVote& vote) { return !vote.rule.empty() || vote.look_alikes != 0; }

/// A vote for a rule stays; only another revision of the rules that saw enough values may end it.
void outlive(const ColumnVote& before, ColumnVote& now) {
    const bool same = before.column == now.column && before.name == now.name && before.type == now.type && before.relation == now.relation;
    const bool judged_anew = before.revision != now.revision && now.distinct >= masking::ColumnPoll::kLeastDistinct;
    if (!same || before.rule.empty() || !now.rule.empty() || judged_anew) return;
    now.rule = before.rule;
    now.passed = before.passed;
    now.distinct = before.distinct;
    now.revision = before.revision;
}

}  // namespace

void forget_unattended(std::vector<ColumnVote>& votes, std::chrono::seconds period) {
    if (period != seconds(0)) return;
    for (ColumnVote& vote : votes) vote.look_alikes = 0;
}

Votes::Votes(Remembered remembered, Publish publish, Keep keep, Log log)
    : publish_(std::move(publish)), keep_(std::move(keep)), log_(std::move(log)) {
    for (auto& [database, votes] : remembered) {
        Source& source = sources_[database];
        for (ColumnVote& vote : votes) source.tables[vote.column.relation].votes.push_back(std::move(vote));
        for (auto& [oid, table] : source.tables) {
            table.looked = signature_of(table.votes);
            const auto age = std::max(wall_now() - table.votes.front().at, WallTime::duration::zero());
            table.next = std::chrono::steady_clock::now() - std::chrono::duration_cast<MonotonicTime::duration>(age);   // settle adds the period
        }
    }
    thread_ = std::thread([this] { run(); });
}

Votes::~Votes() { stop(); }

void Votes::finish() {
    {
        const std::scoped_lock lock(mutex_);
        ending_ = true;
    }
    changed_.notify_all();
}

void Votes::stop() {
    finish();
    if (thread_.joinable()) thread_.join();
}

std::chrono::seconds Votes::period() const { return world_ ? world_->config->masking.sample : seconds(0); }

void Votes::use(WorldPtr world) {
    std::vector<std::pair<std::string, ColumnVotesPtr>> all;
    {
        const std::scoped_lock lock(mutex_);
        world_ = std::move(world);
        revision_ = masking::poll_revision(*world_->rules);
        std::erase_if(sources_, [&](const auto& s) { return world_->config->database(s.first) == nullptr; });
        for (const config::Database& database : world_->config->databases) {
            Source& source = sources_[database.name];
            if (source.snapshot) settle(database.name, source, std::chrono::steady_clock::now());
            source.retry = {};
            source.changed = false;
            all.emplace_back(database.name, counting(source));
        }
    }
    for (auto& [database, votes] : all) publish_(database, std::move(votes));
    changed_.notify_all();
}

void Votes::saw(const std::string& database, catalog::SnapshotPtr snapshot) {
    const std::scoped_lock lock(mutex_);
    const auto source = sources_.find(database);
    if (source == sources_.end() || source->second.snapshot == snapshot) return;
    source->second.snapshot = std::move(snapshot);
    settle(database, source->second, std::chrono::steady_clock::now());
    changed_.notify_all();
}

/// What is new or changed is due; what is gone is forgotten.
void Votes::settle(const std::string& database, Source& source, MonotonicTime now) {
    std::map<Oid, Table> before = std::exchange(source.tables, {});
    for (const catalog::Relation& relation : source.snapshot->contents().relations) {
        if (!is_sampled(relation)) continue;
        const auto columns = catalog::Sampler::singles(*source.snapshot, relation);
        if (columns.empty()) continue;
        Table& table = source.tables[relation.oid];
        if (const auto known = before.extract(relation.oid)) table = std::move(known.mapped());
        const std::uint64_t signature = signature_of(revision_, relation, columns);
        const bool new_period = table.period != period();
        if (table.looked != signature) {
            table.next = now;
            table.pause = {};
        } else if (new_period) {
            table.next += period() - table.period;
        }
        table.period = period();
    }
    for (const auto& [oid, table] : before) {
        source.changed |= std::ranges::any_of(table.votes, speaks);
        if (!table.votes.empty()) keep_(database, oid, {});
    }
}

void Votes::run() {
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice);   // Linux: of this thread
    WorldPtr before;
    std::unique_lock lock(mutex_);
    while (!ending_) {
        const MonotonicTime begun = std::chrono::steady_clock::now();
        const auto due = next_due(begun);
        if (due) {
            const WorldPtr world = world_;
            lock.unlock();
            if (std::exchange(before, world) != world) looker_.rest();   // another upstream, another password
            Look found = looker_.look(*world->config->database(due->database), world->rules, *due->snapshot, *due->table, due->before);
            lock.lock();
            if (world == world_) take(*due, std::move(found), std::chrono::steady_clock::now());
        } else {
            looker_.rest();
        }
        publish_changed(!due, lock);
        const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun);
        const auto woken = [&] { return ending_ || (!due && next_due(std::chrono::steady_clock::now())); };
        changed_.wait_for(lock, due ? std::max(kLeastRest, took * kRestFactor) : kIdle, woken);
    }
    looker_.rest();
}

std::optional<Votes::Due> Votes::next_due(MonotonicTime now) {
    if (period() == seconds(0)) return std::nullopt;
    for (const auto& [database, source] : sources_) {
        if (!source.snapshot || now < source.retry) continue;
        for (const auto& [oid, table] : source.tables) {
            if (now >= table.next) return Due{database, source.snapshot, source.snapshot->relation(oid), table.votes};
        }
    }
    return std::nullopt;
}

void Votes::take(const Due& due, Look look, MonotonicTime now) {
    const auto found = sources_.find(due.database);
    if (found == sources_.end()) return;
    Source& source = found->second;
    if (look.unreachable || look.broke) source.retry = now + kRetry;
    if (look.unreachable) {
        if (source.last_error != look.error) log_(fmt::format("columns of \"{}\" cannot be sampled: {}", due.database, look.error));
        source.last_error = look.error;
        return;
    }
    source.last_error.clear();
    const auto place = source.tables.find(due.table->oid);
    if (place == source.tables.end()) return;
    Table& table = place->second;
    if (!look.error.empty() && table.last_error != look.error && source.named <= kMostNamed) {
        log_(++source.named > kMostNamed ? fmt::format("{}: more tables cannot be sampled; they are not named", due.database)
                                         : fmt::format("{}.{}: no vote on its columns: {}", due.database, due.table->qualified(), look.error));
    }
    table.last_error = look.error;
    table.looked = signature_of(revision_, *due.table, catalog::Sampler::singles(*due.snapshot, *due.table));
    const bool told = !look.votes.empty() && look.rows >= kTold;
    const seconds longer = std::max(table.pause * 2, look.votes.empty() ? kRetry : kFirstPause);
    table.pause = told ? seconds(0) : std::min(period(), longer);
    table.next = now + (told || look.broke ? period() : table.pause);   // what ends connections is not tried again soon
    replace(due, table, source, std::move(look.votes));
}

/// No votes: the look failed. What was said for a rule stands; what was said against does so for two periods.
void Votes::replace(const Due& due, Table& table, Source& source, std::vector<ColumnVote> votes) {
    const std::vector<ColumnVote> before = std::exchange(table.votes, std::move(votes));
    if (table.votes.empty()) {
        table.votes = before;
        for (ColumnVote& vote : table.votes) {
            if (wall_now() - vote.at > 2 * period()) vote.look_alikes = 0;
        }
    }
    for (ColumnVote& vote : table.votes) {
        const auto same = std::ranges::find(before, vote.column, &ColumnVote::column);
        if (same != before.end()) outlive(*same, vote);
    }
    const auto words = [](const std::vector<ColumnVote>& all) {
        std::string text;
        for (const ColumnVote& vote : all) text += fmt::format("{} {} {} {}\n", vote.column.attribute.value, vote.name, vote.rule, vote.look_alikes);
        return text;
    };
    source.changed |= words(before) != words(table.votes);
    if (table.votes != before) keep_(due.database, due.table->oid, table.votes);
}

/// The counts of a vote that says nothing new are no reason to judge every statement again.
void Votes::publish_changed(bool idle, std::unique_lock<std::mutex>& lock) {
    const MonotonicTime now = std::chrono::steady_clock::now();
    if (!idle && now < published_ + kBetween) return;
    std::vector<std::pair<std::string, ColumnVotesPtr>> all;
    for (auto& [database, source] : sources_) {
        if (std::exchange(source.changed, false)) all.emplace_back(database, counting(source));
    }
    if (all.empty()) return;
    published_ = now;
    lock.unlock();
    for (auto& [database, votes] : all) publish_(database, std::move(votes));
    lock.lock();
}

ColumnVotesPtr Votes::counting(const Source& source) const {
    auto votes = std::make_shared<std::vector<ColumnVote>>();
    for (const auto& [oid, table] : source.tables) {
        for (const ColumnVote& vote : table.votes) {
            if (speaks(vote)) votes->push_back(vote);
        }
    }
    forget_unattended(*votes, period());
    return votes;
}

}  // namespace pgveil::proxy
