#include "proxy/link.h"

#include <fmt/format.h>

#include "console/session.h"
#include "protocol/encoder.h"
#include "sql/lexer.h"

namespace pgveil::proxy {
namespace {

constexpr std::size_t kHighWater = 512 * 1024;   // queued towards a peer: the other side is not read
constexpr std::size_t kLowWater = 128 * 1024;
constexpr std::chrono::seconds kFlushTime{10};   // for a farewell to leave

// An approval that was spent for a session that is gone before anything ran.
void give_back(Worker& worker, std::string request) {
    worker.shared().desk->post([request = std::move(request)](control::ControlService& service) {
        (void)service.answer(control::FinishRequest{request, RequestState::Approved, "", "", -1}, wall_now());
    });
}

}  // namespace

Link::Link(Worker& worker, std::uint64_t id, net::Accepted accepted, bool admin_listener, bool crowded)
    : worker_(worker),
      id_(id),
      peer_{std::move(accepted.peer), false, admin_listener, crowded},
      world_(worker.world()),
      since_(wall_now()),
      timer_(worker.loop(), [this] { time_out(); }),
      client_(worker.loop(), std::move(accepted.fd), *this) {
    login_ = std::make_unique<Login>(world_, peer_);
    timer_.start(world_->config->proxy.login_timeout);
}

Link::~Link() { leave(); }

// One event for the relay: it appends to the streams' own queues, then its other wishes are carried out.
template <class Event>
void Link::with_relay(Event event) {
    if (!relay_ || phase_ != Phase::Relaying) return;
    server_sink_.clear();
    relay::Actions actions{client_.out(), server_ ? server_->out() : server_sink_};
    event(*relay_, worker_.loop().now(), actions);
    run(actions);
}

void Link::run(relay::Actions& actions) {
    client_.written();
    if (server_) server_->written();
    for (relay::Action& action : actions.others) {
        if (phase_ != Phase::Relaying && !std::holds_alternative<relay::AppendRecord>(action) && !std::holds_alternative<relay::AskControl>(action)) continue;
        carry_out(action);
    }
    update_reading();
    weigh();
    if (phase_ == Phase::Relaying) activity_->state = relay_->doing();
    if (phase_ != Phase::Relaying || !(worker_.draining() || worker_.leaving()) || !drainable()) return;
    end(sqlstate::AdminShutdown, worker_.draining() ? "the proxy is shutting down" : "another process of the proxy has taken over: connect again");
}

void Link::carry_out(relay::Action& action) {
    struct Visitor {
        Link& link;
        void operator()(relay::AppendRecord& a) const {
            if (a.record.kind == audit::Kind::StmtIntent) link.count_statement(a.record.rule);
            link.allowance_->take_log(audit::weight(a.record), link.worker_.loop().now().monotonic);
            link.worker_.append(link.id_, a.number, a.awaited, std::move(a.record));
        }
        void operator()(relay::AskControl& a) const {
            Worker& worker = link.worker_;
            worker.shared().desk->post([&worker, id = link.id_, ticket = a.ticket, ask = std::move(a.ask)](control::ControlService& service) mutable {
                control::Answer answer = service.answer(ask, wall_now());
                worker.post([id, ticket, answer = std::move(answer)](Worker& self) mutable {
                    if (Link* found = self.link(id)) return found->on_control(ticket, std::move(answer));
                    if (answer.outcome == control::Outcome::Consumed) give_back(self, answer.request.id);
                });
            });
        }
        void operator()(const relay::RefreshCatalog&) const { link.worker_.shared().catalogs->refresh(link.database_); }
        void operator()(const relay::CancelServer&) const {
            if (!link.cancel_) return;
            ++link.cancels_;
            link.cancelled_ = true;
            link.worker_.shared().canceller->cancel(link.database_, link.cancel_, [&worker = link.worker_, id = link.id_](bool) {
                worker.post([id](Worker& self) {
                    if (Link* found = self.link(id)) found->on_cancelled();
                });
            });
        }
        void operator()(const relay::ArmTimer& a) const {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(a.when - link.worker_.loop().now().monotonic);
            link.timer_.start(std::max(left, std::chrono::milliseconds(1)));
        }
        void operator()(relay::EndSession& a) const { link.close(std::move(a.server)); }
    };
    std::visit(Visitor{*this}, action);
}

void Link::count_statement(std::string_view rule) {
    worker_.shared().rule_counts.add(rule);
    ++counters_->statements;
    ++activity_->statements;
    activity_->last_request_us = wall_now().time_since_epoch().count();
}

// Nobody's output is allowed to grow without bound: a slow reader stops the other side.
void Link::update_reading() {
    if (phase_ != Phase::Relaying || !server_) return;
    const bool client_full = client_.queued_bytes() > kHighWater, server_full = server_->queued_bytes() > kHighWater;
    if (client_full) client_.notify_drained(kLowWater);
    if (server_full) server_->notify_drained(kLowWater);
    const bool read_client = relay_->wants_client() && !server_full, read_server = relay_->wants_server() && !client_full;
    if (read_client == client_.reading_paused()) read_client ? client_.resume_reading() : client_.pause_reading();
    if (read_server == server_->reading_paused()) read_server ? server_->resume_reading() : server_->pause_reading();
}

// An agent decides how long its messages are and how many statements it prepares; the process must outlive that. The
// small ones are spared: they are not what fills it.
void Link::weigh() {
    constexpr std::size_t spared = 1 << 20;
    if (phase_ != Phase::Relaying) return;
    const std::size_t now = relay_->kept();
    if (now != kept_) worker_.shared().kept += now - std::exchange(kept_, now);   // modulo 2^64: it may be less than before
    const config::Proxy& limits = worker_.world()->config->proxy;
    if (now <= spared || (now <= limits.session_memory.bytes && worker_.shared().kept <= limits.memory.bytes)) return;
    end(sqlstate::OutOfMemory, "out of memory: more is kept than proxy.session_memory or proxy.memory allow");
}

void Link::on_data(net::Stream& stream, ByteView data) {
    switch (phase_) {
        case Phase::Login: return on_login_bytes(data);
        case Phase::Console: return console_bytes(data);
        case Phase::Connecting: return end(sqlstate::ProtocolViolation, "data before the session was ready");
        case Phase::Closing:
        case Phase::Cancelling: return;
        case Phase::Relaying: break;
    }
    if (&stream == &client_) {
        counters_->received += data.size();
        with_relay([&](relay::Relay& relay, Now now, relay::Actions& out) { relay.on_client(data, now, out); });
    } else {
        counters_->sent += data.size();
        with_relay([&](relay::Relay& relay, Now now, relay::Actions& out) { relay.on_server(data, now, out); });
    }
}

void Link::on_end(net::Stream& stream) {
    if (phase_ != Phase::Relaying) return close();
    if (&stream != &client_) {
        return with_relay([&](relay::Relay& relay, Now now, relay::Actions& out) { relay.on_peer_lost(true, now, out); });
    }
    with_relay([](relay::Relay& relay, Now now, relay::Actions& out) { relay.on_client_end(now, out); });
}

void Link::on_hangup(net::Stream& stream) { on_end(stream); }

void Link::on_drained(net::Stream&) { update_reading(); }

void Link::on_closed(net::Stream& stream, net::CloseReason reason) {
    if (phase_ == Phase::Relaying) {
        const bool server_side = &stream != &client_;
        with_relay([&](relay::Relay& relay, Now now, relay::Actions& out) {
            if (!server_side && !relay.idle()) out.others.emplace_back(relay::CancelServer{});
            relay.on_peer_lost(server_side, now, out);
        });
        if (server_side || phase_ == Phase::Closing) return;
    }
    if (phase_ == Phase::Closing) {
        if (&stream == &client_) leave();
        return;
    }
    if (&stream == &client_ || reason != net::CloseReason::Flushed) close();
}

void Link::on_written(std::uint64_t number) {
    with_relay([&](relay::Relay& relay, Now now, relay::Actions& out) { relay.on_written(number, now, out); });
}
void Link::on_durable(std::uint64_t number) {
    with_relay([&](relay::Relay& relay, Now now, relay::Actions& out) { relay.on_durable(number, now, out); });
}
void Link::on_control(std::uint64_t ticket, control::Answer answer) {
    with_relay([&](relay::Relay& relay, Now now, relay::Actions& out) { relay.on_control(ticket, std::move(answer), now, out); });
}
void Link::on_request_changed(const std::string& id) {
    with_relay([&](relay::Relay& relay, Now now, relay::Actions& out) { relay.on_request_changed(id, now, out); });
}
void Link::on_view(const relay::DatabaseViewPtr& view, bool refreshed) {
    if (view->database != database_) return;
    with_relay([&](relay::Relay& relay, Now now, relay::Actions& out) { relay.on_view(view, refreshed, now, out); });
}
void Link::on_audit_failed() {
    if (phase_ == Phase::Login || phase_ == Phase::Connecting) return fatal(sqlstate::AuditUnavailable, "the audit log cannot be written");
    with_relay([&](relay::Relay& relay, Now now, relay::Actions& out) { relay.on_audit_failed(now, out); });
}
void Link::on_cancelled() {
    if (cancels_ > 0) --cancels_;
    if (relay_) with_relay([](relay::Relay& relay, Now now, relay::Actions& out) { relay.on_cancelled(now, out); });
    answer_askers();
}

void Link::on_cancel(CancelAsker asker) {
    askers_.push_back(std::move(asker));
    with_relay([&](relay::Relay& relay, Now now, relay::Actions& out) { relay.on_cancel(now, out); });
    answer_askers();
}

void Link::answer_askers() {
    if (cancels_ > 0) return;
    for (const CancelAsker& asker : std::exchange(askers_, {})) asker();
}

void Link::cancel_done() {
    if (phase_ == Phase::Cancelling) close();
}

void Link::time_out() {
    if (phase_ == Phase::Relaying) {
        return with_relay([&](relay::Relay& relay, Now now, relay::Actions& out) { relay.on_timer(now, out); });
    }
    if (phase_ == Phase::Closing) return leave();
    close();   // PostgreSQL closes without a word when the login takes too long
}

void Link::end(SqlState code, const std::string& message) {
    if (phase_ == Phase::Closing) return;
    if (phase_ != Phase::Relaying) return fatal(code, message);
    with_relay([&](relay::Relay& relay, Now now, relay::Actions& out) { relay.end(code, message, now, out); });
}

void Link::fatal(SqlState code, std::string message, std::string hint) {
    if (phase_ == Phase::Closing) return;
    if (phase_ == Phase::Cancelling) return close();   // whoever sent it hears nothing but the end
    protocol::put_error(client_.out(), {.severity = "FATAL", .code = code, .message = std::move(message), .detail = {}, .hint = std::move(hint), .more = {}});
    client_.written();
    close();
}

// What is queued leaves, then both legs end. The server hears Terminate, so that it rolls back at once; or it is at rest,
// `reported` what it said of itself, and may wait for the next session.
void Link::close(std::optional<relay::Parameters> reported) {
    if (phase_ == Phase::Closing) return;
    if (entered_) record(audit::Kind::SessionClose, "");
    phase_ = Phase::Closing;
    if (server_ && !(reported && give_warm(std::move(*reported)))) {
        protocol::put_terminate(server_->out());
        server_->written();
        server_->close_after_flush();
    }
    if (client_.closed()) return leave();
    client_.close_after_flush();
    timer_.start(kFlushTime);
}

void Link::leave() {
    if (std::exchange(left_, true)) return;
    cancels_ = 0;
    answer_askers();
    worker_.shared().kept -= std::exchange(kept_, 0);
    worker_.shared().registry.leave(id_);
    worker_.shared().doorway.leave(peer_.address.local_socket ? "" : peer_.address.host());
    worker_.forget(id_);
}

void Link::record(audit::Kind kind, std::string_view why) {
    audit::Record made;
    made.kind = kind;
    made.time = wall_now();
    (is_person_ ? made.person : made.agent) = name_;
    made.database = database_;
    const bool unknown = kind == audit::Kind::AuthFail && !world_->is_console(database_) && world_->config->database(database_) == nullptr;
    if (unknown && !database_.empty()) made.database = sql::literal_token(*worker_.tools().tokens, database_);   // it may be anything
    made.session = id_;
    made.address = peer_.address.text;
    made.task = task_;
    if (!why.empty()) made.more.emplace_back("why", std::string(why));
    worker_.append(id_, 0, relay::Awaited::Nothing, std::move(made));
}

}  // namespace pgveil::proxy
