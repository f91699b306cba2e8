#include <algorithm>

#include "control/records.h"
#include "control/service_impl.h"
#include "crypto/random.h"

// Grants and switches.
namespace pgveil::control {
namespace {

using std::chrono::minutes;

constexpr std::size_t kLongestReason = 2000;
constexpr minutes kLongestBreakGlass{60};

Refused down() { return {Refusal::Unavailable, "the control store or the log does not answer; nothing was changed"}; }

bool covers(Access granted, std::string_view asked) {
    return granted == Access::Write || (granted == Access::Read && asked == "read");
}

/// What of a grant gives anything; the rest is words.
bool gives_the_same(const Grant& a, const Grant& b) {
    return a.agent == b.agent && a.database == b.database && a.access == b.access && a.not_before == b.not_before &&
           a.until == b.until && a.revoked == b.revoked;
}

store::SwitchKind kind_of(Switch::Subject subject) {
    return subject == Switch::Subject::Agent ? store::SwitchKind::Agent : store::SwitchKind::Database;
}

}  // namespace

Result<Grant, Refused> Service::grant(const Person& who, Grant draft, std::chrono::seconds length, WallTime asked) {
    const WallTime now = clock(asked);
    bool break_glass = false;
    if (auto no = may_grant(who, draft, length, break_glass)) return refuse(*no);
    draft.created_by = who.name;
    draft.not_before = now;
    draft.until = now + length;
    draft.revoked = false;
    try {
        std::vector<std::string> fulfilled;
        Change change(*store_, journal_, ledger_);
        const auto row = make_grant(change, std::move(draft), "", break_glass, now);
        fulfil_access(change, row.grant, fulfilled, now);
        change.commit();
        tell();
        for (const auto& id : fulfilled) told(id);
        return row.grant;
    } catch (Down) {
        return refuse(down());
    }
}

std::optional<Refused> Service::may_grant(const Person& who, const Grant& draft, std::chrono::seconds length,
                                          bool& break_glass) const {
    if (auto no = may_not(who, Action::Grant)) return no;
    const auto* to = agent(draft.agent);
    const auto* on = database(draft.database);
    if (!to) return Refused{Refusal::NotFound, "no such agent"};
    if (!on) return Refused{Refusal::NotFound, "no such database"};
    if (draft.access == Access::None) return Refused{Refusal::Invalid, "a grant is for read or write"};
    if (draft.reason.size() > kLongestReason) return Refused{Refusal::Invalid, "the reason is too long"};
    if (length < std::chrono::seconds(1)) return Refused{Refusal::Invalid, "a grant lasts at least a second"};
    if (length > on->max_grant) {
        return Refused{Refusal::Invalid, "grants on " + on->name + " last at most " + std::to_string(on->max_grant.count()) + " seconds"};
    }
    const auto& known = *person(who.name);
    const bool own = answers_for(who.name, draft.agent, to->owner);
    if (known.has(Role::Approver) && !own) return std::nullopt;
    if (!known.has(Role::BreakGlass)) {
        return Refused{Refusal::SelfApproval, who.name + " answers for agent " + draft.agent + " and may not grant to it"};
    }
    if (length > kLongestBreakGlass) return Refused{Refusal::Invalid, "a break-glass grant lasts at most 60 minutes"};
    if (draft.reason.empty()) return Refused{Refusal::Invalid, "a break-glass grant needs a reason"};
    break_glass = true;
    return std::nullopt;
}

store::GrantRow Service::make_grant(Change& change, Grant draft, std::string request, bool break_glass, WallTime now) {
    store::GrantRow row;
    row.grant = std::move(draft);
    row.grant.id = crypto::random_id("g_");
    row.request = std::move(request);
    row.record = change.log(record_of_grant(row, break_glass, now));
    must(store_->add_grant(row));
    return row;
}

/// Requests for access that the grant answers need no second yes.
void Service::fulfil_access(Change& change, const Grant& grant, std::vector<std::string>& fulfilled, WallTime now) {
    for (const auto& row : must(store_->requests_in(RequestState::Pending))) {
        const RequestView& v = row.view;
        if (v.kind != RequestKind::Access || v.agent != grant.agent || v.database != grant.database) continue;
        if (!covers(grant.access, v.sql_class) || now >= v.expires) continue;
        store::Move how{.at = now};
        how.decided_by = grant.created_by;
        how.decision_reason = grant.reason;
        how.outcome_tag = grant.id;
        move(change, row, RequestEvent::Fulfil, how, record_of_move(v, RequestState::Executed, grant.id, "", -1, now));
        fulfilled.push_back(v.id);
    }
}

Result<Grant, Refused> Service::revoke(const Person& who, std::string_view id, std::string_view reason, WallTime asked) {
    const WallTime now = clock(asked);
    if (auto no = may_not(who, Action::Revoke)) return refuse(*no);
    if (reason.size() > kLongestReason) return refuse(Refused{Refusal::Invalid, "the reason is too long"});
    if (id.starts_with("config:")) {
        return refuse(Refused{Refusal::Invalid, "this grant stands in the configuration: take it out there and RELOAD, or DISABLE the agent"});
    }
    try {
        auto row = must(store_->find_grant(id));
        if (!row) return refuse(Refused{Refusal::NotFound, "no such grant"});
        if (row->grant.revoked) return refuse(Refused{Refusal::WrongState, "the grant is revoked already"});
        Change change(*store_, journal_, ledger_);
        if (!must(store_->revoke_grant(id, who.name))) return refuse(Refused{Refusal::WrongState, "the grant is revoked already"});
        change.log(record_of_revocation(row->grant, who.name, reason, now));
        change.commit();
        row->grant.revoked = true;
        tell();
        return row->grant;
    } catch (Down) {
        return refuse(down());
    }
}

Result<std::vector<Grant>, Refused> Service::grants(const Person& who, WallTime asked) {
    const WallTime now = clock(asked);
    if (auto no = may_not(who, Action::ShowGrants)) return refuse(*no);
    try {
        std::vector<Grant> all = options_.config_grants;
        for (auto& row : must(store_->grants(now - std::chrono::days(7)))) all.push_back(std::move(row.grant));
        return all;
    } catch (Down) {
        return refuse(down());
    }
}

// A store that does not answer leaves config's grants: those need no store, and DISABLE is then unknown, so
// nothing is given at all.
std::vector<Grant> Service::live_grants(WallTime asked) {
    const WallTime now = clock(asked);
    std::vector<Grant> live;
    try {
        const auto off = must(store_->switches());
        const auto is_off = [&](store::SwitchKind kind, const std::string& name) {
            return std::ranges::any_of(off, [&](const auto& row) { return row.kind == kind && row.name == name; });
        };
        const auto take = [&](const Grant& g) {
            if (g.revoked || now >= g.until || !agent(g.agent) || !database(g.database)) return;
            if (is_off(store::SwitchKind::Agent, g.agent) || is_off(store::SwitchKind::Database, g.database)) return;
            live.push_back(g);
        };
        for (const auto& g : options_.config_grants) take(g);
        for (const auto& row : must(store_->grants(now))) {
            const auto* logged = ledger_.grant(row.grant.id);
            if (logged && gives_the_same(*logged, row.grant)) take(row.grant);
        }
    } catch (Down) {
        live.clear();
    }
    return live;
}

Result<Switch, Refused> Service::disable(const Person& who, Switch::Subject subject, std::string_view name,
                                         std::string_view reason, WallTime now) {
    return turn(who, {subject, std::string(name), who.name, std::string(reason), clock(now)}, true);
}

Result<Switch, Refused> Service::enable(const Person& who, Switch::Subject subject, std::string_view name,
                                        std::string_view reason, WallTime now) {
    return turn(who, {subject, std::string(name), who.name, std::string(reason), clock(now)}, false);
}

Result<Switch, Refused> Service::turn(const Person& who, Switch wanted, bool off) {
    if (auto no = may_not(who, Action::Switch)) return refuse(*no);
    if (wanted.reason.size() > kLongestReason) return refuse(Refused{Refusal::Invalid, "the reason is too long"});
    const bool is_agent = wanted.subject == Switch::Subject::Agent;
    const bool known = is_agent ? agent(wanted.name) != nullptr : database(wanted.name) != nullptr;
    if (off && !known) return refuse(Refused{Refusal::NotFound, is_agent ? "no such agent" : "no such database"});
    if (!off && is_agent && answers_for(who.name, wanted.name, "")) {
        return refuse(Refused{Refusal::SelfApproval, who.name + " answers for agent " + wanted.name + " and may not turn it on again"});
    }
    store::SwitchRow row{kind_of(wanted.subject), wanted.name, wanted.person, wanted.reason, wanted.at, 0};
    try {
        Change change(*store_, journal_, ledger_);
        if (!off && !must(store_->clear_switch(row.kind, row.name))) {
            return refuse(Refused{Refusal::WrongState, wanted.name + " is not disabled"});
        }
        row.record = change.log(record_of_switch(row, off));
        if (off) must(store_->set_switch(row));
        change.commit();
        tell();
        return wanted;
    } catch (Down) {
        return refuse(down());
    }
}

std::optional<std::vector<Switch>> Service::switches() {
    const auto rows = store_->switches();
    if (!rows) return std::nullopt;
    std::vector<Switch> all;
    for (const auto& row : *rows) {
        const auto subject = row.kind == store::SwitchKind::Agent ? Switch::Subject::Agent : Switch::Subject::Database;
        all.push_back({subject, row.name, row.person, row.reason, row.at});
    }
    return all;
}

}  // namespace pgveil::control
