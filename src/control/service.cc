#include "control/service_impl.h"

#include <algorithm>

#include "control/binding.h"
#include "crypto/digest.h"

namespace pgveil::control {
namespace {

template <class... Ts>
struct Overloaded : Ts... {
    using Ts::operator()...;
};

Answer unavailable(Down down) {
    Answer answer;
    answer.outcome = Outcome::Unavailable;
    answer.detail = down.which == Down::Which::Log ? "log" : "store";
    return answer;
}

}  // namespace

Result<std::unique_ptr<ControlService>, std::string> ControlService::open(ServiceOptions options, audit::Journal& journal,
                                                                          WallTime now) {
    if (options.seal_key.reveal().size() != 32) return refuse<std::string>("the store's sealing key must have 32 bytes");
    auto store = store::open(options.store_url, options.store_is_new);
    if (!store) return refuse(store.error());
    auto service = std::make_unique<Service>(std::move(options), journal, std::move(*store));
    if (auto started = service->start(now); !started) return refuse(started.error());
    return std::unique_ptr<ControlService>(std::move(service));
}

Service::Service(ServiceOptions options, audit::Journal& journal, std::unique_ptr<store::ControlStore> store)
    : options_(std::move(options)), journal_(journal), store_(std::move(store)), hash_(crypto::make_keyed_hash(options_.seal_key)) {}

Answer Service::answer(const Ask& ask, WallTime asked) {
    const WallTime now = clock(asked);
    try {
        return std::visit(Overloaded{[&](const FileRequest& a) { return file(a, now); },
                                     [&](const ConsumeRequest& a) { return consume(a, now); },
                                     [&](const LookRequest& a) { return look(a, now); },
                                     [&](const FinishRequest& a) { return finish(a, now); },
                                     [&](const CancelRequest& a) { return cancel(a, now); },
                                     [&](const ListOwn& a) { return list_own(a, now); }},
                          ask);
    } catch (Down down) {
        return unavailable(down);
    }
}

Result<std::vector<RequestView>, Refused> Service::requests(const Person& who, WallTime asked) {
    const WallTime now = clock(asked);
    if (auto no = may_not(who, Action::ShowRequests)) return refuse(*no);
    try {
        for (const auto& row : must(store_->due(now))) expire(row, now);
        const auto* known = person(who.name);
        const bool in_clear = known && may(*known, Action::ShowStatement);
        std::vector<RequestView> views;
        for (const auto& row : must(store_->requests("", 500))) views.push_back(view_of(row, in_clear));
        return views;
    } catch (Down) {
        return refuse(Refused{Refusal::Unavailable, "the control store or the log does not answer"});
    }
}

Result<RequestView, Refused> Service::request(const Person& who, std::string_view id, WallTime asked) {
    const WallTime now = clock(asked);
    if (auto no = may_not(who, Action::ShowRequest)) return refuse(*no);
    try {
        const auto row = fresh(id, now);
        if (!row) return refuse(Refused{Refusal::NotFound, "no such request"});
        const auto* known = person(who.name);
        const bool in_clear = known && may(*known, Action::ShowStatement);
        Change change(*store_, journal_, ledger_);
        audit::Record record;
        record.kind = audit::Kind::LogRead;
        record.time = now;
        record.person = who.name;
        record.agent = row->view.agent;
        record.database = row->view.database;
        record.request = row->view.id;
        record.decision = in_clear ? "clear" : "masked";
        change.log(std::move(record));
        change.commit();
        return view_of(*row, in_clear);
    } catch (Down) {
        return refuse(Refused{Refusal::Unavailable, "the control store or the log does not answer"});
    }
}

void Service::reconfigure(ServiceOptions options, WallTime now) {
    options_.agents = std::move(options.agents);
    options_.people = std::move(options.people);
    options_.databases = std::move(options.databases);
    options_.config_grants = std::move(options.config_grants);
    options_.pending_per_agent = options.pending_per_agent;
    options_.requests_per_minute = options.requests_per_minute;
    options_.denied_cooldown = options.denied_cooldown;
    options_.access_grant = options.access_grant;
    (void)clock(now);
    tell();
}

/// Never back: an expired approval or grant stays expired when the host's clock is set back.
WallTime Service::clock(WallTime now) { return latest_ = std::max({latest_, now, ledger_.newest()}); }

const Agent* Service::agent(std::string_view name) const {
    const auto at = std::ranges::find(options_.agents, name, &Agent::name);
    return at == options_.agents.end() ? nullptr : &*at;
}

const Person* Service::person(std::string_view name) const {
    if (agent(name)) return nullptr;
    const auto at = std::ranges::find(options_.people, name, &Person::name);
    return at == options_.people.end() ? nullptr : &*at;
}

const DatabaseTerms* Service::database(std::string_view name) const {
    const auto at = std::ranges::find(options_.databases, name, &DatabaseTerms::name);
    return at == options_.databases.end() ? nullptr : &*at;
}

/// The owner when it asked counts as well as the owner now: handing an agent on does not free its request.
bool Service::answers_for(std::string_view who, std::string_view name, std::string_view owner) const {
    if (who == name || who == owner) return true;
    const auto* a = agent(name);
    return a && (a->owner == who || std::ranges::find(a->on_behalf_of, who) != a->on_behalf_of.end());
}

std::optional<Refused> Service::may_not(const Person& who, Action action) const {
    const auto* known = person(who.name);
    if (!known) return Refused{Refusal::NotAllowed, "only people who are configured may do this"};
    if (!may(*known, action)) {
        return Refused{Refusal::NotAllowed, "to " + std::string(name_of(action)) + " takes the role " + roles_that_may(action)};
    }
    return std::nullopt;
}

std::optional<store::RequestRow> Service::fresh(std::string_view id, WallTime now) {
    auto row = must(store_->find_request(id));
    if (!row || now < row->view.expires) return row;
    if (!next_state(row->view.state, RequestEvent::Expire)) return row;
    expire(*row, now);
    return must(store_->find_request(id));
}

std::optional<std::vector<ColumnVote>> Service::votes(std::string_view database) {
    auto kept = store_->votes(database);
    return kept ? std::optional(std::move(*kept)) : std::nullopt;
}

bool Service::keep_votes(std::string_view database, Oid relation, const std::vector<ColumnVote>& votes) {
    return store_->keep_votes(database, relation, votes).has_value();
}

RequestView Service::view_of(const Row& row, bool with_body) {
    RequestView view = row.view;
    for (const auto& approval : must(store_->approvals(view.id))) view.approved_by.push_back(approval.person);
    if (!with_body || row.sealed.empty()) return view;
    auto body = open_body(options_.seal_key, view.id, view.digest, row.sealed);
    if (!body) return view;
    view.statement = std::move(body->statement);
    view.parameters = std::move(body->parameters);
    view.result_formats = std::move(body->result_formats);
    view.facts = std::move(body->facts);
    return view;
}

void Service::move(Change& change, const Row& row, RequestEvent event, store::Move how, audit::Record record) {
    const auto to = next_state(row.view.state, event);
    if (!to) throw Down{Down::Which::Store};   // callers ask the table first
    how.to = *to;
    how.erase_body = has_ended(*to);
    if (!must(store_->move(row.view.id, row.view.state, how))) throw Down{Down::Which::Store};
    change.log(std::move(record));
}

/// Tells the listener about a request as it is now, and returns it.
RequestView Service::told(std::string_view id) {
    const auto row = must(store_->find_request(id));
    if (!row) throw Down{Down::Which::Store};
    if (has_ended(row->view.state)) ledger_.forget(row->view.id);
    RequestView view = view_of(*row, false);
    if (changed_) changed_(&view);
    return view;
}

}  // namespace pgveil::control
