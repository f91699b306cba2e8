#include <algorithm>

#include "control/binding.h"
#include "control/records.h"
#include "control/service_impl.h"

// The use of an approval: spent before the statement runs, finished afterwards.
namespace pgveil::control {
namespace {

constexpr std::uint32_t kMostAttempts = 3;
constexpr std::chrono::minutes kUnknownSpeaks{15};   // time for somebody to look before the same may be asked again

Answer with(Outcome outcome, RequestView request, std::string detail = {}) {
    Answer answer;
    answer.outcome = outcome;
    answer.request = std::move(request);
    answer.detail = std::move(detail);
    return answer;
}

}  // namespace

Answer Service::consume(const ConsumeRequest& ask, WallTime now) {
    const auto row = wanted(ask, now);
    if (!row || row->view.agent != ask.agent || row->view.database != ask.database) return with(Outcome::UnknownRequest, {});
    if (row->view.kind == RequestKind::Access || row->view.state != RequestState::Approved) {
        return with(Outcome::NotApproved, view_of(*row, false));
    }
    if (auto why = void_cause(*row, ledger_.request(row->view.id), now)) {
        Change change(*store_, journal_, ledger_);
        store::Move how{.at = now};
        how.decision_reason = *why;
        move(change, *row, RequestEvent::Void, how, record_of_move(row->view, RequestState::Void, "", "", -1, now));
        change.commit();
        return with(Outcome::Drifted, told(row->view.id), *why);
    }
    if (auto why = drift(ask, *row)) return with(Outcome::Drifted, view_of(*row, false), *why);
    return spend(*row, now);
}

std::optional<store::RequestRow> Service::wanted(const ConsumeRequest& ask, WallTime now) {
    if (!ask.id.empty()) return fresh(ask.id, now);
    auto row = must(store_->newest_of(ask.agent, ask.database, ask.draft ? binding_digest(*hash_, *ask.draft) : ask.digest));
    if (row) row = fresh(row->view.id, now);
    return row && still_speaks(*row, now) ? row : std::nullopt;
}

// An agent that gets "denied" or "outcome unknown" often sends the same again at once; that is no new request.
bool Service::still_speaks(const Row& row, WallTime now) const {
    const auto state = row.view.state;
    if (!has_ended(state)) return true;
    if (state == RequestState::Denied) return now < row.view.decided + options_.denied_cooldown;
    return state == RequestState::Unknown && now < row.view.decided + kUnknownSpeaks;
}

/// What the session would run now against what was approved. The approval stays: the session may be set
/// back to what it was.
std::optional<std::string> Service::drift(const ConsumeRequest& ask, const Row& row) {
    if (!ask.draft) return std::nullopt;
    const RequestDraft& draft = *ask.draft;
    if (binding_digest(*hash_, draft) != row.view.digest) return "the statement, its parameters or the session's settings differ from what was approved";
    const auto* logged = ledger_.request(row.view.id);
    if (!logged) return std::nullopt;
    Row stricter = row;
    stricter.view.approvers = draft.approvers;
    if (eligible_approvals(stricter, *logged) < draft.approvals_needed) return "the policy became stricter since";
    return std::nullopt;
}

/// Why an approval that the store shows does not count (any more).
std::optional<std::string> Service::void_cause(const Row& row, const LoggedRequest* logged, WallTime now) {
    if (!logged || logged->state != RequestState::Approved || logged->digest != row.view.digest ||
        logged->agent != row.view.agent || logged->database != row.view.database) {
        return "the audit log does not confirm this approval";
    }
    if (now >= logged->usable_until) return "the approval's time is over";
    if (!agent(row.view.agent) || !database(row.view.database)) return "the agent or database is no longer configured";
    Row as_logged = row;
    as_logged.view.approvers = logged->approvers;
    if (eligible_approvals(as_logged, *logged) < logged->approvals_needed) return "who approved may not approve any more";
    const auto body = open_body(options_.seal_key, row.view.id, row.view.digest, row.sealed);
    if (!body || binding_digest(*hash_, {row.view.kind, row.view.agent, row.view.database, row.view.sql_class}, *body) != logged->digest) {
        return "the stored statement is not the one that was approved";
    }
    return std::nullopt;
}

Answer Service::spend(const Row& row, WallTime now) {
    Change change(*store_, journal_, ledger_);
    auto spent = must(store_->consume(row.view.id, now));
    if (!spent) {                                // another process was faster
        const auto left = must(store_->find_request(row.view.id));
        return with(Outcome::NotApproved, left ? view_of(*left, false) : row.view);
    }
    spent->view.max_rows = -1;                   // the bound is the log's, not the row's
    for (const auto& [who, bound] : ledger_.request(row.view.id)->approvals) {
        if (bound >= 0) spent->view.max_rows = spent->view.max_rows < 0 ? bound : std::min(spent->view.max_rows, bound);
    }
    change.log(record_of_consumption(spent->view, now));
    change.commit();
    RequestView view = view_of(*spent, true);
    if (changed_) changed_(&view);
    return with(Outcome::Consumed, std::move(view));
}

Answer Service::finish(const FinishRequest& ask, WallTime now) {
    const auto row = must(store_->find_request(ask.id));
    if (!row) return with(Outcome::UnknownRequest, {});
    auto wanted = ask.state;
    if (wanted == RequestState::Approved && row->view.attempts >= kMostAttempts) wanted = RequestState::Failed;
    const auto event = event_of_finish(wanted);
    if (!event || next_state(row->view.state, *event) != wanted) return with(Outcome::NotApproved, view_of(*row, false));
    Change change(*store_, journal_, ledger_);
    store::Move how{.at = now};
    how.outcome_tag = ask.tag;
    move(change, *row, *event, how, record_of_move(row->view, wanted, ask.tag, ask.sqlstate, ask.rows, now));
    change.commit();
    std::erase(interrupted_, ask.id);
    return with(Outcome::Done, told(ask.id));
}

}  // namespace pgveil::control
