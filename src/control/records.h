// Records: how each change of a request, grant or switch is written to the audit log, and the keys under
// which ledger.cc finds it again. Writer and reader of one format, side by side.
//
// What a person says as a reason is logged; an agent's reason, a statement and its parameters are not
// (they may hold personal data): the statement appears masked, and as the digest the approval binds.
// Values; control thread.
#pragma once

#include "audit/record.h"
#include "pgveil/core/principal.h"
#include "store/control_store.h"

namespace pgveil::control {

namespace key {
inline constexpr std::string_view Kind = "request_kind", Digest = "digest", Shape = "shape", Wording = "wording", Needed = "approvals",
                                  Approvers = "approvers", ApprovedFor = "approved_for_s", Expires = "expires_us",
                                  MaxRows = "max_rows", Reason = "reason", Grant = "grant", NotBefore = "not_before_us",
                                  Until = "until_us", BreakGlass = "break_glass", Command = "command",
                                  Subject = "subject", Name = "name";
}  // namespace key

[[nodiscard]] audit::Record record_of_filing(const store::RequestRow& row, WallTime now);
/// `full`: this approval completes the number; `until` is then the end of its use.
[[nodiscard]] audit::Record record_of_approval(const RequestView& request, const store::ApprovalRow& approval, bool full,
                                               WallTime until);
[[nodiscard]] audit::Record record_of_denial(const RequestView& request, const store::DenialRow& denial,
                                             std::string_view reason);
[[nodiscard]] audit::Record record_of_consumption(const RequestView& request, WallTime now);
/// Every other move: executed, failed, exceeded, unknown, returned to approved, cancelled, void, expired.
[[nodiscard]] audit::Record record_of_move(const RequestView& request, RequestState to, std::string_view tag,
                                           std::string_view sqlstate, std::int64_t rows, WallTime now);
[[nodiscard]] audit::Record record_of_grant(const store::GrantRow& row, bool break_glass, WallTime now);
[[nodiscard]] audit::Record record_of_revocation(const Grant& grant, std::string_view person, std::string_view reason,
                                                 WallTime now);
[[nodiscard]] audit::Record record_of_switch(const store::SwitchRow& row, bool off);

/// The value under `name` in `more`, or nullptr. Lives as long as the record.
[[nodiscard]] const std::string* find(const audit::Record& record, std::string_view name);

}  // namespace pgveil::control
