// What an agent asks the proxy itself: SET and SHOW pgveil.*, pgveil.request, execute, explain, submit.
// Never sent on. Called at the barrier, so answers can be written at once.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "relay/refusal.h"
#include "relay/relay.h"

namespace pgveil::relay {
namespace {

constexpr std::string_view kOwnRule = "pgveil";   // in the log: no rule of the config lets these through

bool is_ours(std::string_view setting) {
    return setting.starts_with("pgveil.") || setting == "default_transaction_read_only" || setting == "transaction_read_only";
}

bool is_known(const sql::Statement& statement) {
    constexpr std::array settable{"pgveil.task", "pgveil.reason", "pgveil.wait"}, shown{"pgveil.whoami", "pgveil.grants", "pgveil.requests"};
    if (!statement.name.starts_with("pgveil.") || std::ranges::find(settable, statement.name) != settable.end()) return true;
    return statement.verb == sql::Verb::Show && std::ranges::find(shown, statement.name) != shown.end();
}

std::string_view action_of(policy::Verdict verdict) {
    switch (verdict) {
        case policy::Verdict::Refuse: return "deny";
        case policy::Verdict::Hold: return "hold";
        case policy::Verdict::Forward: return "allow";
    }
    return "deny";
}

std::string_view access_name(Access access) {
    switch (access) {
        case Access::None: return "none";
        case Access::Read: return "read";
        case Access::Write: return "write";
    }
    return "none";
}

bool is_on(std::string_view value) { return value == "on" || value == "true" || value == "yes" || value == "1" || value == "t"; }

// "30s", "2min", "500ms" or a bare number of seconds, as PostgreSQL users write it; more than 300 s is 300 s.
std::chrono::seconds seconds_of(std::string_view text) {
    std::int64_t number = 0;
    std::size_t i = 0;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9' && i < 9) number = number * 10 + (text[i++] - '0');
    const std::string_view unit = text.substr(i);
    if (unit == "min") number *= 60;
    if (unit == "ms") number /= 1000;
    return std::chrono::seconds{std::min<std::int64_t>(number, 300)};
}

}  // namespace

bool Relay::is_local(const sql::Analysis& analysis) {
    if (analysis.proxy_call != sql::ProxyCall::None) return analysis.proxy_call != sql::ProxyCall::Misused;
    if (analysis.statements.size() != 1) return false;
    const sql::Statement& statement = analysis.statements.front();
    const bool about_setting = statement.verb == sql::Verb::Set || statement.verb == sql::Verb::Reset || statement.verb == sql::Verb::Show;
    if (statement.verb == sql::Verb::Show && statement.name == "application_name") return true;   // upstream it names the agent too
    return about_setting && is_ours(statement.name);
}

void Relay::local_query(const JudgedPtr& judged) { answer_local(judged->analysis, judged->analysis.proxy_argument); }

void Relay::local_execute(const PortalPtr& portal) {
    const sql::Analysis& analysis = portal->judged->analysis;
    std::string argument = analysis.proxy_argument;
    if (analysis.proxy_argument_is_parameter) {
        if (portal->parameters.size() != 1 || portal->parameters[0].is_null) {
            return refuse(plain(sqlstate::InvalidParameterValue, "the argument of this function must be one text"));
        }
        argument = std::string(text_of(portal->parameters[0].value));
    }
    deferred_->portal = portal;
    answer_local(analysis, std::move(argument));
}

void Relay::local_describe(const Prepared& statement, bool of_statement, std::span<const std::int16_t> formats) {
    const auto shape = shape_of(statement.judged->analysis);
    if (of_statement) {
        std::vector<Oid> types;
        if (statement.judged->analysis.proxy_argument_is_parameter) types.push_back(type_oid::Text);
        protocol::put_parameter_description(out_->to_client, types);
    }
    if (shape.empty()) return protocol::put_no_data(out_->to_client);
    put_local_description(out_->to_client, shape, formats);
}

void Relay::answer_local(const sql::Analysis& analysis, std::string argument) {
    auto judged = std::make_shared<Judged>(Judged{analysis, {}, 0});
    judged->decision.rule = kOwnRule;
    deferred_->judged = std::move(judged);
    if (!deferred_->local) deferred_->local = begin_run(deferred_->judged, logged(asked_text()), {}, "allow", "", Awaited::Nothing);
    deferred_->waiting_for = argument;
    switch (analysis.proxy_call) {
        case sql::ProxyCall::Request: return ask(control::LookRequest{std::move(argument), setup_.agent.name}, Stage::Local);
        case sql::ProxyCall::Execute:
            deferred_->by_id = true;
            return ask(control::LookRequest{std::move(argument), setup_.agent.name}, Stage::Look);
        case sql::ProxyCall::Explain: return answer_explain(argument);
        case sql::ProxyCall::Submit: return submit(argument);
        case sql::ProxyCall::None: case sql::ProxyCall::Misused: break;
    }
    const sql::Statement& statement = analysis.statements.front();
    if (!is_known(statement)) {
        return refuse(plain(SqlState("42704"), "unrecognized configuration parameter \"" + statement.name + "\"",
                            "There are pgveil.task, pgveil.reason and pgveil.wait to SET, and pgveil.whoami, pgveil.grants and pgveil.requests to SHOW."));
    }
    if (statement.verb != sql::Verb::Show) {
        apply_setting(statement);
        return local_done(statement.verb == sql::Verb::Set ? "SET" : "RESET");
    }
    if (statement.name == "pgveil.grants" || statement.name == "pgveil.requests") {
        return ask(control::ListOwn{setup_.agent.name}, Stage::Local);
    }
    if (statement.name == "pgveil.whoami") {
        return local_rows({{setup_.agent.name, setup_.agent.owner, setup_.view->database, std::string(access_name(setup_.access)),
                            setup_.task, std::to_string(setup_.session.value)}}, "SHOW");
    }
    const std::string shown = statement.name == "pgveil.task" ? setup_.task : statement.name == "pgveil.reason" ? setup_.reason
                              : statement.name == "application_name" ? application_name_
                              : statement.name == "pgveil.wait" ? fmt::format("{}s", setup_.wait.count())
                                                                : (read_only_as_seen(statement.name) ? "on" : "off");
    local_rows({{shown}}, "SHOW");
}

/// The client's own view: what it wished, not what the proxy made of it.
bool Relay::read_only_as_seen(std::string_view name) const {
    const bool in_block = transaction_.status != TransactionStatus::Idle;
    return name == "transaction_read_only" && in_block ? client_read_only_ : client_read_only_default_;
}

void Relay::apply_setting(const sql::Statement& statement) {
    const std::string value = statement.to_default || statement.verb == sql::Verb::Reset ? std::string() : statement.value.substr(0, 1024);
    if (statement.name == "pgveil.task") setup_.task = tools_.masker->mask_text(value, "");
    if (statement.name == "pgveil.reason") setup_.reason = value;
    if (statement.name == "pgveil.wait") setup_.wait = seconds_of(value);
    if (statement.name == "default_transaction_read_only") {
        client_read_only_default_ = is_on(value);
        protocol::put_parameter_status(out_->to_client, "default_transaction_read_only", client_read_only_default_ ? "on" : "off");
    }
}

/// Every line of `sql` explained as it would be judged now; answered as rows.
void Relay::answer_explain(std::string_view sql) {
    if (!sql::valid_text(sql)) return refuse(plain(sqlstate::CharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\""));
    const JudgedPtr judged = judge(sql, {});
    std::string reasons, columns = "[";
    for (const std::string& reason : judged->decision.reasons) reasons += (reasons.empty() ? "" : "; ") + reason;
    for (std::size_t s = 0; s < judged->decision.columns.size() && s < judged->analysis.statements.size(); ++s) {
        const auto& outputs = judged->analysis.statements[s].columns;
        for (std::size_t i = 0; i < judged->decision.columns[s].size() && i < outputs.size(); ++i) {
            const auto& directive = judged->decision.columns[s][i];
            columns += fmt::format(R"({}{{"name":{},"mask":{},"why":{}}})", columns.size() > 1 ? "," : "", json_string(outputs[i].name),
                                   directive.class_name.empty() ? "null" : json_string(directive.class_name + "/" + std::string(masking::name_of(directive.transform))),
                                   json_string(directive.why));
        }
    }
    local_rows({{std::string(sql::name_of(judged->analysis.kind)), std::string(action_of(judged->decision.verdict)), judged->decision.rule,
                 reasons, columns + "]"}}, "SELECT 1");
}

/// Files a request without failing anything; what needs no approval is said to need none.
void Relay::submit(std::string_view sql) {
    if (!sql::valid_text(sql)) return refuse(plain(sqlstate::CharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\""));
    const JudgedPtr judged = judge(sql, {});
    if (judged->decision.verdict == policy::Verdict::Refuse) return refuse(by_policy(judged->decision));
    if (const auto why_not = cannot_ask(*judged)) return refuse(*why_not);
    if (const auto back = writes_mask(sql, *judged, {})) return refuse(*back);
    if (judged->decision.verdict == policy::Verdict::Forward) {
        return refuse(plain(sqlstate::InvalidParameterValue, "this statement needs no approval", "Run it as it is."));
    }
    if (await_facts(*judged)) return;
    control::FileRequest file;
    file.draft = draft_of(sql, *judged);
    ask(std::move(file), Stage::Submit);
}

void Relay::on_local_answer(control::Answer& answer) {
    const sql::Analysis& analysis = deferred_->judged->analysis;
    std::vector<LocalRow> rows;
    switch (answer.outcome) {
        case control::Outcome::Done: case control::Outcome::Filed: case control::Outcome::NotApproved:
            return local_rows({row_of_request(answer.request)}, "SELECT 1");
        case control::Outcome::Listed: break;
        case control::Outcome::Unavailable: case control::Outcome::UnknownRequest: case control::Outcome::Consumed:
        case control::Outcome::Drifted: case control::Outcome::TooMany: return refuse_outcome(answer);
    }
    if (analysis.statements.front().name == "pgveil.grants") {
        for (const Grant& g : answer.grants) rows.push_back({g.id, g.database, std::string(access_name(g.access)), micros(g.until), g.reason});
    } else {
        for (const RequestView& r : answer.requests) {
            rows.push_back({r.id, std::string(name_of(r.state)), r.masked_statement, r.decided_by, r.decision_reason, micros(r.expires)});
        }
    }
    local_rows(std::move(rows), "SHOW");
}

void Relay::local_rows(std::vector<LocalRow> rows, std::string_view tag) {
    const auto shape = shape_of(deferred_->judged->analysis);
    const bool simple = deferred_->type == 'Q';
    const std::vector<std::int16_t> formats = simple || !deferred_->portal ? std::vector<std::int16_t>{} : deferred_->portal->formats;
    if (simple) put_local_description(out_->to_client, shape, {});
    for (const LocalRow& row : rows) put_local_row(out_->to_client, shape, row, formats);
    local_done(tag);
}

void Relay::local_done(std::string_view tag) {
    if (deferred_->local) {
        deferred_->local->tag = tag;
        finish_run(*deferred_->local);
    }
    protocol::put_command_complete(out_->to_client, tag);
    if (deferred_->type == 'Q') protocol::put_ready_for_query(out_->to_client, transaction_.status);
    state_ = State::Reading;
}

/// The stored statement of pgveil.execute ran: one row of fixed shape, under the statement's own tag.
void Relay::answer_executed(Run& run) {
    sql::Analysis shape;
    shape.proxy_call = sql::ProxyCall::Execute;
    deferred_->judged = std::make_shared<Judged>(Judged{std::move(shape), {}, 0});
    const std::int64_t rows = protocol::rows_of_tag(run.tag);
    local_rows({{run.request, run.tag, rows < 0 ? std::nullopt : std::optional(std::to_string(rows)),
                 run.captured_count == 0 ? std::nullopt : std::optional("[" + run.captured_rows + "]")}}, run.tag);
}

void Relay::fail_executed() {
    if (!simple_) return poison(std::move(kept_error_));
    append(out_->to_client, kept_error_);
    protocol::put_ready_for_query(out_->to_client, transaction_.status);
}

}  // namespace pgveil::relay
