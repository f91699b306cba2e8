// Values on their way to the client: rows through the masking engine, errors and notices reduced.
#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "relay/plans.h"
#include "relay/refusal.h"
#include "relay/relay.h"

namespace pgveil::relay {
namespace {

constexpr std::size_t kMaxCaptured = 1 << 20;   // bytes of JSON in pgveil.execute's result

// What the server says of statements, portals and transactions as such: their names, in fixed words. A function that
// raises such a code itself leaves its context. Not 55000: lastval() in a branch is one.
bool about_names(std::string_view code) {
    constexpr std::array<std::string_view, 7> codes{"08P01", "25001", "25P02", "26000", "34000", "42P03", "42P05"};
    return std::ranges::find(codes, code) != codes.end();
}

/// Not: of the connection, the session, the transaction, locks, or the server as such. What a branch can call and that
/// fails is of data: 0A000 by date_part('timezone', a date), 3D000 by pg_database_size, 55000 by lastval().
bool may_be_of_data(std::string_view code) {
    constexpr std::array<std::string_view, 9> classes{"08", "25", "26", "28", "34", "40", "57", "58", "F0"};
    return std::ranges::find(classes, code.substr(0, 2)) == classes.end() && code != "55P03" && code != "53300" && code != "53100";
}

bool is_text_field(char code) { return code == 'M' || code == 'D' || code == 'H' || code == 'W' || code == 'q'; }

}  // namespace

void Relay::plan_rows(Run& run) {
    static const PlannedPtr everything = std::make_shared<Planned>(Planned{.passes = true}), nothing = std::make_shared<Planned>();
    if (!run.enforced || !run.description) {
        run.plan = run.enforced ? nothing : everything;
        return;
    }
    run.plan = tools_.plans.plan(run.judged, run.result, run.description, run.formats, *setup_.view, *tools_.masker);
    run.masked_cells.assign(run.plan->rows.columns.size(), 0);
}

void Relay::on_row(const protocol::Frame& frame, Run& run) {
    if (!run.plan) {
        if (!run.description) run.description = description_of(run);
        plan_rows(run);
    }
    count_row(run, frame.length);
    piece_forwarded_ = false;
    if (run.cut != Limit::None) return;
    if (run.captures) return frame.last ? capture_row(frame.body, run) : void();
    if (run.plan->passes) {
        protocol::put_header(out_->to_client, 'D', static_cast<std::uint32_t>(frame.length));
        append(out_->to_client, frame.body);
        piece_forwarded_ = true;
        return;
    }
    if (!frame.last) {   // too large to be inspected whole: the row goes out empty
        cells_.assign(run.plan->rows.columns.size(), {});
        run.masked["too large"] += cells_.size();
        return protocol::put_data_row(out_->to_client, cells_);
    }
    mask_row(frame.body, run);
}

DescriptionPtr Relay::description_of(const Run& run) const {
    const Pending* head = nullptr;
    for (const Pending& pending : pending_) {
        if (pending.run.get() == &run) head = &pending;
        if (head != nullptr) break;
    }
    if (head == nullptr || !head->portal || !head->portal->statement) return nullptr;
    return head->portal->statement->description;
}

void Relay::mask_row(ByteView body, Run& run) {
    if (!protocol::parse_data_row(body, cells_)) return fatal(sqlstate::ConnectionFailure, "the database server broke the protocol");
    views_.resize(cells_.size());
    for (std::size_t i = 0; i < cells_.size(); ++i) views_[i] = {cells_[i].data, cells_[i].size};
    (void)tools_.masker->mask(views_, run.plan->rows, run.masked_cells);
    for (std::size_t i = 0; i < cells_.size(); ++i) cells_[i] = {views_[i].data, views_[i].size};
    protocol::put_data_row(out_->to_client, cells_);
}

void Relay::capture_row(ByteView body, Run& run) {
    if (!protocol::parse_data_row(body, cells_) || cells_.size() != run.plan->rows.columns.size()) return fatal(sqlstate::ConnectionFailure, "the database server broke the protocol");
    views_.resize(cells_.size());
    for (std::size_t i = 0; i < cells_.size(); ++i) views_[i] = {cells_[i].data, cells_[i].size};
    (void)tools_.masker->mask(views_, run.plan->rows, run.masked_cells);
    if (run.captured_rows.size() > kMaxCaptured) return;
    std::string row = "{";
    for (std::size_t i = 0; i < views_.size(); ++i) {
        row += (i == 0 ? "" : ",") + json_string(run.plan->rows.columns[i].column.name) + ":";
        row += views_[i].is_null() ? "null" : json_string(text_of(views_[i].bytes()));
    }
    run.captured_rows += (run.captured_count++ == 0 ? "" : ",") + row + "}";
}

/// Errors and notices carry values. On statements over sensitive columns: code, object names and a neutral
/// text; on others, their texts go through content detection.
void Relay::forward_error(char type, ByteView body, const Run* run) {
    const auto fields = protocol::parse_error_fields(body);
    if (!fields) return fatal(sqlstate::ConnectionFailure, "the database server broke the protocol");
    if (run != nullptr && run->cut != Limit::None && type == 'E') return put_limit_error(out_->to_client, run->cut);
    const bool enforced_here = run != nullptr ? run->enforced : setup_.view->enforcing();
    if (!enforced_here) return protocol::put_message(out_->to_client, type, body);
    // What PostgreSQL says of the text itself (unknown name, wrong type) holds the agent's own words, never data:
    // class 42 with a position in the text and without a context of running code.
    const bool of_itself = fields->get('W').empty() && fields->get('q').empty();
    const bool about_text = fields->sqlstate().starts_with("42") && !fields->get('P').empty() && of_itself;
    // A right that is missing names an object of the catalog (aclchk.c), and an agent must know which.
    const bool about_rights = fields->sqlstate() == "42501" && fields->get('R') == "aclcheck_error" && of_itself;
    const policy::Decision* decision = run != nullptr && run->judged ? &run->judged->decision : nullptr;
    const bool reduce = decision != nullptr && decision->touches_sensitive && !about_text && !about_rights && !(about_names(fields->sqlstate()) && of_itself);
    if (reduce && type != 'E') return;   // that there is a notice tells whether something was called
    // Which error, and whence: an answer to a question about values. That there is one cannot be helped.
    const bool of_data = reduce && decision->neutral_data_errors && may_be_of_data(fields->sqlstate());
    if (of_data && setup_.allowance) setup_.allowance->raised(now_.monotonic);
    const std::string_view code_shown = of_data ? std::string_view("22000") : fields->sqlstate();
    std::vector<std::pair<char, std::string>> reduced;
    for (const auto& [code, value] : fields->fields) {
        if (code == 'C') {
            reduced.emplace_back('C', std::string(code_shown));
        } else if (!is_text_field(code)) {
            if (of_data ? code == 'S' || code == 'V' : code != 'p') reduced.emplace_back(code, std::string(value));
        } else if (!reduce) {
            reduced.emplace_back(code, tools_.masker->mask_text(value, ""));
        } else if (code == 'M') {
            reduced.emplace_back('M', fmt::format("the statement failed with SQLSTATE {} (details withheld: it reads masked columns)", code_shown));
        }
    }
    protocol::put_error_fields(out_->to_client, type, reduced);
}

/// Inside pgveil.execute the error is kept until the server is ready, then it is the answer.
void Relay::keep_error(ByteView body, Run& run) {
    const std::size_t before = out_->to_client.size();
    forward_error('E', body, &run);
    kept_error_.assign(out_->to_client.begin() + static_cast<std::ptrdiff_t>(before), out_->to_client.end());
    out_->to_client.resize(before);
}

/// The client sees its own view of what the proxy pins or renames.
void Relay::put_parameter_status(const protocol::ParameterStatusView& status) {
    if (status.name == "TimeZone") facts_.time_zone = status.value;
    if (status.name == "DateStyle") facts_.date_style = status.value;
    if (status.name == "IntervalStyle") facts_.interval_style = status.value;
    const auto known = std::ranges::find(setup_.parameters, status.name, &Parameters::value_type::first);
    if (known != setup_.parameters.end()) known->second = status.value;
    else setup_.parameters.emplace_back(status.name, status.value);
    if (!setup_.view->enforcing()) return protocol::put_parameter_status(out_->to_client, status.name, status.value);
    if (status.name == "default_transaction_read_only") return;
    if (status.name == "client_encoding" && status.value != "UTF8") {
        return fatal(sqlstate::FeatureNotSupported, "client_encoding must stay UTF8");
    }
    if (status.name == "standard_conforming_strings" && status.value != "on") {
        return fatal(sqlstate::FeatureNotSupported, "standard_conforming_strings must stay on");
    }
    const std::string seen = client_view(setup_.agent, status.name, status.value);
    if (status.name == "application_name") application_name_ = seen;
    protocol::put_parameter_status(out_->to_client, status.name, tools_.masker->mask_text(seen, ""));
}

std::string Relay::client_view(const Agent& agent, std::string_view name, std::string_view value) {
    if (name == "default_transaction_read_only") return "off";
    if (name == "application_name" && value.starts_with(agent.name + "/")) return std::string(value.substr(agent.name.size() + 1));
    return std::string(value);
}

void Relay::put_notification(const protocol::NotificationView& notification) {
    const std::string payload = setup_.view->enforcing() ? tools_.masker->mask_text(notification.payload, "")
                                                                                  : std::string(notification.payload);
    Bytes body;
    for (int shift = 24; shift >= 0; shift -= 8) body.push_back(static_cast<Byte>(notification.pid >> shift));
    append(body, notification.channel);
    body.push_back(0);
    append(body, payload);
    body.push_back(0);
    protocol::put_message(out_->to_client, 'A', body);
}

}  // namespace pgveil::relay
