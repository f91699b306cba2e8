// Bind: where parameters are known and planning could run code, so where a statement is decided on again.
#include <algorithm>

#include <fmt/format.h>

#include "relay/canonical.h"
#include "relay/refusal.h"
#include "relay/relay.h"
#include "sql/array_values.h"

namespace pgveil::relay {
namespace {

bool names_another(const sql::Analysis& analysis) {
    return analysis.statements.size() == 1 &&
           (analysis.statements.front().verb == sql::Verb::Execute || analysis.statements.front().verb == sql::Verb::Fetch);
}

std::vector<BoundParameter> bound(const protocol::BindView& bind, const PreparedPtr& statement) {
    std::vector<BoundParameter> parameters;
    for (std::size_t i = 0; i < bind.parameters.size(); ++i) {
        const auto& p = bind.parameters[i];
        // The server's word for the type: a driver may leave it open in one execution and name it in the next.
        const auto& described = statement->description ? statement->description->parameters : statement->types;
        const auto& types = i < described.size() ? described : statement->types;
        parameters.push_back(canonical({i < types.size() ? types[i] : kInvalidOid, p.format, p.is_null, copy_of(p.value)}));
    }
    return parameters;
}

/// What `= ANY ($1)` compares is known now.
JudgedPtr with_arrays(const Judged& judged, const protocol::BindView& bind, const DatabaseView& view, const Asker& asker) {
    std::vector<std::uint32_t> sizes;
    for (const protocol::ParameterView& p : bind.parameters) {
        if (p.is_null) sizes.push_back(1);
        else sizes.push_back(p.format == Format::Binary ? sql::values_in_binary_array(p.value) : sql::values_in_array(text_of(p.value)));
    }
    return Judge::judge(judged.analysis, view, asker, sizes);
}

std::size_t size_of(const std::vector<BoundParameter>& parameters) {
    std::size_t bytes = 0;
    for (const BoundParameter& p : parameters) bytes += sizeof p + p.value.size();
    return bytes;
}

}  // namespace

PortalPtr Relay::make_portal(const protocol::BindView& bind, const PreparedPtr& statement) {
    auto portal = std::make_shared<Portal>();
    portal->statement = statement;
    portal->judged = statement->judged;
    portal->formats = bind.result_formats;
    portal->names = names_another(portal->judged->analysis);
    if (portal->names) portal->named = named_now(portal->judged->analysis);
    portal->under = judged_under();
    return portal;
}

std::shared_ptr<const void> Relay::named_now(const sql::Analysis& analysis) const {
    const sql::Statement& statement = analysis.statements.front();
    if (statement.verb == sql::Verb::Execute) return statements_.expected(statement.name);
    return portals_.expected(statement.name);
}

/// EXECUTE and FETCH look their name up when they run, other code its names: what was judged at Bind must still be what is there.
std::optional<protocol::ErrorOut> Relay::changed_since_bind(const Portal& portal) const {
    if (lenient()) return std::nullopt;
    if (means_another(portal)) return plain(sqlstate::InsufficientPrivilege, "NOT EXECUTED: the search path is no longer what it was at Bind", "Bind again.");
    if (!portal.names) return std::nullopt;
    const sql::Analysis& analysis = portal.judged->analysis;
    const auto now = named_now(analysis);
    if (!now) return does_not_exist(analysis.statements.front());
    if (now == portal.named || now.get() == &portal) return std::nullopt;   // itself: the server cannot run it
    return plain(sqlstate::InsufficientPrivilege, "NOT EXECUTED: \"" + analysis.statements.front().name + "\" is no longer what it was at Bind",
                 "Bind again.");
}

void Relay::on_bind(ByteView body) {
    const auto bind = protocol::parse_bind(body);
    if (!bind) {
        if (lenient()) return forward_unread('B', body, session::Request::Bind);
        if (at_barrier('B', body)) refuse(bad_message());
        return;
    }
    const PreparedPtr statement = statements_.expected(bind->statement);
    if ((!statement || statement->sql_level) && lenient()) return bind_unknown(body, *bind, statement);
    if (!statement || portals_.size() > kMaxNames) {
        // Never sent on: the server may hold an older statement under a name that we forgot.
        if (!at_barrier('B', body)) return;
        return refuse(plain(sqlstate::InvalidStatementName, bind->statement.empty()
                                ? "unnamed prepared statement does not exist"
                                : "prepared statement \"" + std::string(bind->statement) + "\" does not exist"));
    }
    if (statement->sql_level) {
        if (!at_barrier('B', body)) return;
        return refuse(plain(sqlstate::FeatureNotSupported, "a statement made by PREPARE cannot be bound by the protocol here", "Use EXECUTE."));
    }
    statement->judged = judge(statement->text, statement->types);   // decided again at every Bind
    if (await_catalog('B', body, *statement->judged)) return;
    PortalPtr portal = make_portal(*bind, statement);
    batch_open_ = true;
    if (const auto error = spent(*portal->judged)) return at_barrier('B', body) ? refuse_spent(*portal->judged, statement->text, *error) : void();
    if (portal->judged->decision.counts_arrays && !portal->names) portal->judged = with_arrays(*portal->judged, *bind, *setup_.view, asker());
    if (portal->judged->decision.equality_values > 0 || portal->judged->decision.neutral_data_errors) portal->judged = within_hour(portal->judged, statement->text, bound(*bind, statement));
    const policy::Decision& decision = portal->judged->decision;
    const bool copies = cannot_run(*portal->judged).has_value();
    const bool read = !copies && (portal->judged->analysis.kind == sql::Kind::Read || portal->judged->analysis.kind == sql::Kind::Session);
    if (!enforced(decision) ||
        (!statement->local && decision.verdict == policy::Verdict::Forward && read && !transaction_.writable && !audit_failed_ &&
         !portal->judged->analysis.unparsed)) {
        return forward_bind(body, bind->portal, portal);
    }
    if (!at_barrier('B', body)) return;
    bind_at_barrier(*bind, portal);
}

/// Made by PREPARE, or inside a function where nobody saw it: the server knows it, or says that it does not.
void Relay::bind_unknown(ByteView body, const protocol::BindView& bind, const PreparedPtr& statement) {
    auto portal = std::make_shared<Portal>();
    auto judged = std::make_shared<Judged>(statement ? *statement->judged : Judged{});
    judged->decision.mode = policy::Mode::Shadow;
    portal->judged = std::move(judged);
    portal->formats = bind.result_formats;
    protocol::put_message(out_->to_server, 'B', body);
    if (portals_.size() <= kMaxNames) portals_.pend(bind.portal, next_tag_, portal);
    batch_open_ = true;
    send(session::Request::Bind, session::Disposition::Forward, {.why = Pending::Why::Client, .name = std::string(bind.portal), .portal = portal});
}

/// What the server would find wrong with a Bind that it will not see: no person is to be asked about it.
std::optional<protocol::ErrorOut> Relay::bind_fault(const protocol::BindView& bind, const Prepared& statement) const {
    if (!bind.portal.empty() && portals_.expected(bind.portal)) return plain(SqlState("42P03"), "cursor \"" + std::string(bind.portal) + "\" already exists");
    return count_fault(bind, statement);
}

std::optional<protocol::ErrorOut> Relay::count_fault(const protocol::BindView& bind, const Prepared& statement) {
    if (!statement.description || statement.description->parameters.size() == bind.parameters.size()) return std::nullopt;
    return plain(sqlstate::ProtocolViolation, fmt::format("bind message supplies {} parameters, but prepared statement \"{}\" requires {}",
                                                          bind.parameters.size(), bind.statement, statement.description->parameters.size()));
}

void Relay::bind_at_barrier(const protocol::BindView& bind, const PortalPtr& portal) {
    const PreparedPtr& statement = portal->statement;
    const sql::Analysis& analysis = portal->judged->analysis;
    const policy::Decision& decision = portal->judged->decision;
    if (statement->local) {
        portal->parameters = bound(bind, statement);
        portal->charge = Charge(names_bytes_, size_of(portal->parameters));
        portals_.set(bind.portal, portal);
        return protocol::put_bind_complete(out_->to_client);
    }
    // In a failed transaction the server lets only ROLLBACK and its kin through, and says 25P02 itself.
    const bool failed = transaction_.status == TransactionStatus::Failed;
    if (failed && analysis.kind != sql::Kind::Transaction) return refuse_recorded(*portal->judged, statement->text, count_fault(bind, *statement).value_or(failed_transaction()));
    if (unknown_name(analysis)) {   // the server takes it, and fails it when it runs; so do we
        protocol::put_message(out_->to_server, 'B', deferred_->body);
        portals_.pend(bind.portal, next_tag_, portal);
        return send(session::Request::Bind, session::Disposition::Forward, {.why = Pending::Why::Client, .name = std::string(bind.portal), .portal = portal});
    }
    if (const auto why_not = cannot_run(*portal->judged)) return refuse_recorded(*portal->judged, statement->text, *why_not);
    deferred_->portal = portal;
    if (const auto back = writes_mask(statement->text, *portal->judged, bound(bind, statement)); back && decision.verdict != policy::Verdict::Refuse) {
        return refuse_recorded(*portal->judged, statement->text, *back);
    }
    switch (decision.verdict) {
        case policy::Verdict::Refuse:
            return refuse_denied(*portal->judged, statement->text);
        case policy::Verdict::Hold: {
            if (const auto fault = bind_fault(bind, *statement)) return refuse(*fault);
            const auto parameters = bound(bind, statement);
            return hold(statement->text, portal->judged, parameters, bind.result_formats);
        }
        case policy::Verdict::Forward: break;
    }
    switch (analysis.kind) {
        case sql::Kind::Write: case sql::Kind::Ddl: case sql::Kind::Admin: case sql::Kind::Unknown:
            return start_write(portal->judged, "");
        case sql::Kind::Transaction:
            if (transaction_.wrote && !failed) return start_write(portal->judged, "");
            return forward_bind(deferred_->body, bind.portal, portal);
        case sql::Kind::Session: case sql::Kind::Read:
            if (transaction_.writable && !transaction_.shielded) open_shield();
            return forward_bind(deferred_->body, bind.portal, portal);
    }
}

void Relay::forward_bind(ByteView body, std::string_view name, const PortalPtr& portal) {
    if (!portal->statement->logged) portal->statement->logged = logged(portal->statement->text);
    if (!portal->run) {
        const auto bind = protocol::parse_bind(body);
        std::vector<BoundParameter> parameters;
        if (bind) parameters = bound(*bind, portal->statement);
        portal->run = begin_run(portal->judged, *portal->statement->logged, parameters,
                                enforced(portal->judged->decision) ? "allow" : "shadow", "");
    }
    portal->run->formats = portal->formats;
    if (prepares(portal->judged->analysis)) portal->run->text = portal->statement->text;
    batch_snapshot_ = batch_snapshot_ || takes_snapshot(portal->judged->analysis);
    touch_path(portal->judged->analysis, true);
    describe_copies(portal->run, portal->statement->text, false);
    protocol::put_message(out_->to_server, 'B', body);
    portals_.pend(name, next_tag_, portal);
    send(session::Request::Bind, session::Disposition::Forward,
         {.why = Pending::Why::Client, .name = std::string(name), .portal = portal, .run = portal->run});
}

}  // namespace pgveil::relay
