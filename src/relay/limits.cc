// What ends or stops a statement besides its judgement: a rule's rows, bytes and time, and what the agent may take in
// a day or compare in an hour (policy/allowance.h).
//
// A result is cut by cancelling the server's statement; what the server says of it afterwards is dropped, and nothing
// that follows is sent before the cancel has been carried out.
#include <algorithm>
#include <cstring>
#include <utility>

#include "relay/refusal.h"
#include "relay/relay.h"

namespace pgveil::relay {
namespace {

constexpr std::chrono::seconds kToHeedCancel{10};   // a server that goes on for longer does not get to

protocol::ErrorOut error_of(Limit limit) {
    switch (limit) {
        case Limit::None: break;
        case Limit::Rows: return limit_reached("row");
        case Limit::Bytes: return limit_reached("byte");
        case Limit::Time: return limit_reached("time");
        case Limit::Egress: return budget_spent("result", true);
    }
    return limit_reached("row or byte");
}

// What ends a transaction must get through, or an agent could not let go of its locks.
bool ends_transaction(const sql::Analysis& analysis) {
    return !analysis.statements.empty() && std::ranges::all_of(analysis.statements, [](const sql::Statement& s) {
        return s.verb == sql::Verb::Commit || s.verb == sql::Verb::Rollback;
    });
}

}  // namespace

void Relay::count_row(Run& run, std::uint64_t bytes) {
    ++run.rows;
    run.bytes += bytes;
    cut_.egress += bytes;
    if (!run.enforced || run.cut != Limit::None) return;
    const policy::Limits& limits = run.judged->decision.limits;
    if (limits.rows != 0 && run.rows > limits.rows) cut(run, Limit::Rows);
    else if (limits.bytes != 0 && run.bytes > limits.bytes) cut(run, Limit::Bytes);
}

/// Result bytes are added up once an event: the count is shared by all of the agent's sessions.
void Relay::take_egress() {
    const std::uint64_t bytes = std::exchange(cut_.egress, 0);
    if (bytes == 0 || !setup_.allowance || setup_.allowance->take_egress(bytes, now_.monotonic)) return;
    const session::Entry* head = pipeline_.head();
    const Pending* pending = head != nullptr ? pending_of(head->tag) : nullptr;
    if (pending == nullptr || !pending->run || pending->run->rows == 0 || pending->run->cut != Limit::None) return;
    cut(*pending->run, Limit::Egress);
}

void Relay::cut(Run& run, Limit limit) {
    run.cut = cut_.limit = limit;
    cut_.cutting = true;
    cancel_server();
}

/// The server may have been done before our cancel came: then nothing it says after the cut goes on, and the error is ours.
void Relay::on_cut(const protocol::Frame& frame, const session::Entry& entry, Pending& pending) {
    const bool ends = frame.type == 'C' || frame.type == 'I' || frame.type == 's';
    if (ends) on_complete(frame, entry, pending);
    if (ends && entry.request == session::Request::Execute) end_with_limit(cut_.limit);
}

SqlState Relay::code_of(Limit limit) { return limit == Limit::Egress ? sqlstate::BudgetSpent : sqlstate::LimitReached; }

/// The error that a cut result gets.
void Relay::put_limit_error(Bytes& to, Limit limit) { protocol::put_error(to, error_of(limit)); }

void Relay::end_with_limit(Limit limit) {
    const protocol::ErrorOut error = error_of(limit);
    fatal(error.code, error.message);
}

void Relay::cancel_server() {
    ++cut_.cancels;
    out_->others.emplace_back(CancelServer{});
}

/// The end of a cut result, once no cancel of ours can hit what follows. If the server finished it, the error is ours;
/// in a block the server must fail as well.
void Relay::end_cut() {
    cut_.cutting = false;
    if (const RunPtr run = std::exchange(cut_.captured, nullptr)) return end_captured(run);
    const Bytes ready = std::exchange(cut_.ready, {});
    if (std::exchange(cut_.unsaid, false)) {
        Bytes error;
        put_limit_error(error, cut_.limit);
        if (transaction_.status == TransactionStatus::InTransaction) {
            if (!pipeline_.empty()) return end_with_limit(cut_.limit);
            simple_ = true;
            return poison(std::move(error));
        }
        append(out_->to_client, error);
    }
    protocol::put_message(out_->to_client, 'Z', ready);
}

void Relay::on_cancelled(Now now, Actions& out) {
    now_ = now;
    out_ = &out;
    if (cut_.cancels > 0) --cut_.cancels;
    if (state_ != State::WaitingForCancel || cut_.cancels > 0) return;
    state_ = cut_.captured ? State::Running : deferred_ ? State::Barrier : State::Reading;
    end_cut();
    pump_server();
    server_.keep_rest();
    resume();
    watch();
}

/// The run that the server works on: the first of those not answered. What comes before its Execute may be answered with
/// it only, since the server keeps its answers until it is asked to flush.
RunPtr Relay::working() {
    const session::Entry* head = pipeline_.head();
    if (head == nullptr) return nullptr;
    (void)pending_of(head->tag);   // lets go of what is answered
    const auto found = std::ranges::find_if(pending_, [](const Pending& pending) { return pending.run != nullptr && pending.why != Pending::Why::Probe; });
    return found == pending_.end() ? nullptr : found->run;
}

/// The time of a rule runs for the statement that the server works on, from the moment it is its turn.
void Relay::watch() {
    if (client_ended_ || state_ == State::Ended) return;
    const RunPtr run = working();
    if (!run || !run->enforced || run->number == cut_.timed) return;
    const std::chrono::milliseconds time = run->judged->decision.limits.time;
    if (time.count() == 0) return;
    cut_.timed = run->number;
    cut_.until = now_.monotonic + time;
    out_->others.emplace_back(ArmTimer{cut_.until});
}

void Relay::on_time() {
    const RunPtr run = working();
    if (!run || run->number != cut_.timed) return watch();   // it ended in time
    if (now_.monotonic < cut_.until) return out_->others.emplace_back(ArmTimer{cut_.until}), void();   // it fired early
    if (run->cut == Limit::Time) return end_with_limit(Limit::Time);
    if (run->cut == Limit::None) cut(*run, Limit::Time);
    cut_.until = now_.monotonic + kToHeedCancel;
    out_->others.emplace_back(ArmTimer{cut_.until});
}

/// Why nothing new of this agent is run now; in every mode, as limits are (design: contract).
std::optional<protocol::ErrorOut> Relay::spent(const Judged& judged) {
    if (!setup_.allowance) return std::nullopt;
    const policy::Allowance::Spent spent = setup_.allowance->spent(now_.monotonic);
    if (spent == policy::Allowance::Spent::Nothing) return std::nullopt;
    if (transaction_.status != TransactionStatus::Idle && ends_transaction(judged.analysis)) return std::nullopt;
    if (spent == policy::Allowance::Spent::Log) return budget_spent("log", false);
    const bool gives_rows = judged.analysis.kind == sql::Kind::Read || judged.analysis.kind == sql::Kind::Unknown;
    return gives_rows ? std::optional(budget_spent("result", false)) : std::nullopt;
}

/// A refusal for a spent log does not go on filling it.
void Relay::refuse_spent(const Judged& judged, std::string_view text, const protocol::ErrorOut& error) {
    const bool of_log = setup_.allowance->spent(now_.monotonic) == policy::Allowance::Spent::Log;
    if (!of_log || setup_.allowance->worth_a_record(now_.monotonic)) record_refusal(judged, text, "deny", "", of_log ? "agent.log_budget" : "agent.egress");
    deferred_->recorded = true;
    refuse(error);
}

/// Beyond what an agent may compare with sensitive columns in an hour a person decides. The same statement with the same
/// values tells nothing new and counts once.
JudgedPtr Relay::within_hour(JudgedPtr judged, std::string_view text, std::span<const BoundParameter> parameters) {
    const policy::Decision& decision = judged->decision;
    if (!setup_.allowance || !enforced(decision) || decision.verdict != policy::Verdict::Forward) return judged;
    if (decision.neutral_data_errors && !setup_.allowance->may_raise(setup_.view->rules->equality_per_hour, now_.monotonic)) {
        auto held = std::make_shared<Judged>(*judged);
        policy::hold_for_errors(held->decision);
        return held;
    }
    if (decision.equality_values == 0) return judged;
    std::string whole(text);
    for (const BoundParameter& p : parameters) {
        whole += '\0' + std::to_string(p.is_null ? 0 : p.value.size() + 1) + '\0';
        whole += text_of(p.value);
    }
    const Digest digest = tools_.tokens->hash("comparison", bytes_of(whole));
    std::uint64_t print = 0;
    std::memcpy(&print, digest.data(), sizeof print);
    const std::uint32_t per_hour = setup_.view->rules->equality_per_hour;
    if (setup_.allowance->compare(print, decision.equality_values, per_hour, now_.monotonic)) return judged;
    auto held = std::make_shared<Judged>(*judged);
    policy::hold_for_comparisons(held->decision);
    return held;
}

}  // namespace pgveil::relay
