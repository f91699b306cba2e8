#include <algorithm>

#include "control/binding.h"
#include "control/records.h"
#include "control/service_impl.h"
#include "crypto/random.h"

// What people decide about requests.
namespace pgveil::control {
namespace {

constexpr std::size_t kLongestReason = 2000;

Refused down() { return {Refusal::Unavailable, "the control store or the log does not answer; nothing was decided"}; }

Refused wrong_state(const RequestView& v) {
    return {Refusal::WrongState, "request " + v.id + " is " + std::string(pgveil::name_of(v.state))};
}

bool in_a_group(const Person& who, const std::vector<std::string>& groups) {
    return groups.empty() || std::ranges::any_of(groups, [&](const auto& group) { return who.in_group(group); });
}

std::string listed(const std::vector<std::string>& items) {
    std::string text;
    for (const auto& item : items) text += (text.empty() ? "" : ", ") + item;
    return text;
}

}  // namespace

Result<RequestView, Refused> Service::approve(const Person& who, std::string_view id, std::string_view reason,
                                              std::int64_t max_rows, WallTime asked) {
    const WallTime now = clock(asked);
    if (auto no = may_not(who, Action::Approve)) return refuse(*no);
    if (max_rows < -1 || reason.size() > kLongestReason) return refuse(Refused{Refusal::Invalid, "bound or reason out of range"});
    try {
        const auto row = fresh(id, now);
        if (!row) return refuse(Refused{Refusal::NotFound, "no such request"});
        const auto* logged = ledger_.request(row->view.id);
        if (row->view.state != RequestState::Pending) return refuse(wrong_state(row->view));
        if (auto no = may_approve(who, *row, logged)) return refuse(*no);
        const store::ApprovalRow approval{row->view.id, who.name, std::string(reason), now, max_rows, 0};
        return row->view.kind == RequestKind::Access ? answer_access(*row, approval, now)
                                                     : complete_approval(*row, approval, now);
    } catch (Down) {
        return refuse(down());
    }
}

std::optional<Refused> Service::may_approve(const Person& who, const Row& row, const LoggedRequest* logged) const {
    if (!logged || logged->digest != row.view.digest || logged->state != RequestState::Pending) {
        return Refused{Refusal::Invalid, "the audit log does not confirm request " + row.view.id + "; the agent must ask again"};
    }
    if (answers_for(who.name, row.view.agent, row.view.owner)) {
        return Refused{Refusal::SelfApproval, who.name + " answers for agent " + row.view.agent + " and may not approve for it"};
    }
    if (!in_a_group(*person(who.name), logged->approvers)) {
        return Refused{Refusal::NotAllowed, "this request needs an approver of: " + listed(logged->approvers)};
    }
    if (logged->approvals.contains(who.name)) return Refused{Refusal::Duplicate, who.name + " has approved this request already"};
    return std::nullopt;
}

/// Distinct people whose approval stands in the log and in the store, and who could give it now.
std::uint32_t Service::eligible_approvals(const Row& row, const LoggedRequest& logged) const {
    std::uint32_t count = 0;
    for (const auto& kept : must(store_->approvals(row.view.id))) {
        const auto* known = person(kept.person);
        if (!logged.approvals.contains(kept.person) || !known || !may(*known, Action::Approve)) continue;
        if (answers_for(kept.person, row.view.agent, row.view.owner) || !in_a_group(*known, row.view.approvers)) continue;
        ++count;
    }
    return count;
}

RequestView Service::complete_approval(const Row& row, const store::ApprovalRow& approval, WallTime now) {
    const LoggedRequest& logged = *ledger_.request(row.view.id);
    Row as_logged = row;
    as_logged.view.approvers = logged.approvers;
    const bool full = eligible_approvals(as_logged, logged) + 1 >= logged.approvals_needed;
    const WallTime until = now + row.approved_for;
    Change change(*store_, journal_, ledger_);
    auto kept = approval;
    auto record = record_of_approval(row.view, approval, full, until);
    if (full) {
        store::Move how{.at = now};
        how.decided_by = approval.person;
        how.decision_reason = approval.reason;
        how.expires = until;
        if (approval.max_rows >= 0) how.max_rows = row.view.max_rows < 0 ? approval.max_rows : std::min(row.view.max_rows, approval.max_rows);
        move(change, row, RequestEvent::Approve, how, record);
    } else {
        kept.record = change.log(record);
    }
    must(store_->add_approval(kept));
    change.commit();
    return told(row.view.id);
}

/// A person's yes to an access request is a grant, as if they had typed it.
RequestView Service::answer_access(const Row& row, const store::ApprovalRow& approval, WallTime now) {
    const auto* terms = database(row.view.database);
    const auto length = std::min(options_.access_grant, terms ? terms->max_grant : std::chrono::seconds(0));
    Grant draft;
    draft.agent = row.view.agent;
    draft.database = row.view.database;
    draft.access = row.view.sql_class == "write" ? Access::Write : Access::Read;
    draft.reason = approval.reason;
    draft.task = row.view.task;
    draft.created_by = approval.person;
    draft.not_before = now;
    draft.until = now + length;
    Change change(*store_, journal_, ledger_);
    auto kept = approval;
    kept.record = change.log(record_of_approval(row.view, approval, true, draft.until));
    must(store_->add_approval(kept));
    const auto granted = make_grant(change, draft, row.view.id, false, now);
    store::Move how{.at = now};
    how.decided_by = approval.person;
    how.decision_reason = approval.reason;
    how.outcome_tag = granted.grant.id;
    move(change, row, RequestEvent::Fulfil, how,
         record_of_move(row.view, RequestState::Executed, granted.grant.id, "", -1, now));
    change.commit();
    tell();
    return told(row.view.id);
}

// Any approver may stop a request, whatever group the rule asks for, and the owner too: saying no needs less than yes.
Result<RequestView, Refused> Service::deny(const Person& who, std::string_view id, std::string_view reason, WallTime asked) {
    const WallTime now = clock(asked);
    if (auto no = may_not(who, Action::Deny)) return refuse(*no);
    if (reason.empty()) return refuse(Refused{Refusal::Invalid, "a denial needs a reason: the agent reads it"});
    if (reason.size() > kLongestReason) return refuse(Refused{Refusal::Invalid, "the reason is too long"});
    try {
        const auto row = fresh(id, now);
        if (!row) return refuse(Refused{Refusal::NotFound, "no such request"});
        if (!next_state(row->view.state, RequestEvent::Deny)) return refuse(wrong_state(row->view));
        Change change(*store_, journal_, ledger_);
        store::Move how{.at = now};
        how.decided_by = who.name;
        how.decision_reason = std::string(reason);
        const auto body = open_body(options_.seal_key, id, row->view.digest, row->sealed);
        const RequestView& v = row->view;
        const auto wording = body ? wording_digest(*hash_, {v.kind, v.agent, v.database, v.sql_class}, *body) : std::string();
        const store::DenialRow denial{v.id, v.agent, v.shape, wording, who.name, now};
        move(change, *row, RequestEvent::Deny, how, record_of_denial(v, denial, reason));
        must(store_->add_denial(denial));
        change.commit();
        ledger_.forget_denials();
        return told(row->view.id);
    } catch (Down) {
        return refuse(down());
    }
}

}  // namespace pgveil::control
