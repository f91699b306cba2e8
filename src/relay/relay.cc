#include "relay/relay.h"

#include <algorithm>
#include <utility>

#include "relay/refusal.h"

namespace pgveil::relay {
namespace {

// COPY data beyond this goes on as it arrives; every other message is collected, whatever its size (PostgreSQL takes 1 GiB).
constexpr std::size_t kWholeCopyData = 64 * 1024;
constexpr std::chrono::seconds kAfterClientEnd{2};

}  // namespace

Relay::Relay(RelaySetup setup, Tools& tools)
    : setup_(std::move(setup)),
      tools_(tools),
      client_(protocol::Direction::Frontend, kWholeCopyData, "d"),
      server_(protocol::Direction::Backend, setup_.max_message, "DdV") {
    path_ = catalog::make_search_path(*setup_.view->catalog, setup_.search_path, setup_.view->upstream_role);
    setup_.task = tools_.masker->mask_text(setup_.task, "");   // the log has it in every record
    facts_.search_path = setup_.search_path;
    facts_.isolation = "default";
    path_stale_ = setup_.view->enforcing();   // the role, the database or the startup options may have set it
    for (const auto& [name, value] : setup_.parameters) {
        if (name == "application_name") application_name_ = client_view(setup_.agent, name, value);
        if (name == "TimeZone") facts_.time_zone = value;
        if (name == "DateStyle") facts_.date_style = value;
        if (name == "IntervalStyle") facts_.interval_style = value;
    }
}

Relay::~Relay() = default;

std::size_t Relay::kept() const {
    const std::size_t waiting = deferred_ ? deferred_->body.size() : 0;
    return client_.kept() + server_.kept() + waiting + *names_bytes_;
}

// Every event handler is one of these: remember the actions, run, forget them.
void Relay::on_client(ByteView bytes, Now now, Actions& out) {
    now_ = now;
    out_ = &out;
    client_.feed(bytes);
    pump_client();
    client_.keep_rest();
    watch();
}

void Relay::on_server(ByteView bytes, Now now, Actions& out) {
    now_ = now;
    out_ = &out;
    server_.feed(bytes);
    pump_server();
    server_.keep_rest();
    take_egress();
    resume();
}

void Relay::on_written(std::uint64_t record, Now now, Actions& out) {
    now_ = now;
    out_ = &out;
    written_ = std::max(written_, record);
    if (!std::exchange(blocked_, false)) return;
    pump_server();
    server_.keep_rest();
    take_egress();
    if (server_lost_) return on_peer_lost(true, now, out);
    resume();
}

void Relay::on_durable(std::uint64_t record, Now now, Actions& out) {
    durable_ = std::max(durable_, record);
    on_written(record, now, out);
    if (state_ == State::Ended) return;
    if (state_ == State::WaitingForRecord && deferred_ && deferred_->record <= durable_) {
        state_ = State::Reading;
        run_deferred();
    }
    resume();
}

void Relay::on_audit_failed(Now now, Actions& out) {
    now_ = now;
    out_ = &out;
    audit_failed_ = true;
    if (state_ == State::WaitingForRecord) {
        state_ = State::Reading;
        simple_ = deferred_->type == 'Q';
        give_back();
        refuse(audit_unavailable());
    }
    if (blocked_) fatal(sqlstate::AuditUnavailable, "the audit log cannot be written: no result can be given");
    resume();
}

void Relay::on_view(DatabaseViewPtr view, bool refreshed, Now now, Actions& out) {
    now_ = now;
    out_ = &out;
    if (view->catalog->version() != setup_.view->catalog->version()) {
        use_path(*view);
        path_stale_ = path_stale_ || path_.has_temp;
    }
    setup_.view = std::move(view);
    if (refreshed && state_ == State::WaitingForCatalog) {
        state_ = State::Barrier;
        resume();
    }
}

void Relay::on_timer(Now now, Actions& out) {
    now_ = now;
    out_ = &out;
    if (client_ended_) {
        if (!pipeline_.empty()) out.others.emplace_back(CancelServer{});
        return on_peer_lost(false, now, out);
    }
    if (state_ != State::WaitingForPerson) return on_time();
    if (now.monotonic < deferred_->deadline) return out.others.emplace_back(ArmTimer{deferred_->deadline}), void();   // it fired early
    state_ = State::Reading;
    give_ticket(deferred_->request);
    resume();
}

void Relay::on_cancel(Now now, Actions& out) {
    now_ = now;
    out_ = &out;
    if (state_ != State::WaitingForPerson) return cancel_current();
    out.others.emplace_back(AskControl{next_ticket_++, control::CancelRequest{deferred_->request.id, setup_.agent.name}});
    state_ = State::Reading;
    refuse(cancelled());
    resume();
}

/// What the server works on for the client, or else the statement of it that waits here and was not sent yet.
void Relay::cancel_current() {
    const session::Entry* head = pipeline_.head();
    const bool ours = head != nullptr && head->disposition == session::Disposition::Swallow && state_ == State::Barrier;
    if (head != nullptr && !ours) return cancel_server();
    if (!deferred_) return;   // idle: as PostgreSQL, nothing
    switch (state_) {
        case State::Barrier: case State::AskingControl:   // said when its turn comes
            deferred_->cancelled = std::string_view("QPBDEF").find(deferred_->type) != std::string_view::npos;
            return;
        case State::WaitingForCatalog: break;
        case State::WaitingForRecord:
            give_back();
            deferred_->run->sqlstate = std::string(sqlstate::QueryCanceled.text());
            finish_run(*deferred_->run);
            break;
        case State::Ended: case State::Reading: case State::WaitingForPerson: case State::WaitingForCancel: case State::Running: return;
    }
    simple_ = deferred_->type == 'Q';
    refuse(cancelled());
    resume();
}

/// An approval that was spent, and nothing was sent to the server under it.
void Relay::give_back() {
    if (!deferred_->run || deferred_->run->request.empty()) return;
    out_->others.emplace_back(AskControl{next_ticket_++, control::FinishRequest{deferred_->run->request, RequestState::Approved, "", "", -1}});
}

const char* Relay::doing() const {
    if (state_ == State::WaitingForPerson) return "held";
    if (!idle()) return "active";
    return transaction_.status == TransactionStatus::Idle ? "idle" : "idle in transaction";
}

void Relay::end(SqlState code, std::string message, Now now, Actions& out) {
    now_ = now;
    out_ = &out;
    if (state_ == State::Ended) return;
    if (!pipeline_.empty()) cancel_server();
    fatal(code, std::move(message));
}

void Relay::on_peer_lost(bool server_side, Now now, Actions& out) {
    now_ = now;
    out_ = &out;
    if (state_ == State::Ended) return;
    if (server_side && blocked_) {   // what it said before it went is still to be given out
        server_lost_ = true;
        return;
    }
    if (server_side) return fatal(sqlstate::ConnectionFailure, "the database server ended the session");
    note_lost_runs();
    state_ = State::Ended;
    out.others.emplace_back(EndSession{"client closed"});
}

/// The session ends here: what was running is recorded, what an approval was spent on is said to be unknown.
void Relay::note_lost_runs() {
    for (Pending& pending : pending_) {
        if (pending.run && pending.run->sqlstate.empty()) pending.run->sqlstate = "08006";
    }
    // An approved write whose end nobody saw: not executed is only certain once its transaction cannot commit.
    for (const RunPtr& run : uncommitted_) {
        out_->others.emplace_back(AskControl{next_ticket_++, control::FinishRequest{run->request, RequestState::Unknown, run->tag, "08006", -1}});
    }
    uncommitted_.clear();
    if (state_ == State::WaitingForRecord && deferred_) {
        give_back();
        deferred_->run->sqlstate = "08006";
        finish_run(*deferred_->run);
    }
    if (state_ != State::Reading && deferred_ && !asked_text().empty()) record_refused("08006");   // what waited is not done
    for (Pending& pending : pending_) {
        if (pending.run) finish_run(*pending.run);
    }
}

/// libpq never half-closes, so a client that ends its side is most likely gone: what it sent is worked off for a
/// moment, then cancelled, or a lost client would keep its query, its locks and its server connection.
void Relay::on_client_end(Now now, Actions& out) {
    now_ = now;
    out_ = &out;
    if (state_ == State::Ended || client_ended_) return;
    client_ended_ = true;
    if (idle() || state_ == State::WaitingForPerson || pipeline_.copying_in()) return on_peer_lost(false, now, out);
    if (deferred_ && deferred_->type == 'X') return;   // it said good-bye: the server works off what came before
    out.others.emplace_back(ArmTimer{now.monotonic + kAfterClientEnd});
}

Asker Relay::asker() const { return {setup_.agent, setup_.access, path_, this}; }

/// True if nothing may be refused, changed or added on this database: shadow or warn, and no rule in force by itself.
bool Relay::lenient() const {
    return !setup_.view->enforcing() &&
           std::ranges::none_of(setup_.view->rules->rules, [](const policy::Rule& r) { return r.mode == policy::Mode::Enforce; });
}

bool Relay::enforced(const policy::Decision& decision) const { return decision.mode == policy::Mode::Enforce; }

/// The statement that a PREPARE or DECLARE names. Without one the strictest judgement stands.
JudgedPtr Relay::judge_inner(const sql::Analysis& analysis, const sql::Statement& statement) {
    if (statement.inner < 0 || static_cast<std::size_t>(statement.inner) >= analysis.inner.size()) return std::make_shared<Judged>();
    return tools_.judge.judge(analysis.inner[static_cast<std::size_t>(statement.inner)], *setup_.view, asker());
}

bool Relay::write_session() const { return setup_.access == Access::Write && setup_.writable_upstream; }

}  // namespace pgveil::relay
