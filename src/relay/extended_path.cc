// Extended protocol: Parse, Bind, Describe, Execute, Close.
//
// Parse and Describe only analyse on the server, so they pass for statements that will be held; Bind is
// where parameters are known and planning could run code, so what is not a read stops there.
#include <algorithm>

#include "relay/canonical.h"
#include "relay/plans.h"
#include "relay/refusal.h"
#include "relay/relay.h"

namespace pgveil::relay {
namespace {

constexpr std::size_t kMaxNames = 20'000;   // prepared statements or portals of one session

protocol::ErrorOut bad_message() { return plain(sqlstate::ProtocolViolation, "invalid message format"); }

bool enforced_transaction(const Portal& portal) {
    return portal.judged->analysis.kind == sql::Kind::Transaction && portal.judged->decision.mode == policy::Mode::Enforce;
}

// Analysing, planning and running a query does (postgres.c, analyze_requires_snapshot); of the rest, what is certain.
bool takes_snapshot(const sql::Analysis& analysis) {
    return analysis.kind != sql::Kind::Transaction && !std::ranges::all_of(analysis.statements, [](const sql::Statement& s) {
        return s.verb == sql::Verb::Set || s.verb == sql::Verb::Reset || s.verb == sql::Verb::Show || s.verb == sql::Verb::Empty;
    });
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

}  // namespace

void Relay::on_parse(ByteView body) {
    const auto parse = protocol::parse_parse(body);
    const bool unread = !parse || !sql::valid_text(parse->query) || statements_.size() > kMaxNames;
    if (unread && lenient()) return forward_unread('P', body, session::Request::Parse);
    if (!parse || !sql::valid_text(parse->query) || statements_.size() > kMaxNames) {
        if (!at_barrier('P', body)) return;
        if (!parse) return refuse(bad_message());
        return refuse(plain(sqlstate::CharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\""));
    }
    auto statement = std::make_shared<Prepared>();
    statement->text = std::string(parse->query);
    statement->types = parse->types;
    statement->judged = judge(statement->text, statement->types);
    if (await_catalog('P', body, *statement->judged)) return;
    batch_open_ = true;
    if (enforced(statement->judged->decision) && is_local(statement->judged->analysis)) {
        if (!at_barrier('P', body)) return;
        if (transaction_.status == TransactionStatus::Failed) return refuse(failed_transaction());
        if (!parse->name.empty() && statements_.expected(parse->name)) {
            return refuse(plain(SqlState("42P05"), "prepared statement \"" + std::string(parse->name) + "\" already exists"));
        }
        statement->local = true;
        statements_.set(parse->name, statement);
        return protocol::put_parse_complete(out_->to_client);
    }
    batch_snapshot_ = batch_snapshot_ || takes_snapshot(statement->judged->analysis);
    protocol::put_message(out_->to_server, 'P', body);
    statements_.pend(parse->name, next_tag_, statement);
    send(session::Request::Parse, session::Disposition::Forward,
         {.why = Pending::Why::Client, .name = std::string(parse->name), .statement = statement});
    statement->description = tools_.judge.description(statement->text, statement->types, *setup_.view, path_);
    if (!statement->description && enforced(statement->judged->decision)) inject_describe(parse->name, statement);
}

// The columns of a statement whose rows will come without a description (architecture, decision 4).
void Relay::inject_describe(std::string_view name, const PreparedPtr& statement) {
    protocol::put_describe(out_->to_server, 'S', name);
    send(session::Request::DescribeStatement, session::Disposition::Swallow,
         {.why = Pending::Why::Describe, .name = std::string(name), .statement = statement});
}

PortalPtr Relay::make_portal(const protocol::BindView& bind, const PreparedPtr& statement) {
    auto portal = std::make_shared<Portal>();
    portal->statement = statement;
    portal->judged = statement->judged;
    portal->formats = bind.result_formats;
    return portal;
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
    const policy::Decision& decision = portal->judged->decision;
    batch_open_ = true;
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

void Relay::bind_at_barrier(const protocol::BindView& bind, const PortalPtr& portal) {
    const PreparedPtr& statement = portal->statement;
    const sql::Analysis& analysis = portal->judged->analysis;
    const policy::Decision& decision = portal->judged->decision;
    if (statement->local) {
        portal->parameters = bound(bind, statement);
        portals_.set(bind.portal, portal);
        return protocol::put_bind_complete(out_->to_client);
    }
    // In a failed transaction the server lets only ROLLBACK and its kin through, and says 25P02 itself.
    const bool failed = transaction_.status == TransactionStatus::Failed;
    if (failed && analysis.kind != sql::Kind::Transaction) return refuse(failed_transaction());
    if (const auto unknown = unknown_name(analysis)) return refuse(*unknown);
    if (const auto why_not = cannot_run(*portal->judged)) return refuse(*why_not);
    deferred_->portal = portal;
    if (const auto back = writes_mask(statement->text, *portal->judged, bound(bind, statement)); back && decision.verdict != policy::Verdict::Refuse) {
        record_refusal(*portal->judged, statement->text, "deny", "");
        return refuse(*back);
    }
    switch (decision.verdict) {
        case policy::Verdict::Refuse:
            record_refusal(*portal->judged, statement->text, "deny", "");
            return refuse(decision);
        case policy::Verdict::Hold: {
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
    batch_snapshot_ = batch_snapshot_ || takes_snapshot(portal->judged->analysis);
    describe_copies(portal->run, portal->statement->text, false);
    protocol::put_message(out_->to_server, 'B', body);
    portals_.pend(name, next_tag_, portal);
    send(session::Request::Bind, session::Disposition::Forward,
         {.why = Pending::Why::Client, .name = std::string(name), .portal = portal, .run = portal->run});
}

void Relay::on_describe(ByteView body) {
    const auto describe = protocol::parse_describe(body);
    if (!describe) {
        if (lenient()) return forward_unread('D', body, session::Request::DescribePortal);
        if (at_barrier('D', body)) refuse(bad_message());
        return;
    }
    const bool of_statement = describe->target == protocol::Target::Statement;
    const PortalPtr portal = of_statement ? nullptr : portals_.expected(describe->name);
    const PreparedPtr statement = of_statement ? statements_.expected(describe->name) : (portal ? portal->statement : nullptr);
    if (statement && statement->local) {
        if (at_barrier('D', body)) local_describe(*statement, of_statement, portal ? std::span<const std::int16_t>(portal->formats) : std::span<const std::int16_t>());
        return;
    }
    protocol::put_message(out_->to_server, 'D', body);
    send(of_statement ? session::Request::DescribeStatement : session::Request::DescribePortal, session::Disposition::Forward,
         {.why = Pending::Why::Client, .name = std::string(describe->name), .statement = statement});
    batch_open_ = true;
}

void Relay::on_execute(ByteView body) {
    const auto execute = protocol::parse_execute(body);
    if (!execute) {
        if (lenient()) return forward_unread('E', body, session::Request::Execute);
        if (at_barrier('E', body)) refuse(bad_message());
        return;
    }
    const PortalPtr portal = portals_.expected(execute->portal);
    if (portal && portal->statement && portal->statement->local) {
        if (at_barrier('E', body)) local_execute(portal);
        return;
    }
    if (!portal && lenient()) {
        auto unseen = std::make_shared<Portal>();
        auto judged = std::make_shared<Judged>();
        judged->decision.mode = policy::Mode::Shadow;
        unseen->judged = std::move(judged);
        return forward_execute(body, execute->portal, unseen);
    }
    if (!portal) {
        if (at_barrier('E', body)) refuse(plain(sqlstate::InvalidCursorName, "portal \"" + std::string(execute->portal) + "\" does not exist"));
        return;
    }
    if (enforced_transaction(*portal) && transaction_.status == TransactionStatus::InTransaction && transaction_.shielded) {
        if (!at_barrier('E', body)) return;
        close_shield();
    }
    const bool shield = enforced(portal->judged->decision) && transaction_.writable && !transaction_.shielded && !portal->writes && !enforced_transaction(*portal);
    if (shield) {
        if (!at_barrier('E', body)) return;
        if (transaction_.status == TransactionStatus::InTransaction) open_shield();
    }
    forward_execute(body, execute->portal, portal);
}

void Relay::forward_execute(ByteView body, std::string_view name, const PortalPtr& portal) {
    RunPtr run = portal->run;
    if (!run) {   // a cursor made at SQL level: only the server can say what its rows are
        run = begin_run(portal->judged, sql::LoggedText{}, {}, enforced(portal->judged->decision) ? "allow" : "shadow", "");
        if (run->enforced) {
            protocol::put_describe(out_->to_server, 'P', name);
            send(session::Request::DescribePortal, session::Disposition::Swallow, {.why = Pending::Why::Describe, .run = run});
        }
    }
    protocol::put_message(out_->to_server, 'E', body);
    batch_open_ = batch_ran_ = true;
    note_facts(portal->judged->analysis);
    send(session::Request::Execute, session::Disposition::Forward,
         {.why = Pending::Why::Client, .name = std::string(name), .portal = portal, .run = run});
    after_transaction_verb(portal->judged->analysis, false);
}

void Relay::on_close(ByteView body) {
    const auto close = protocol::parse_describe(body);
    if (!close) {
        if (lenient()) return forward_unread('C', body, session::Request::Close);
        if (at_barrier('C', body)) refuse(bad_message());
        return;
    }
    const bool of_statement = close->target == protocol::Target::Statement;
    const PortalPtr portal = of_statement ? nullptr : portals_.expected(close->name);
    const PreparedPtr statement = of_statement ? statements_.expected(close->name) : (portal ? portal->statement : nullptr);
    if (statement && statement->local) {
        if (!at_barrier('C', body)) return;
        of_statement ? statements_.erase(close->name) : portals_.erase(close->name);
        return protocol::put_close_complete(out_->to_client);
    }
    protocol::put_message(out_->to_server, 'C', body);
    if (of_statement) statements_.pend(close->name, next_tag_, nullptr);
    else portals_.pend(close->name, next_tag_, nullptr);
    send(session::Request::Close, session::Disposition::Forward,
         {.why = Pending::Why::Client, .name = std::string(close->name), .closes_statement = of_statement});
}

}  // namespace pgveil::relay
