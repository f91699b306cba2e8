#include "proxy/office.h"

namespace pgveil::proxy {

using control::Refused;

namespace {

auto moved() { return refuse(Refused{control::Refusal::Unavailable, "another process has taken over: connect again"}); }

}  // namespace

void Office::keep_here(std::unique_ptr<control::ControlService> service) {
    here_ = std::move(service);
    here_->on_change(changed_);
}

control::Answer Office::answer(const control::Ask& ask, WallTime now) {
    if (here_) return here_->answer(ask, now);
    if (elsewhere_) return elsewhere_(ask);
    control::Answer none;
    none.detail = "log";
    return none;
}

Result<RequestView, Refused> Office::approve(const Person& who, std::string_view id, std::string_view reason, std::int64_t max_rows, WallTime now) {
    if (!here_) return moved();
    return here_->approve(who, id, reason, max_rows, now);
}

Result<RequestView, Refused> Office::deny(const Person& who, std::string_view id, std::string_view reason, WallTime now) {
    if (!here_) return moved();
    return here_->deny(who, id, reason, now);
}

Result<Grant, Refused> Office::grant(const Person& who, Grant draft, std::chrono::seconds length, WallTime now) {
    if (!here_) return moved();
    return here_->grant(who, std::move(draft), length, now);
}

Result<Grant, Refused> Office::revoke(const Person& who, std::string_view id, std::string_view reason, WallTime now) {
    if (!here_) return moved();
    return here_->revoke(who, id, reason, now);
}

Result<std::vector<RequestView>, Refused> Office::requests(const Person& who, WallTime now) {
    if (!here_) return moved();
    return here_->requests(who, now);
}

Result<RequestView, Refused> Office::request(const Person& who, std::string_view id, WallTime now) {
    if (!here_) return moved();
    return here_->request(who, id, now);
}

Result<std::vector<Grant>, Refused> Office::grants(const Person& who, WallTime now) {
    if (!here_) return moved();
    return here_->grants(who, now);
}

Result<control::Switch, Refused> Office::disable(const Person& who, control::Switch::Subject subject, std::string_view name, std::string_view reason, WallTime now) {
    if (!here_) return moved();
    return here_->disable(who, subject, name, reason, now);
}

Result<control::Switch, Refused> Office::enable(const Person& who, control::Switch::Subject subject, std::string_view name, std::string_view reason, WallTime now) {
    if (!here_) return moved();
    return here_->enable(who, subject, name, reason, now);
}

std::optional<std::vector<control::Switch>> Office::switches() { return here_ ? here_->switches() : std::nullopt; }

std::optional<std::vector<ColumnVote>> Office::votes(std::string_view database) { return here_ ? here_->votes(database) : std::nullopt; }

bool Office::keep_votes(std::string_view database, Oid relation, const std::vector<ColumnVote>& votes) {
    return here_ && here_->keep_votes(database, relation, votes);
}

std::vector<RequestView> Office::interrupted() { return here_ ? here_->interrupted() : std::vector<RequestView>(); }

std::vector<Grant> Office::live_grants(WallTime now) { return here_ ? here_->live_grants(now) : std::vector<Grant>(); }

WallTime Office::tick(WallTime now) { return here_ ? here_->tick(now) : now + std::chrono::minutes(1); }

void Office::on_change(std::function<void(const RequestView*)> call) {
    changed_ = std::move(call);
    if (here_) here_->on_change(changed_);
}

void Office::reconfigure(control::ServiceOptions options, WallTime now) {
    if (here_) here_->reconfigure(std::move(options), now);
}

}  // namespace pgveil::proxy
