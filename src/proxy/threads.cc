// What Proxy::start sets in motion: desk, workers, catalogs, votes.
#include <algorithm>

#include "proxy/predecessor.h"
#include "proxy/proxy.h"
#include "proxy/succession.h"

namespace pgveil::proxy {

// Closed until the control service is there.
void Proxy::make_desk() {
    auto office = std::make_unique<Office>();
    office_ = office.get();
    desk_ = std::make_unique<Desk>(std::move(office), [this](const RequestView* request) { control_changed(request); });
    shared_.desk = desk_.get();
    connector_ = std::make_unique<upstream::Connector>();
    canceller_ = std::make_unique<upstream::Canceller>();
    shared_.connector = connector_.get();
    shared_.canceller = canceller_.get();
    shared_.host = this;
}

void Proxy::start_workers() {
    // Session numbers stay unique over restarts: they begin at the moment of the start, with room for a million a second, and
    // two starts within a second are told apart; the process before may know a higher one.
    const auto since_2020 = wall_now().time_since_epoch() - std::chrono::seconds(1'577'836'800);
    const auto second = std::chrono::floor<std::chrono::seconds>(since_2020);
    shared_.next_session = (static_cast<std::uint64_t>(second.count()) << 20U) + (static_cast<std::uint64_t>((since_2020 - second).count()) << 20U) / 1'000'000;
    const std::uint32_t wanted = world_->config->proxy.workers;
    const unsigned count = wanted != 0 ? wanted : std::max(1U, std::thread::hardware_concurrency());
    for (unsigned i = 0; i < count; ++i) workers_.push_back(std::make_unique<Worker>(shared_, i, world_));
    for (const auto& worker : workers_) shared_.workers.push_back(worker.get());
    logbook_.on_progress([this] {
        for (const auto& worker : workers_) worker->journal_progressed();
        if (Predecessor* before = shared_.predecessor) before->journal_progressed();
    });
    for (const auto& worker : workers_) worker->start();
}

void Proxy::start_catalogs() {
    catalogs_ = std::make_unique<Catalogs>(world_->config->proxy.state.path,
        [this](relay::DatabaseViewPtr view, bool refreshed) {
            {
                const std::scoped_lock lock(mutex_);
                views_[view->database] = view;
            }
            if (Votes* votes = voting_) votes->saw(view->database, view->catalog);
            everywhere([view, refreshed](Worker& worker) { worker.use(view, refreshed); });
        },
        [this](std::string line) { log_(config::LogLevel::Error, std::move(line)); });
    shared_.catalogs = catalogs_.get();
    catalogs_->use(world_);
    for (const std::string& name : catalogs_->wait_for_first()) log_(config::LogLevel::Warning, "not served yet: " + name);
}

// What was voted before the restart is in the views before anybody is served.
void Proxy::start_votes() {
    Votes::Remembered remembered;
    desk_->call([&](control::ControlService& service) {
        for (const config::Database& database : world_->config->databases) {
            if (auto kept = service.votes(database.name)) remembered[database.name] = std::move(*kept);
        }
    });
    votes_ = std::make_unique<Votes>(std::move(remembered),
        [this](const std::string& database, ColumnVotesPtr votes) { catalogs_->use_votes(database, std::move(votes)); },
        [this](const std::string& database, Oid relation, std::vector<ColumnVote> votes) {
            desk_->post([database, relation, votes = std::move(votes)](control::ControlService& service) { (void)service.keep_votes(database, relation, votes); });
        },
        [this](std::string line) { log_(config::LogLevel::Info, std::move(line)); });
    votes_->use(world_);
    voting_ = votes_.get();
    std::map<std::string, relay::DatabaseViewPtr> views;
    {
        const std::scoped_lock lock(mutex_);
        views = views_;
    }
    for (const auto& [database, view] : views) votes_->saw(database, view->catalog);
    while (!catalogs_->wait_until_current()) {}
}

}  // namespace pgveil::proxy
