// Held statements: filing, waiting, spending an approval (design: Requests).
//
// The statement's own copy sits in deferred_; the client is not read meanwhile, answers of earlier
// statements have all gone out (barrier). No server transaction is open while a person is waited for.
#include <algorithm>
#include <cctype>

#include "relay/refusal.h"
#include "relay/relay.h"

namespace pgveil::relay {
namespace {

std::string_view use_name(sql::Use use) {
    switch (use) {
        case sql::Use::Read: return "read";
        case sql::Use::Write: return "write";
        case sql::Use::Lock: return "lock";
    }
    return "write";
}

// Spaces around a statement are no part of it: a comment at its end leaves one.
std::string trimmed(std::string text) {
    constexpr std::string_view spaces = " \t\r\n\f\v";
    const std::size_t last = text.find_last_not_of(spaces);
    text.resize(last == std::string::npos ? 0 : last + 1);
    return text.substr(std::min(text.find_first_not_of(spaces), text.size()));
}

}  // namespace

/// What a cool-down after a denial counts as the same idea: spaces, comments, letter case of names and the way
/// of passing a value aside, the very statement. A keyed token: the store must not hold its literals.
std::string Relay::idea_of(std::string_view statement) const {
    const auto tokens = sql::tokens_of(statement);
    if (!tokens) return sql::literal_token(*tools_.tokens, statement);
    std::string shape;
    for (const sql::Token& token : *tokens) {
        if (token.kind == sql::TokenKind::Comment) continue;
        std::string word(statement.substr(token.start, token.end - token.start));
        if (token.kind == sql::TokenKind::Identifier) std::ranges::transform(word, word.begin(), [](unsigned char c) { return std::tolower(c); });
        shape += word + ' ';
    }
    return sql::literal_token(*tools_.tokens, shape);
}

/// The command of the message that waits; empty for one that carries none.
std::string Relay::asked_text() const {
    const ByteView body = deferred_->body;
    PreparedPtr statement;
    if (deferred_->type == 'Q') return std::string(protocol::parse_query(body).value_or(std::string_view{}));
    if (deferred_->type == 'P') {
        const auto parse = protocol::parse_parse(body);
        return parse ? std::string(parse->query) : std::string();
    }
    if (deferred_->type == 'B') {
        if (const auto bind = protocol::parse_bind(body)) statement = statements_.expected(bind->statement);
    } else if (deferred_->type == 'E') {
        const auto execute = protocol::parse_execute(body);
        const PortalPtr portal = execute ? portals_.expected(execute->portal) : nullptr;
        if (portal) statement = portal->statement;
    }
    return statement ? statement->text : std::string();
}

RequestDraft Relay::draft_of(std::string_view statement, const Judged& judged) const {
    RequestDraft draft;
    draft.agent = setup_.agent.name;
    draft.owner = setup_.agent.owner;
    draft.database = setup_.view->database;
    draft.task = setup_.task;
    draft.reason = setup_.reason;
    draft.facts = facts_;
    draft.facts.role = setup_.view->upstream_role;
    draft.statement = trimmed(sql::without_comments(statement).value_or(std::string(statement)));
    draft.sql_class = std::string(sql::name_of(judged.analysis.kind));
    for (const sql::RelationUse& r : judged.analysis.relations) draft.relations.push_back(r.name + ":" + std::string(use_name(r.use)));
    draft.rule = judged.decision.rule;
    draft.why = judged.decision.reasons;
    draft.approvers = judged.decision.approvers;
    draft.approvals_needed = judged.decision.approvals;
    draft.pending_for = judged.decision.pending;
    draft.approved_for = judged.decision.approved;
    sql::LoggedText text = logged(statement);
    draft.masked_statement = text.text;
    draft.shape = idea_of(draft.statement);
    return draft;
}

/// First an approval that is already there is looked for; only then a request is filed.
void Relay::hold(std::string_view statement, const JudgedPtr& judged, std::span<const BoundParameter> parameters,
                 std::span<const std::int16_t> formats) {
    deferred_->judged = judged;
    if (await_facts(*judged)) return;
    deferred_->draft = draft_of(statement, *judged);
    deferred_->draft.parameters.assign(parameters.begin(), parameters.end());
    for (const BoundParameter& p : parameters) {
        deferred_->draft.shape += "," + sql::literal_token(*tools_.tokens, text_of(p.value));
    }
    deferred_->draft.result_formats.assign(formats.begin(), formats.end());
    deferred_->request = {};
    if (cannot_spend(*judged)) return ask(control::FileRequest{deferred_->draft}, Stage::File);
    control::ConsumeRequest consume;
    consume.agent = setup_.agent.name;
    consume.database = setup_.view->database;
    consume.draft = deferred_->draft;
    ask(std::move(consume), Stage::Consume);
}

void Relay::ask(control::Ask question, Stage stage) {
    deferred_->stage = stage;
    deferred_->ticket = next_ticket_++;
    state_ = State::AskingControl;
    out_->others.emplace_back(AskControl{deferred_->ticket, std::move(question)});
}

void Relay::on_control(std::uint64_t ticket, control::Answer answer, Now now, Actions& out) {
    now_ = now;
    out_ = &out;
    if (state_ != State::AskingControl || !deferred_ || deferred_->ticket != ticket) return;
    state_ = State::Reading;
    simple_ = deferred_->type == 'Q';
    if (deferred_->cancelled) {
        if (answer.outcome == control::Outcome::Consumed) {
            out.others.emplace_back(AskControl{next_ticket_++, control::FinishRequest{answer.request.id, RequestState::Approved, "", "", -1}});
        }
        refuse(cancelled());
        return resume();
    }
    switch (deferred_->stage) {
        case Stage::Consume: on_consumed(answer); break;
        case Stage::File: on_filed(answer); break;
        case Stage::Look: on_looked(answer); break;
        case Stage::Submit: case Stage::Local: on_local_answer(answer); break;
        case Stage::Judge: case Stage::Run: break;
    }
    resume();
}

void Relay::on_consumed(control::Answer& answer) {
    switch (answer.outcome) {
        case control::Outcome::Consumed:
            deferred_->request = answer.request;
            return start_write(deferred_->judged, answer.request.id);
        case control::Outcome::UnknownRequest:
        case control::Outcome::NotApproved:
            if (deferred_->by_id || answer.request.state == RequestState::Denied) break;   // by id: no new request
            deferred_->draft.digest = answer.request.digest;
            return ask(control::FileRequest{deferred_->draft}, Stage::File);
        case control::Outcome::Unavailable: case control::Outcome::Drifted: case control::Outcome::TooMany:
        case control::Outcome::Filed: case control::Outcome::Done: case control::Outcome::Listed: break;
    }
    refuse_outcome(answer);
}

void Relay::on_filed(control::Answer& answer) {
    if (answer.outcome == control::Outcome::NotApproved && answer.request.state == RequestState::Approved) {
        if (const auto why_not = cannot_spend(*deferred_->judged)) return refuse(*why_not);
    }
    if (answer.outcome != control::Outcome::Filed) return refuse_outcome(answer);
    deferred_->request = answer.request;
    const auto wait = std::min(std::max(setup_.wait, deferred_->judged->decision.wait), std::chrono::seconds{300});
    const bool free_to_wait = transaction_.status == TransactionStatus::Idle && !batch_ran_;
    if (wait.count() > 0 && free_to_wait && !deferred_->listed) {
        deferred_->deadline = now_.monotonic + wait;
        return wait_for_person(answer.request);
    }
    if (deferred_->listed && now_.monotonic < deferred_->deadline) return wait_for_person(answer.request);
    give_ticket(answer.request);
}

/// pgveil.execute, first step: what is it, and would it still be let through?
void Relay::on_looked(control::Answer& answer) {
    if (answer.outcome != control::Outcome::Done && answer.outcome != control::Outcome::Filed) return refuse_outcome(answer);
    deferred_->request = answer.request;
    if (answer.request.state != RequestState::Approved) return refuse(not_runnable(answer.request));
    deferred_->judged = judge(answer.request.statement, {});
    if (const auto why_not = cannot_run(*deferred_->judged)) return refuse(*why_not);
    if (const auto why_not = cannot_spend(*deferred_->judged)) return refuse(*why_not);
    if (deferred_->judged->decision.verdict == policy::Verdict::Refuse) return refuse(drifted(answer.request, "the policy"));
    if (await_facts(*deferred_->judged)) return;
    deferred_->draft = draft_of(answer.request.statement, *deferred_->judged);
    deferred_->draft.parameters = answer.request.parameters;
    deferred_->draft.result_formats = answer.request.result_formats;
    control::ConsumeRequest consume;
    consume.id = answer.request.id;
    consume.agent = setup_.agent.name;
    consume.database = setup_.view->database;
    consume.draft = deferred_->draft;
    ask(std::move(consume), Stage::Consume);
}

void Relay::wait_for_person(const RequestView& request) {
    if (!deferred_->listed) {
        protocol::ErrorOut notice = plain(sqlstate::Held, "waiting for human approval of request " + request.id);
        notice.severity = "NOTICE";
        protocol::put_notice(out_->to_client, notice);
    }
    deferred_->listed = true;
    deferred_->waiting_for = request.id;
    state_ = State::WaitingForPerson;
    out_->others.emplace_back(ArmTimer{deferred_->deadline});
}

void Relay::on_request_changed(std::string_view id, Now now, Actions& out) {
    now_ = now;
    out_ = &out;
    if (state_ != State::WaitingForPerson || deferred_->waiting_for != id) return;
    deferred_->facts = Deferred::Facts::NotAsked;   // what was decided on may have changed while it waited: judged and asked again
    state_ = State::Barrier;
    resume();
}

void Relay::give_ticket(const RequestView& request) {
    simple_ = deferred_->type == 'Q';
    record_refusal(*deferred_->judged, deferred_->draft.statement, "hold", request.id);
    deferred_->recorded = true;
    refuse(held(request, transaction_.status == TransactionStatus::InTransaction, now_.wall));
}

void Relay::refuse_outcome(const control::Answer& answer) {
    deferred_->request = answer.request;
    switch (answer.outcome) {
        case control::Outcome::NotApproved: return refuse(not_runnable(answer.request));
        case control::Outcome::UnknownRequest: return refuse(unknown_request(deferred_->waiting_for));
        case control::Outcome::Drifted: return refuse(drifted(answer.request, answer.detail.empty() ? "its context" : answer.detail));
        case control::Outcome::TooMany: return refuse(too_many(answer.detail, answer.retry_after_s));
        case control::Outcome::Unavailable: return refuse(answer.detail == "log" || audit_failed_ ? audit_unavailable() : store_unavailable());
        case control::Outcome::Filed: case control::Outcome::Consumed: case control::Outcome::Done:
        case control::Outcome::Listed: break;
    }
    refuse(store_unavailable());
}

}  // namespace pgveil::relay
