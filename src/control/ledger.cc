#include "control/ledger.h"

#include <algorithm>
#include <charconv>

#include "control/records.h"
#include "crypto/encode.h"

namespace pgveil::control {
namespace {

std::optional<std::int64_t> number(const audit::Record& r, std::string_view name) {
    const auto* text = find(r, name);
    if (!text) return std::nullopt;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
    return value;
}

std::optional<WallTime> moment(const audit::Record& r, std::string_view name) {
    const auto us = number(r, name);
    return us ? std::optional(WallTime(std::chrono::microseconds(*us))) : std::nullopt;
}

std::optional<Digest> digest(const audit::Record& r) {
    const auto* text = find(r, key::Digest);
    const auto bytes = text ? crypto::from_hex(*text) : std::nullopt;
    Digest out{};
    if (!bytes || bytes->size() != out.size()) return std::nullopt;
    std::ranges::copy(*bytes, out.begin());
    return out;
}

std::string text_or_empty(const audit::Record& r, std::string_view name) {
    const auto* text = find(r, name);
    return text ? *text : std::string();
}

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> items;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        items.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return items;
}

/// The states record_of_move writes; any other word leaves the request dead rather than alive.
RequestState moved_to(std::string_view word) {
    for (const auto state : {RequestState::Approved, RequestState::Executed, RequestState::Failed, RequestState::Exceeded,
                             RequestState::Expired, RequestState::Cancelled, RequestState::Unknown}) {
        if (pgveil::name_of(state) == word) return state;
    }
    return RequestState::Void;
}

}  // namespace

void Ledger::apply(const audit::Record& record) {
    newest_ = std::max(newest_, record.time);
    switch (record.kind) {
        case audit::Kind::RequestFile: return file(record);
        case audit::Kind::RequestApprove: return approve(record);
        case audit::Kind::RequestDeny:
            denials_.push_back({record.request, record.agent, text_or_empty(record, key::Shape),
                                text_or_empty(record, key::Wording), record.person, record.time});
            return move(record);
        case audit::Kind::RequestConsume:
        case audit::Kind::RequestFinish:
        case audit::Kind::RequestExpire: return move(record);
        case audit::Kind::GrantAdd: return add_grant(record);
        case audit::Kind::GrantRevoke: {
            const auto at = grants_.find(text_or_empty(record, key::Grant));
            if (at != grants_.end()) at->second.revoked = true;
            return;
        }
        case audit::Kind::AdminCommand: return switch_over(record);
        case audit::Kind::StmtIntent:
        case audit::Kind::StmtResult:
        case audit::Kind::SessionOpen:
        case audit::Kind::SessionClose:
        case audit::Kind::AuthFail:
        case audit::Kind::ConfigLoad:
        case audit::Kind::LogStart:
        case audit::Kind::LogStop:
        case audit::Kind::LogIdle:
        case audit::Kind::LogRead:
        case audit::Kind::StorageFault: return;
    }
}

void Ledger::file(const audit::Record& r) {
    const auto bound = digest(r);
    const auto needed = number(r, key::Needed);
    if (!bound || !needed || *needed < 1 || *needed > 1000) return;
    LoggedRequest q;
    q.state = RequestState::Pending;
    q.agent = r.agent;
    q.database = r.database;
    q.shape = text_or_empty(r, key::Shape);
    q.digest = *bound;
    q.approvals_needed = static_cast<std::uint32_t>(*needed);
    q.approvers = split(text_or_empty(r, key::Approvers));
    requests_.emplace(r.request, std::move(q));   // a second filing under one id does not replace the first
}

void Ledger::approve(const audit::Record& r) {
    const auto at = requests_.find(r.request);
    const auto bound = digest(r);
    if (at == requests_.end() || !bound || *bound != at->second.digest || r.person.empty()) return;
    LoggedRequest& q = at->second;
    if (q.state != RequestState::Pending) return;
    q.approvals.emplace(r.person, number(r, key::MaxRows).value_or(-1));
    const auto until = moment(r, key::Until);
    if (r.decision != "approved" || !until) return;
    q.state = RequestState::Approved;
    q.usable_until = *until;
    q.decided_by = r.person;
    q.decided = r.time;
}

// A move of a request whose filing is not in the history is remembered too: an old store may hold that request.
void Ledger::move(const audit::Record& r) {
    LoggedRequest& q = requests_[r.request];
    q.decided = r.time;
    if (r.kind == audit::Kind::RequestDeny) {
        q.state = RequestState::Denied;
        q.decided_by = r.person;
        return;
    }
    if (r.kind == audit::Kind::RequestConsume) {
        q.state = RequestState::Executing;
        return;
    }
    q.state = moved_to(r.decision);
    q.outcome_tag = r.tag;
}

void Ledger::add_grant(const audit::Record& r) {
    const auto from = moment(r, key::NotBefore);
    const auto until = moment(r, key::Until);
    const auto access = r.decision == "write" ? Access::Write : r.decision == "read" ? Access::Read : Access::None;
    const std::string id = text_or_empty(r, key::Grant);
    if (!from || !until || access == Access::None || id.empty()) return;
    grants_.emplace(id, Grant{id, r.agent, r.database, access, text_or_empty(r, key::Reason), r.task, r.person, *from, *until});
}

void Ledger::switch_over(const audit::Record& r) {
    const std::string command = text_or_empty(r, key::Command);
    const std::string subject = text_or_empty(r, key::Subject);
    if ((command != "disable" && command != "enable") || (subject != "agent" && subject != "database")) return;
    const auto kind = subject == "agent" ? store::SwitchKind::Agent : store::SwitchKind::Database;
    const std::string name = text_or_empty(r, key::Name);
    auto& last = switches_[{kind, name}];
    last.reset();
    if (command == "disable") last = store::SwitchRow{kind, name, r.person, text_or_empty(r, key::Reason), r.time};
}

const LoggedRequest* Ledger::request(const std::string& id) const {
    const auto at = requests_.find(id);
    return at == requests_.end() ? nullptr : &at->second;
}

const Grant* Ledger::grant(const std::string& id) const {
    const auto at = grants_.find(id);
    return at == grants_.end() ? nullptr : &at->second;
}

}  // namespace pgveil::control
