// Request: one held statement (or asked-for access) and what people decided about it.
//
// Value types shared by control/ (keeps them), relay/ (files and consumes them) and console/ (shows
// them). State moves only in control/request_machine (table there). `sealed` bodies never appear here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pgveil/core/clock.h"
#include "pgveil/core/keyed_hash.h"
#include "pgveil/core/pg_types.h"

namespace pgveil {

enum class RequestState : std::uint8_t {
    Void, Pending, Approved, Executing, Executed, Failed, Exceeded, Denied, Expired, Cancelled, Unknown
};
[[nodiscard]] constexpr std::string_view name_of(RequestState s) {
    switch (s) {
        case RequestState::Void: return "void";
        case RequestState::Pending: return "pending";
        case RequestState::Approved: return "approved";
        case RequestState::Executing: return "executing";
        case RequestState::Executed: return "executed";
        case RequestState::Failed: return "failed";
        case RequestState::Exceeded: return "exceeded";
        case RequestState::Denied: return "denied";
        case RequestState::Expired: return "expired";
        case RequestState::Cancelled: return "cancelled";
        case RequestState::Unknown: return "unknown";
    }
    return "void";
}

enum class RequestKind : std::uint8_t { Statement, Access };

/// A bound parameter as the approval binds it: canonical text where the proxy knows the type, else raw.
struct BoundParameter {
    Oid type;
    Format format = Format::Text;
    bool is_null = false;
    Bytes value;
    bool operator==(const BoundParameter&) const = default;
};

/// Session facts that change what a statement means; all enter the digest.
struct SessionFacts {
    std::string search_path, time_zone, date_style, interval_style, isolation, role;
    std::string settings;   // the others, by name: JSON
    std::string objects;    // digest of what the statement's objects are
    bool operator==(const SessionFacts&) const = default;
};

/// What relay hands to control to have a statement held. `digest` binds (control.md, Requests).
struct RequestDraft {
    RequestKind kind = RequestKind::Statement;
    std::string agent, owner, database, task, reason;
    SessionFacts facts;
    std::string statement;                  // comment-free bytes: what is shown is what runs
    std::vector<BoundParameter> parameters;
    std::vector<std::int16_t> result_formats;
    Digest digest{};                        // identity of the approval
    std::string shape;                      // fingerprint for grouping and cool-down only
    std::string sql_class;                  // kind: write, ddl, ...
    std::vector<std::string> relations;     // "public.orders:write"
    std::string rule;
    std::vector<std::string> why;           // reasons, in words
    std::vector<std::string> approvers;     // groups; empty: any approver
    std::uint32_t approvals_needed = 1;
    std::chrono::seconds pending_for{1800}, approved_for{600};
    std::string masked_statement;           // as the log shows it
};

/// A request as people and agents see it.
struct RequestView {
    std::string id;                         // r_ + 26 base32 characters (>= 80 random bits)
    RequestKind kind = RequestKind::Statement;
    RequestState state = RequestState::Void;
    std::string agent, owner, database, task, reason;
    std::string statement, masked_statement, sql_class, rule, shape;
    std::vector<BoundParameter> parameters;
    std::vector<std::int16_t> result_formats;
    std::vector<std::string> relations, why, approvers, approved_by;
    std::uint32_t approvals_needed = 1;
    Digest digest{};
    SessionFacts facts;
    std::string decided_by, decision_reason, outcome_tag;
    WallTime created{}, expires{}, decided{};
    std::uint32_t attempts = 0;
    std::int64_t max_rows = -1;             // effect bound set by the approver; -1: none
};

}  // namespace pgveil
