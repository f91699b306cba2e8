#include "control/records.h"

#include "crypto/encode.h"

namespace pgveil::control {
namespace {

std::string micros(WallTime time) { return std::to_string(time.time_since_epoch().count()); }

std::string joined(const std::vector<std::string>& items) {
    std::string text;
    for (const auto& item : items) {
        if (!text.empty()) text += '\n';
        text += item;
    }
    return text;
}

void add(audit::Record& r, std::string_view name, std::string value) {
    if (!value.empty()) r.more.emplace_back(std::string(name), std::move(value));
}

audit::Record base(audit::Kind kind, const RequestView& v, WallTime now) {
    audit::Record r;
    r.kind = kind;
    r.time = now;
    r.agent = v.agent;
    r.database = v.database;
    r.request = v.id;
    r.sql_class = v.sql_class;
    r.rule = v.rule;
    r.task = v.task;
    return r;
}

}  // namespace

audit::Record record_of_filing(const store::RequestRow& row, WallTime now) {
    const RequestView& v = row.view;
    audit::Record r = base(audit::Kind::RequestFile, v, now);
    r.decision = pgveil::name_of(RequestState::Pending);
    r.sql = v.masked_statement;
    r.relations = v.relations;
    add(r, key::Kind, v.kind == RequestKind::Access ? "access" : "statement");
    add(r, key::Digest, crypto::hex(v.digest));
    add(r, key::Shape, v.shape);
    add(r, key::Needed, std::to_string(v.approvals_needed));
    add(r, key::Approvers, joined(v.approvers));
    add(r, key::ApprovedFor, std::to_string(row.approved_for.count()));
    add(r, key::Expires, micros(v.expires));
    return r;
}

audit::Record record_of_approval(const RequestView& v, const store::ApprovalRow& approval, bool full, WallTime until) {
    audit::Record r = base(audit::Kind::RequestApprove, v, approval.at);
    r.person = approval.person;
    r.decision = full ? "approved" : "counted";
    add(r, key::Digest, crypto::hex(v.digest));
    if (approval.max_rows >= 0) add(r, key::MaxRows, std::to_string(approval.max_rows));
    if (full) add(r, key::Until, micros(until));
    add(r, key::Reason, approval.reason);
    return r;
}

audit::Record record_of_denial(const RequestView& v, const store::DenialRow& denial, std::string_view reason) {
    audit::Record r = base(audit::Kind::RequestDeny, v, denial.at);
    r.person = denial.person;
    r.decision = pgveil::name_of(RequestState::Denied);
    add(r, key::Shape, denial.shape);
    add(r, key::Wording, denial.wording);
    add(r, key::Reason, std::string(reason));
    return r;
}

audit::Record record_of_consumption(const RequestView& v, WallTime now) {
    audit::Record r = base(audit::Kind::RequestConsume, v, now);
    r.decision = pgveil::name_of(RequestState::Executing);
    r.sql = v.masked_statement;
    r.relations = v.relations;
    add(r, key::Digest, crypto::hex(v.digest));
    if (v.max_rows >= 0) add(r, key::MaxRows, std::to_string(v.max_rows));
    return r;
}

audit::Record record_of_move(const RequestView& v, RequestState to, std::string_view tag, std::string_view sqlstate,
                             std::int64_t rows, WallTime now) {
    const bool expired = to == RequestState::Expired;
    audit::Record r = base(expired ? audit::Kind::RequestExpire : audit::Kind::RequestFinish, v, now);
    r.decision = pgveil::name_of(to);
    r.tag = tag;
    r.sqlstate = sqlstate;
    r.rows = rows;
    return r;
}

audit::Record record_of_grant(const store::GrantRow& row, bool break_glass, WallTime now) {
    const Grant& g = row.grant;
    audit::Record r;
    r.kind = audit::Kind::GrantAdd;
    r.time = now;
    r.person = g.created_by;
    r.agent = g.agent;
    r.database = g.database;
    r.request = row.request;
    r.task = g.task;
    r.decision = g.access == Access::Write ? "write" : g.access == Access::Read ? "read" : "none";
    add(r, key::Grant, g.id);
    add(r, key::NotBefore, micros(g.not_before));
    add(r, key::Until, micros(g.until));
    if (break_glass) add(r, key::BreakGlass, "yes");
    add(r, key::Reason, g.reason);
    return r;
}

audit::Record record_of_revocation(const Grant& g, std::string_view person, std::string_view reason, WallTime now) {
    audit::Record r;
    r.kind = audit::Kind::GrantRevoke;
    r.time = now;
    r.person = person;
    r.agent = g.agent;
    r.database = g.database;
    r.decision = "revoked";
    add(r, key::Grant, g.id);
    add(r, key::Reason, std::string(reason));
    return r;
}

audit::Record record_of_switch(const store::SwitchRow& row, bool off) {
    audit::Record r;
    r.kind = audit::Kind::AdminCommand;
    r.time = row.at;
    r.person = row.person;
    const bool agent = row.kind == store::SwitchKind::Agent;
    (agent ? r.agent : r.database) = row.name;
    add(r, key::Command, off ? "disable" : "enable");
    add(r, key::Subject, agent ? "agent" : "database");
    add(r, key::Name, row.name);
    add(r, key::Reason, row.reason);
    return r;
}

const std::string* find(const audit::Record& record, std::string_view name) {
    for (const auto& [at, value] : record.more) {
        if (at == name) return &value;
    }
    return nullptr;
}

}  // namespace pgveil::control
