// Extended protocol: Parse, Describe, Execute, Close; Bind is bind_path.cc's.
//
// Parse and Describe only analyse on the server, so they pass for statements that will be held; Bind is
// where parameters are known and planning could run code, so what is not a read stops there.
#include "relay/refusal.h"
#include "relay/relay.h"

namespace pgveil::relay {
namespace {

bool enforced_transaction(const Portal& portal) {
    return portal.judged->analysis.kind == sql::Kind::Transaction && portal.judged->decision.mode == policy::Mode::Enforce;
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
    statement->charge = Charge(names_bytes_, statement->text.size() + weight_of(*statement->judged));
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
    if (of_statement && describe->name.empty() && !statement && !lenient()) {   // gone with a Query that was answered here
        if (at_barrier('D', body)) refuse(plain(sqlstate::InvalidStatementName, "unnamed prepared statement does not exist"));
        return;
    }
    if (statement && statement->local) {
        if (at_barrier('D', body)) local_describe(*statement, of_statement, portal ? std::span<const std::int16_t>(portal->formats) : std::span<const std::int16_t>());
        return;
    }
    protocol::put_message(out_->to_server, 'D', body);
    send(of_statement ? session::Request::DescribeStatement : session::Request::DescribePortal, session::Disposition::Forward,
         {.why = Pending::Why::Client, .name = std::string(describe->name), .statement = of_statement ? statement : nullptr});   // a portal's tells no parameters
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
    if (const auto changed = changed_since_bind(*portal)) {
        if (at_barrier('E', body)) refuse(*changed);
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
    if (run->enforced && portal->judged->decision.limits.time.count() != 0) {   // else the next statements' time would count for it
        protocol::put_flush(out_->to_server);
        pipeline_.flushed();
    }
    after_transaction_verb(portal->judged->analysis);
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
