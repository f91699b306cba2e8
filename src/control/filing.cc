#include <algorithm>

#include "control/binding.h"
#include "control/records.h"
#include "control/service_impl.h"
#include "crypto/random.h"

// What agents ask, executions apart: file, look, cancel, list.
namespace pgveil::control {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kLargestBody = 4U << 20;
constexpr std::size_t kDenialsPerHour = 3;
constexpr std::size_t kLongestWords = 2000;     // reason, task: shown to people, kept in clear

Answer with(Outcome outcome, std::string detail = {}) {
    Answer answer;
    answer.outcome = outcome;
    answer.detail = std::move(detail);
    return answer;
}

Answer cool_down(std::string why, WallTime until, WallTime now) {
    Answer answer = with(Outcome::TooMany, std::move(why));
    const auto left = std::chrono::ceil<seconds>(until - now).count();
    answer.retry_after_s = static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 1, 86'400));
    return answer;
}

/// An access request has no statement to take a fingerprint of.
std::string shape_of(const RequestDraft& draft) {
    return draft.kind == RequestKind::Access ? "access/" + draft.database + '/' + draft.sql_class : draft.shape;
}

std::size_t size_of(const RequestDraft& draft) {
    std::size_t size = draft.statement.size() + draft.masked_statement.size();
    for (const auto& p : draft.parameters) size += p.value.size() + 32;
    return size;
}

std::string clipped(const std::string& words) {
    if (words.size() <= kLongestWords) return words;
    std::size_t end = kLongestWords;
    while (end > 0 && (static_cast<unsigned char>(words[end]) & 0xC0) == 0x80) --end;   // not inside a UTF-8 character
    return words.substr(0, end);
}

}  // namespace

Answer Service::file(const FileRequest& ask, WallTime now) {
    const RequestDraft& draft = ask.draft;
    const auto* known = agent(draft.agent);
    if (!known || !database(draft.database)) return with(Outcome::UnknownRequest, "unknown agent or database");
    if (draft.approvals_needed < 1) return with(Outcome::NotApproved, "the rule asks for no approval: nothing can be enough");
    if (draft.kind == RequestKind::Access && draft.sql_class != "read" && draft.sql_class != "write") {
        return with(Outcome::NotApproved, "access is read or write");
    }
    if (size_of(draft) > kLargestBody) return with(Outcome::TooMany, "the statement and its parameters are too large to hold");
    if (auto same = answer_of_same(draft, now)) return *same;
    if (auto no = too_many(draft, now)) return *no;
    return add(draft, *known, now);
}

std::optional<Answer> Service::answer_of_same(const RequestDraft& draft, WallTime now) {
    auto row = must(store_->newest_of(draft.agent, draft.database, binding_digest(*hash_, draft)));
    if (row) row = fresh(row->view.id, now);
    if (!row || !still_speaks(*row, now)) return std::nullopt;
    Answer same;
    same.outcome = row->view.state == RequestState::Pending ? Outcome::Filed : Outcome::NotApproved;
    same.request = view_of(*row, true);
    return same;
}

std::optional<Answer> Service::too_many(const RequestDraft& draft, WallTime now) {
    const auto denials = must(store_->denials_since(draft.agent, now - hours(1)));
    if (denials.size() >= kDenialsPerHour) {
        return cool_down("three requests were denied within the hour", denials[kDenialsPerHour - 1].at + hours(1), now);
    }
    if (auto no = said_before(draft, denials, now)) return no;
    if (must(store_->count_pending(draft.agent)) >= options_.pending_per_agent) {
        return cool_down("too many requests are pending", now + minutes(1), now);
    }
    const auto filed = must(store_->filed_since(draft.agent, now - minutes(1)));
    if (filed.size() >= options_.requests_per_minute) {
        const auto oldest = options_.requests_per_minute == 0 ? now : filed[filed.size() - options_.requests_per_minute];
        return cool_down("too many requests within a minute", oldest + minutes(1), now);
    }
    return std::nullopt;
}

