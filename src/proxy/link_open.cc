// Opening a session: from the first byte to ReadyForQuery.
#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "crypto/random.h"
#include "protocol/encoder.h"
#include "proxy/link.h"
#include "proxy/predecessor.h"
#include "sql/analyze.h"

namespace pgveil::proxy {
namespace {

// As pg_encoding.c compares names: letters and digits only, lower case.
std::string plain_encoding(std::string_view name) {
    std::string plain;
    for (const char c : name) {
        if (std::isalnum(static_cast<unsigned char>(c)) != 0) plain.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
    }
    return plain;
}

bool is_utf8(std::string_view name) {
    const std::string plain = plain_encoding(name);
    return plain == "utf8" || plain == "unicode" || plain == "sqlascii" || plain == "auto";
}

std::string quoted(std::string_view text, char quote) {
    std::string out(1, quote);
    for (const char c : text) {
        out.push_back(c);
        if (c == quote) out.push_back(c);
    }
    out.push_back(quote);
    return out;
}

// What every judgement relies on; the relay watches over it from then on.
bool pinned(const upstream::Handover& handover) {
    const auto is = [&](std::string_view name, std::string_view value) {
        return std::ranges::any_of(handover.parameters, [&](const auto& p) { return p.first == name && p.second == value; });
    };
    return is("client_encoding", "UTF8") && is("standard_conforming_strings", "on");
}

std::chrono::seconds wait_of(std::string_view text) {
    std::int64_t seconds = 0;
    for (const char c : text.substr(0, 6)) {
        if (c < '0' || c > '9') break;
        seconds = seconds * 10 + (c - '0');
    }
    if (text.ends_with("min")) seconds *= 60;
    return std::chrono::seconds{std::min<std::int64_t>(seconds, 300)};
}

}  // namespace

void Link::on_login_bytes(ByteView data) {
    if (login_->at_first_byte() && !data.empty() && data[0] == 0x16) {   // a ClientHello: direct TLS
        if (!world_->tls || peer_.address.local_socket) return close();
        return client_.start_tls(world_->tls, data);
    }
    const Login::Step step = login_->feed(data, client_.input_waiting(), client_.out());
    client_.written();
    switch (step) {
        case Login::Step::NeedMore: return;
        case Login::Step::StartTls: return client_.start_tls(world_->tls);
        case Login::Step::Close: return on_login_failed();
        case Login::Step::Cancel: return pass_cancel();
        case Login::Step::Proven: return proven();
    }
}

// Drivers take the end of this connection for the cancel's: what they send next must not be hit by it. So it stays open
// until the server has been told, as PostgreSQL's own does; the login's deadline bounds it.
void Link::pass_cancel() {
    const auto& cancel = login_->cancel();
    const auto found = worker_.shared().registry.find(cancel.pid, cancel.key.reveal());
    CancelAsker asker = worker_.asker(id_);
    Predecessor* before = worker_.shared().predecessor;
    phase_ = Phase::Cancelling;
    if (!found) {
        if (before == nullptr || !before->cancel(cancel.pid, cancel.key.reveal(), std::move(asker))) close();
        return;
    }
    worker_.shared().workers[found->first]->post([id = found->second, asker = std::move(asker)](Worker& worker) { worker.cancel(id, asker); });
}

void Link::on_secured(net::Stream&) {
    peer_.encrypted = true;
    login_->secured(client_.peer_certificate());
}

void Link::on_login_failed() {
    if (!login_->failure().empty() && !login_->user().empty()) {
        name_.clear();   // an unproven name is nobody's; it may even be a password typed into the wrong field
        record(audit::Kind::AuthFail, login_->failure());
    }
    close();
}

void Link::proven() {
    account_ = login_->account();
    is_person_ = account_.is_person;
    name_ = login_->user();
    database_ = login_->database();
    minor_ = std::min<std::uint16_t>(login_->startup().minor, 2);
    const auto& limits = world_->config->proxy;
    if (worker_.draining()) return fatal(sqlstate::CannotConnectNow, "the proxy is shutting down");
    if (worker_.shared().registry.list().size() >= limits.max_clients && !is_person_) {
        return fatal(sqlstate::TooManyConnections, "sorry, too many clients already");
    }
    if (account_.max_sessions != 0 && worker_.shared().registry.sessions_of(name_) >= account_.max_sessions) {
        return fatal(sqlstate::TooManyConnections, fmt::format("too many sessions of agent \"{}\"", name_));
    }
    if (worker_.shared().journal->failed()) return fatal(sqlstate::AuditUnavailable, "the audit log cannot be written: nobody can log in");
    is_person_ ? open_person() : open_agent();
}

void Link::open_agent() {
    if (world_->is_console(database_)) {
        record(audit::Kind::AuthFail, "agent on the console");
        return fatal(sqlstate::InvalidAuthorization, "agents cannot use the console");
    }
    if (world_->config->database(database_) == nullptr) {
        record(audit::Kind::AuthFail, "no such database");
        return fatal(sqlstate::InvalidCatalogName, fmt::format("database \"{}\" does not exist", database_));
    }
    const auto view = worker_.view(database_);
    if (!view) return fatal(sqlstate::CannotConnectNow, "the database's catalog has not been read yet; try again in some seconds");
    allowance_ = worker_.shared().allowances.of(name_, account_.daily);
    counters_ = worker_.shared().tally.of(database_);
    const Access access = worker_.permissions()->access(name_, database_, wall_now());
    if (access == Access::None) return deny_access();
    connect();
}

/// No live grant: the connection goes only far enough to say so, and to file a request if a reason was given.
void Link::deny_access() {
    upstream::ConnectRequest ignored;
    (void)add_settings(ignored);
    record(audit::Kind::AuthFail, "no live grant");
    if (reason_.empty()) {
        return fatal(sqlstate::NoGrant, fmt::format("no live grant for agent \"{}\" on database \"{}\"", name_, database_),
                     "Connect with options '-c pgveil.reason=...' to ask a person for access.");
    }
    phase_ = Phase::Connecting;
    RequestDraft draft;
    draft.kind = RequestKind::Access;
    draft.agent = name_;
    draft.owner = account_.agent.owner;
    draft.database = database_;
    draft.task = task_;
    draft.reason = reason_;
    draft.sql_class = "read";   // more is asked for from a live session
    Worker& worker = worker_;
    worker.shared().desk->post([&worker, id = id_, draft = std::move(draft)](control::ControlService& service) {
        control::Answer answer = service.answer(control::FileRequest{draft}, wall_now());
        worker.post([id, answer = std::move(answer)](Worker& self) {
            Link* found = self.link(id);
            if (found == nullptr) return;
            const bool filed = !answer.request.id.empty();
            found->fatal(sqlstate::NoGrant, filed ? fmt::format("no live grant; access was asked for as request {}", answer.request.id)
                                                  : std::string("no live grant, and no request could be filed now"),
                         "Connect again after a person has granted it.");
        });
    });
}

/// Startup parameters as settings for the server; a sentence if one is refused.
std::optional<std::string> Link::add_settings(upstream::ConnectRequest& request) {
    auto parameters = login_->startup().parameters;
    const auto options = protocol::parse_options(login_->startup().get("options"));
    if (!options) return "invalid command-line argument for server process";
    // The server applies `options` first, the packet's own parameters after them.
    parameters.insert(parameters.begin(), options->begin(), options->end());
    const auto view = worker_.view(database_);
    const bool enforcing = !view || view->enforcing();
    for (const auto& [name, value] : parameters) {
        if (name == "user" || name == "database" || name == "options" || name == "replication" || name.starts_with("_pq_.")) continue;
        if (name == "application_name") application_ = value;
        else if (name == "pgveil.task") task_ = worker_.tools().masker->mask_text(value.substr(0, 1024), "");
        else if (name == "pgveil.reason") reason_ = value.substr(0, 1024);
        else if (name == "pgveil.wait") wait_ = wait_of(value);
        else if (!enforcing) request.settings.emplace_back(name, value);
        else if (name == "client_encoding") {
            if (!is_utf8(value)) return "client_encoding must be UTF8 here: set it, or unset PGCLIENTENCODING";
            asked_encoding_ = plain_encoding(value) == "sqlascii" ? "SQL_ASCII" : "UTF8";
        } else if (name == "default_transaction_read_only" || name == "standard_conforming_strings") {
            continue;   // pinned below; the client's own view is kept by the relay
        } else if (view) {
            const std::string statement = "SET " + quoted(name, '"') + " TO " + quoted(value, '\'');
            const catalog::SearchPath path = catalog::make_search_path(*view->catalog, "", view->upstream_role);
            if (!sql::valid_text(statement)) return "invalid byte sequence in a startup parameter";
            const auto judged = sql::analyze(statement, {.catalog = *view->catalog, .search_path = path, .allowed_settings = view->settings});
            if (judged.kind != sql::Kind::Session) return fmt::format("the setting \"{}\" cannot be given at startup here", name.substr(0, 63));
            request.settings.emplace_back(name, value);
        }
    }
    if (enforcing) {
        request.settings.emplace_back("client_encoding", "UTF8");
        request.settings.emplace_back("standard_conforming_strings", "on");
        request.settings.emplace_back("default_transaction_read_only", "on");
    }
    return std::nullopt;
}

void Link::connect() {
    const config::Database* database = world_->config->database(database_);
    upstream::ConnectRequest request;
    if (const auto refused = add_settings(request)) return fatal(sqlstate::FeatureNotSupported, *refused, "Leave the setting out, or set it to what the message names.");
    const Access access = worker_.permissions()->access(name_, database_, wall_now());
    const bool has_writer = !database->upstream_write.empty();
    writable_ = access == Access::Write || !has_writer;
    const bool as_writer = has_writer && access == Access::Write;
    request.conninfo = as_writer ? database->upstream_write : database->upstream;
    const config::Path& own = database->password_file_write;
    request.password_file = as_writer && !own.empty() ? own.path : database->password_file.path;
    const auto view = worker_.view(database_);
    request.application_name = view->enforcing() ? name_ + "/" + application_ : application_;
    request.connect_timeout = database->connect_timeout;
    request.check_role = !database->dangerous_role;
    request.tcp_user_timeout = world_->config->proxy.tcp_user_timeout;
    phase_ = Phase::Connecting;
    if (auto warm = take_warm(request, *database)) return on_upstream(std::move(*warm));
    Worker& worker = worker_;
    worker.shared().connector->connect(std::move(request), [&worker, id = id_](Result<upstream::Handover, upstream::ConnectFailure> result) {
        worker.post([id, result = std::move(result)](Worker& self) mutable {
            if (Link* found = self.link(id)) found->on_upstream(std::move(result));
        });
    });
}

void Link::on_upstream(Result<upstream::Handover, upstream::ConnectFailure> result) {
    if (phase_ != Phase::Connecting) return;
    if (!result) {
        worker_.shared().log(config::LogLevel::Error, fmt::format("database \"{}\": {}", database_, result.error().detail));
        // Settings are the client's own words; anything else of a failed connect is the operator's business.
        const bool about_settings = result.error().sqlstate.starts_with("22") || result.error().sqlstate.starts_with("42");
        return fatal(about_settings ? sqlstate::InvalidParameterValue : sqlstate::CannotConnect,
                     about_settings ? worker_.tools().masker->mask_text(result.error().message, "") : "the database server cannot be reached now; try again later");
    }
    if (result->role && result->role->dangerous()) {
        worker_.shared().log(config::LogLevel::Error, fmt::format("database \"{}\": dangerous upstream role: {}", database_, result->role->why()));
        return fatal(sqlstate::CannotConnect, "the database's upstream role is not acceptable; an operator must change it");
    }
    const auto view = worker_.view(database_);
    if ((!view || view->enforcing()) && !pinned(*result)) {
        return fatal(sqlstate::CannotConnect, "the database server does not take the settings that it was given");
    }
    if (result->server_encoding != "UTF8") return fatal(sqlstate::FeatureNotSupported, "only UTF8 databases are served");
    welcome(*result);
    note_warm(std::move(*result));
}

void Link::welcome(const upstream::Handover& handover) {
    relay::RelaySetup setup;
    setup.agent = account_.agent;
    setup.session = SessionId{id_};
    setup.address = peer_.address.text;
    setup.view = worker_.view(database_);
    setup.access = worker_.permissions()->access(name_, database_, wall_now());
    setup.writable_upstream = writable_;
    setup.task = task_;
    setup.reason = reason_;
    setup.wait = wait_;
    setup.allowance = allowance_;
    setup.search_path = setup.view->catalog->contents().default_search_path;
    setup.parameters = handover.parameters;
    cancel_ = handover.cancel;
    server_ = std::make_unique<net::Stream>(worker_.loop(), handover.connection, static_cast<net::StreamUser&>(*this));

    Bytes& out = client_.out();
    protocol::put_authentication_ok(out);
    const bool enforcing = setup.view->enforcing();
    for (const auto& [name, value] : handover.parameters) {
        const std::string shown = enforcing ? relay::Relay::client_view(account_.agent, name, value) : value;
        protocol::put_parameter_status(out, name, name == "client_encoding" && !asked_encoding_.empty() ? asked_encoding_ : shown);
    }
    Secret key(crypto::random_bytes(minor_ >= 2 ? 32 : 4));
    protocol::put_backend_key(out, handover.backend_pid, key);
    protocol::put_ready_for_query(out, TransactionStatus::Idle);
    client_.written();

    SessionEntry entry{{id_, name_, database_, peer_.address.text, application_, false, peer_.encrypted, writable_, handover.backend_pid, since_}, worker_.index()};
    activity_ = entry.activity;
    worker_.shared().registry.enter(std::move(entry), std::move(key));
    entered_ = true;
    welcomed_ = worker_.loop().now().monotonic;
    record(audit::Kind::SessionOpen, "");
    timer_.stop();
    login_.reset();
    relay_ = std::make_unique<relay::Relay>(std::move(setup), worker_.tools());
    phase_ = Phase::Relaying;
    check_grant();
}

}  // namespace pgveil::proxy
