// ControlStore: where requests, approvals, grants, switches and columns' votes are kept between restarts.
//
// Rows are a cache of what the audit log says: the store never decides whether an approval counts (control/
// does, against the log), it only keeps it and makes the one conditional update that spends it. It does not
// read statement texts: `sealed` is bytes it cannot open.
// Owner: control. One thread (calls block on the disk). Rows read back are not trusted, only well-formed.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgveil/core/column_vote.h"
#include "pgveil/core/grant.h"
#include "pgveil/core/request.h"
#include "pgveil/core/result.h"

namespace pgveil::store {

/// A request at rest. Statement, parameters and facts are inside `sealed`, empty once the request ended.
struct RequestRow {
    RequestView view;                       // without statement, parameters, facts, approved_by
    std::chrono::seconds approved_for{0};
    Bytes sealed;
    std::uint64_t record = 0;               // the log's record that filed it
};

struct ApprovalRow {
    std::string request, person, reason;
    WallTime at{};
    std::int64_t max_rows = -1;
    std::uint64_t record = 0;
};

struct GrantRow {
    Grant grant;
    std::string request;                    // the access request it answered, or empty
    std::string revoked_by;
    std::uint64_t record = 0;
};

/// What was refused: `shape` without literals, `wording` a keyed digest of the text but for its layout.
struct DenialRow {
    std::string request, agent, shape, wording, person;
    WallTime at{};
};

enum class SwitchKind : std::uint8_t { Agent, Database };

/// An agent or database a person turned off; it stays off until turned on again.
struct SwitchRow {
    SwitchKind kind = SwitchKind::Agent;
    std::string name, person, reason;
    WallTime at{};
    std::uint64_t record = 0;
};

/// What a state change writes beside the state. Absent members leave the column as it is.
struct Move {
    RequestState to = RequestState::Void;
    WallTime at{};
    std::optional<std::string> decided_by, decision_reason, outcome_tag;
    std::optional<WallTime> expires;
    std::optional<std::int64_t> max_rows;
    bool erase_body = false;
};

template <class Value>
using Kept = Result<Value, Fault>;

class ControlStore {
  public:
    ControlStore() = default;
    ControlStore(const ControlStore&) = delete;
    ControlStore& operator=(const ControlStore&) = delete;
    virtual ~ControlStore() = default;

    // One writer at a time; everything between begin and commit is on disk, or none of it.
    [[nodiscard]] virtual Kept<void> begin() = 0;
    [[nodiscard]] virtual Kept<void> commit() = 0;
    virtual void rollback() noexcept = 0;

    [[nodiscard]] virtual Kept<void> add_request(const RequestRow& row) = 0;
    [[nodiscard]] virtual Kept<std::optional<RequestRow>> find_request(std::string_view id) = 0;
    /// The newest request of this agent and database that binds exactly this digest, whatever its state.
    [[nodiscard]] virtual Kept<std::optional<RequestRow>> newest_of(std::string_view agent, std::string_view database,
                                                                    const Digest& digest) = 0;
    /// Newest first, at most `limit`. Empty agent: everybody's.
    [[nodiscard]] virtual Kept<std::vector<RequestRow>> requests(std::string_view agent, std::size_t limit) = 0;
    [[nodiscard]] virtual Kept<std::vector<RequestRow>> requests_in(RequestState state) = 0;
    /// Pending or approved, and `now` is not before their end.
    [[nodiscard]] virtual Kept<std::vector<RequestRow>> due(WallTime now) = 0;
    [[nodiscard]] virtual Kept<std::optional<WallTime>> next_due() = 0;
    /// Moves only if the request is in `from` now; false: it was not.
    [[nodiscard]] virtual Kept<bool> move(std::string_view id, RequestState from, const Move& move) = 0;
    /// The guard of single use: approved and not expired becomes executing, in one statement, or nothing happens.
    [[nodiscard]] virtual Kept<std::optional<RequestRow>> consume(std::string_view id, WallTime now) = 0;
    [[nodiscard]] virtual Kept<std::int64_t> count_pending(std::string_view agent) = 0;
    /// When this agent's requests filed after `since` were filed, oldest first.
    [[nodiscard]] virtual Kept<std::vector<WallTime>> filed_since(std::string_view agent, WallTime since) = 0;

    /// False: this person's approval of this request is there already.
    [[nodiscard]] virtual Kept<bool> add_approval(const ApprovalRow& row) = 0;
    [[nodiscard]] virtual Kept<std::vector<ApprovalRow>> approvals(std::string_view request) = 0;

    [[nodiscard]] virtual Kept<void> add_denial(const DenialRow& row) = 0;
    /// Newest first.
    [[nodiscard]] virtual Kept<std::vector<DenialRow>> denials_since(std::string_view agent, WallTime since) = 0;

    [[nodiscard]] virtual Kept<void> add_grant(const GrantRow& row) = 0;
    [[nodiscard]] virtual Kept<std::optional<GrantRow>> find_grant(std::string_view id) = 0;
    /// Those whose end is after `since`, revoked ones included; newest first.
    [[nodiscard]] virtual Kept<std::vector<GrantRow>> grants(WallTime since) = 0;
    /// False: no such grant, or revoked before.
    [[nodiscard]] virtual Kept<bool> revoke_grant(std::string_view id, std::string_view by) = 0;

    [[nodiscard]] virtual Kept<void> set_switch(const SwitchRow& row) = 0;
    [[nodiscard]] virtual Kept<bool> clear_switch(SwitchKind kind, std::string_view name) = 0;
    [[nodiscard]] virtual Kept<std::vector<SwitchRow>> switches() = 0;

    [[nodiscard]] virtual Kept<std::vector<ColumnVote>> votes(std::string_view database) = 0;
    /// In place of all that were kept of this relation. Outside a transaction.
    [[nodiscard]] virtual Kept<void> keep_votes(std::string_view database, Oid relation, const std::vector<ColumnVote>& votes) = 0;
};

/// Opens the store named by `url` ("sqlite:/path"). `create`: only then a missing file is made, 0600. The
/// refusal is a sentence for the operator; it names the path and never what is inside.
[[nodiscard]] Result<std::unique_ptr<ControlStore>, std::string> open(std::string_view url, bool create);

}  // namespace pgveil::store