// The same words laid out anew wait for the cool-down; so does any text of a shape that was denied twice.
std::optional<Answer> Service::said_before(const RequestDraft& draft, const std::vector<store::DenialRow>& denials, WallTime now) {
    const auto shape = shape_of(draft);
    const auto wording = wording_digest(*hash_, {draft.kind, draft.agent, draft.database, draft.sql_class}, body_of(draft));
    const auto of_shape = std::ranges::count(denials, shape, &store::DenialRow::shape);
    for (const auto& denial : denials) {
        const bool same_words = denial.wording == wording;
        if (now >= denial.at + options_.denied_cooldown || !(same_words || (denial.shape == shape && of_shape > 1))) continue;
        auto no = cool_down(same_words ? "this was denied" : "requests of this shape were denied",
                            denial.at + options_.denied_cooldown, now);
        if (const auto denied = must(store_->find_request(denial.request))) no.request = view_of(*denied, false);
        return no;
    }
    return std::nullopt;
}

Answer Service::add(const RequestDraft& draft, const Agent& known, WallTime now) {
    Row row;
    RequestView& v = row.view;
    v.id = crypto::random_id("r_");
    v.kind = draft.kind;
    v.state = RequestState::Pending;
    v.agent = known.name;
    v.owner = known.owner;
    v.database = draft.database;
    v.task = clipped(draft.task);
    v.reason = clipped(draft.reason);
    v.masked_statement = draft.masked_statement;
    v.sql_class = draft.sql_class;
    v.rule = draft.rule;
    v.shape = shape_of(draft);
    v.relations = draft.relations;
    v.why = draft.why;
    v.approvers = draft.approvers;
    v.approvals_needed = draft.approvals_needed;
    v.digest = binding_digest(*hash_, draft);
    v.created = now;
    v.expires = now + std::max(draft.pending_for, seconds(1));
    row.approved_for = std::max(draft.approved_for, seconds(1));
    row.sealed = seal_body(options_.seal_key, v.id, v.digest, body_of(draft));
    Change change(*store_, journal_, ledger_);
    row.record = change.log(record_of_filing(row, now));
    must(store_->add_request(row));
    change.commit();
    told(v.id);
    Answer answer = with(Outcome::Filed);
    answer.request = view_of(row, true);
    return answer;
}

Answer Service::look(const LookRequest& ask, WallTime now) {
    const auto row = fresh(ask.id, now);
    if (!row || row->view.agent != ask.agent) return with(Outcome::UnknownRequest);
    Answer answer = with(Outcome::Done);
    answer.request = view_of(*row, true);
    return answer;
}

Answer Service::cancel(const CancelRequest& ask, WallTime now) {
    const auto row = fresh(ask.id, now);
    if (!row || row->view.agent != ask.agent) return with(Outcome::UnknownRequest);
    Answer answer;
    const auto to = next_state(row->view.state, RequestEvent::Cancel);
    if (!to) {
        answer.outcome = Outcome::NotApproved;
        answer.request = view_of(*row, false);
        return answer;
    }
    Change change(*store_, journal_, ledger_);
    move(change, *row, RequestEvent::Cancel, {.at = now}, record_of_move(row->view, *to, "", "", -1, now));
    change.commit();
    answer.outcome = Outcome::Done;
    answer.request = told(ask.id);
    return answer;
}

Answer Service::list_own(const ListOwn& ask, WallTime now) {
    Answer answer = with(Outcome::Listed);
    if (ask.agent.empty()) return answer;   // to the store "" means everybody
    for (const auto& row : must(store_->due(now))) expire(row, now);
    for (const auto& row : must(store_->requests(ask.agent, 100))) answer.requests.push_back(view_of(row, false));
    for (auto& grant : live_grants(now)) {
        if (grant.agent == ask.agent) answer.grants.push_back(std::move(grant));
    }
    return answer;
}

}  // namespace pgveil::control
