#include <algorithm>

#include "control/records.h"
#include "control/service_impl.h"

// What happens without anyone asking: the store brought in line with the log at start, and expiry.
namespace pgveil::control {

Result<void, std::string> Service::start(WallTime asked) {
    for (const auto& record : options_.history) ledger_.apply(record);
    options_.history.clear();
    options_.history.shrink_to_fit();
    const WallTime now = clock(asked);
    try {
        reconcile_requests(now);
        reconcile_rest();
        interrupt(now);
        for (const auto& row : must(store_->due(now))) expire(row, now);
    } catch (Down down) {
        return refuse<std::string>(down.which == Down::Which::Log ? "the log cannot be written"
                                                                  : "the control store cannot be read or written");
    }
    return {};
}

/// An old copy of the store put back must not revive what the log says was used, denied or over.
void Service::reconcile_requests(WallTime) {
    std::vector<std::string> ended;
    must(store_->begin());
    try {
        for (const auto& [id, logged] : ledger_.requests()) {
            if (logged.state == RequestState::Executing || has_ended(logged.state)) reconcile_request(id, logged);
            if (has_ended(logged.state)) ended.push_back(id);
        }
        for (const auto& denial : ledger_.denials()) must(store_->add_denial(denial));
        must(store_->commit());
    } catch (Down) {
        store_->rollback();
        throw;
    }
    for (const auto& id : ended) ledger_.forget(id);
    ledger_.forget_denials();
}

void Service::reconcile_request(const std::string& id, const LoggedRequest& logged) {
    const auto row = must(store_->find_request(id));
    if (!row || row->view.state == logged.state || has_ended(row->view.state)) return;
    store::Move how{.to = logged.state, .at = logged.decided};
    if (!logged.decided_by.empty()) how.decided_by = logged.decided_by;
    how.outcome_tag = logged.outcome_tag;
    how.erase_body = has_ended(logged.state);
    (void)must(store_->move(id, row->view.state, how));
}

void Service::reconcile_rest() {
    must(store_->begin());
    try {
        for (const auto& [id, grant] : ledger_.grants()) {
            if (grant.revoked) (void)must(store_->revoke_grant(id, "the log"));
        }
        for (const auto& [subject, row] : ledger_.switches()) {
            if (row) must(store_->set_switch(*row));
            else (void)must(store_->clear_switch(subject.first, subject.second));
        }
        must(store_->commit());
    } catch (Down) {
        store_->rollback();
        throw;
    }
}

/// Executing at start: the last run ended in between. Nobody knows the outcome until the server is asked.
void Service::interrupt(WallTime now) {
    for (const auto& row : must(store_->requests_in(RequestState::Executing))) {
        if (options_.executing_goes_on) {
            interrupted_.push_back(row.view.id);
            continue;
        }
        Change change(*store_, journal_, ledger_);
        move(change, row, RequestEvent::Lose, {.at = now}, record_of_move(row.view, RequestState::Unknown, "", "", -1, now));
        change.commit();
        interrupted_.push_back(row.view.id);
        told(row.view.id);
    }
}

std::vector<RequestView> Service::interrupted() {
    std::vector<RequestView> views;
    try {
        for (const auto& id : interrupted_) {
            if (const auto row = must(store_->find_request(id))) views.push_back(view_of(*row, false));
        }
    } catch (Down) {
        views.clear();
    }
    return views;
}

void Service::expire(const Row& row, WallTime now) {
    Change change(*store_, journal_, ledger_);
    move(change, row, RequestEvent::Expire, {.at = now}, record_of_move(row.view, RequestState::Expired, "", "", -1, now));
    change.commit();
    told(row.view.id);
}

WallTime Service::tick(WallTime asked) {
    const WallTime now = clock(asked);
    WallTime next = now + std::chrono::minutes(1);
    try {
        for (const auto& row : must(store_->due(now))) expire(row, now);
        if (const auto due = must(store_->next_due())) next = std::min(next, std::max(*due, now + std::chrono::milliseconds(100)));
        bool over = false;
        const auto look = [&](const Grant& g) {
            for (const WallTime border : {g.not_before, g.until}) {
                over = over || (border > grants_told_ && border <= now);
                if (border > now) next = std::min(next, border);
            }
        };
        for (const auto& g : options_.config_grants) look(g);
        for (const auto& row : must(store_->grants(grants_told_))) look(row.grant);
        grants_told_ = now;
        if (over) tell();
    } catch (Down) {
        next = now + std::chrono::seconds(1);
    }
    return next;
}

}  // namespace pgveil::control
