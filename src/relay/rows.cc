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
// raises such a code itself leaves its context.
bool about_names(std::string_view code) {
    constexpr std::array<std::string_view, 8> codes{"08P01", "25001", "25P02", "26000", "34000", "42P03", "42P05", "55000"};
    return std::ranges::find(codes, code) != codes.end();
}

bool is_text_field(char code) { return code == 'M' || code == 'D' || code == 'H' || code == 'W' || code == 'q'; }

}  // namespace

void Relay::plan_rows(Run& run) {
    if (!run.description) {
        run.plan = masking::RowPlan{};
        run.passes = !run.enforced;
        return;
    }
    if (!run.enforced) {
        run.plan = masking::RowPlan{};
        run.passes = true;
        return;
    }
    run.plan = make_plan(run.judged.get(), run.result, *run.description, run.formats, *setup_.view);
    run.passes = masking::RowMasker::passes_everything(*run.plan);
    run.masked_cells.assign(run.plan->columns.size(), 0);
}

void Relay::count_row(Run& run, std::uint64_t bytes) {
    ++run.rows;
    run.bytes += bytes;
    const policy::Limits& limits = run.judged->decision.limits;
    const bool over = (limits.rows != 0 && run.rows > limits.rows) || (limits.bytes != 0 && run.bytes > limits.bytes);
    if (!over || !run.enforced || run.cut) return;
    run.cut = cut_.cutting = true;
    cancel_server();
}

/// The server may have been done before our cancel came: then nothing it says after the cut goes on, and the error is ours.
void Relay::on_cut(const protocol::Frame& frame, const session::Entry& entry, Pending& pending) {
    const bool ends = frame.type == 'C' || frame.type == 'I' || frame.type == 's';
    if (ends) on_complete(frame, entry, pending);
    if (ends && entry.request == session::Request::Execute) fatal(sqlstate::LimitReached, limit_reached("row or byte").message);
}

void Relay::cancel_server() {
    ++cut_.cancels;
    out_->others.emplace_back(CancelServer{});
}

/// The end of a cut result, once no cancel of ours can hit what follows. If the server finished it, the error is ours;
/// in a block the server must fail as well.
void Relay::end_cut() {
    cut_.cutting = false;
    const Bytes ready = std::exchange(cut_.ready, {});
    if (std::exchange(cut_.unsaid, false)) {
        Bytes error;
        protocol::put_error(error, limit_reached("row or byte"));
        if (transaction_.status == TransactionStatus::InTransaction) {
            if (!pipeline_.empty()) return fatal(sqlstate::LimitReached, limit_reached("row or byte").message);
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
    state_ = deferred_ ? State::Barrier : State::Reading;
    end_cut();
    pump_server();
    server_.keep_rest();
    resume();
}

void Relay::on_row(const protocol::Frame& frame, Run& run) {
    if (!run.plan) {
        if (!run.description) run.description = description_of(run);
        plan_rows(run);
    }
    count_row(run, frame.length);
    piece_forwarded_ = false;
    if (run.cut) return;
    if (run.captures) return frame.last ? capture_row(frame.body, run) : void();
    if (run.passes && run.description == nullptr && run.enforced) return;   // no description: nothing may pass
    if (run.passes) {
        protocol::put_header(out_->to_client, 'D', static_cast<std::uint32_t>(frame.length));
        append(out_->to_client, frame.body);
        piece_forwarded_ = true;
        return;
    }
    if (!frame.last) {   // too large to be inspected whole: the row goes out empty
        cells_.assign(run.plan->columns.size(), {});
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
    (void)tools_.masker->mask(views_, *run.plan, run.masked_cells);
    for (std::size_t i = 0; i < cells_.size(); ++i) cells_[i] = {views_[i].data, views_[i].size};
    protocol::put_data_row(out_->to_client, cells_);
}

void Relay::capture_row(ByteView body, Run& run) {
    if (!protocol::parse_data_row(body, cells_) || cells_.size() != run.plan->columns.size()) return;
    views_.resize(cells_.size());
    for (std::size_t i = 0; i < cells_.size(); ++i) views_[i] = {cells_[i].data, cells_[i].size};
    (void)tools_.masker->mask(views_, *run.plan, run.masked_cells);
    if (run.captured_rows.size() > kMaxCaptured) return;
    std::string row = "{";
    for (std::size_t i = 0; i < views_.size(); ++i) {
        row += (i == 0 ? "" : ",") + json_string(run.plan->columns[i].column.name) + ":";
        row += views_[i].is_null() ? "null" : json_string(text_of(views_[i].bytes()));
    }
    run.captured_rows += (run.captured_count++ == 0 ? "" : ",") + row + "}";
}

/// Errors and notices carry values. On statements over sensitive columns: code, object names and a neutral
/// text; on others, their texts go through content detection.
void Relay::forward_error(char type, ByteView body, const Run* run) {
    const auto fields = protocol::parse_error_fields(body);
    if (!fields) return fatal(sqlstate::ConnectionFailure, "the database server broke the protocol");
    if (run != nullptr && run->cut && type == 'E') return protocol::put_error(out_->to_client, limit_reached("row or byte"));
    const bool enforced_here = run != nullptr ? run->enforced : setup_.view->enforcing();
    if (!enforced_here) return protocol::put_message(out_->to_client, type, body);
    // What PostgreSQL says of the text itself (unknown name, wrong type) holds the agent's own words, never data:
    // class 42 with a position in the text and without a context of running code.
    const bool of_itself = fields->get('W').empty() && fields->get('q').empty();
    const bool about_text = fields->sqlstate().starts_with("42") && !fields->get('P').empty() && of_itself;
    // A right that is missing names an object of the catalog (aclchk.c), and an agent must know which.
    const bool about_rights = fields->sqlstate() == "42501" && fields->get('R') == "aclcheck_error" && of_itself;
    const bool reduce = run != nullptr && run->judged && run->judged->decision.touches_sensitive && !about_text && !about_rights &&
                        !(about_names(fields->sqlstate()) && of_itself);
    const bool data_error = fields->sqlstate().starts_with("22") || fields->sqlstate().starts_with("23");
    std::vector<std::pair<char, std::string>> reduced;
    for (const auto& [code, value] : fields->fields) {
        if (code == 'C' && run != nullptr && run->judged && run->judged->decision.neutral_data_errors && data_error && type == 'E') {
            reduced.emplace_back('C', "22000");
        } else if (!is_text_field(code)) {
            if (code != 'p') reduced.emplace_back(code, std::string(value));
        } else if (!reduce) {
            reduced.emplace_back(code, tools_.masker->mask_text(value, ""));
        } else if (code == 'M') {
            reduced.emplace_back('M', type == 'E' ? fmt::format("the statement failed with SQLSTATE {} (details withheld: it reads masked columns)",
                                                                data_error && run->judged->decision.neutral_data_errors ? "22000" : fields->sqlstate())
                                                  : "notice withheld: the statement reads masked columns");
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
    protocol::put_parameter_status(out_->to_client, status.name, seen);
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
