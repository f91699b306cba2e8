// Messages between relay (on worker loops) and control (on its own thread). Values only: relay includes
// this header and nothing else of control/.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "pgveil/core/grant.h"
#include "pgveil/core/request.h"

namespace pgveil::control {

/// File a held statement, or find the live request of the same digest. Used for PV001, pgveil.submit.
/// `draft.digest` may stay zero: control computes it. Answers: Filed (pending; the same request as before
/// while that one is pending), NotApproved (already approved, executing, or this very statement was denied
/// or ended `unknown` within the cool-down: `request.state` tells), TooMany, Unavailable.
struct FileRequest {
    RequestDraft draft;
};
/// Spend an approval: one conditional update, logged and durable before the answer. By id
/// (pgveil.execute) or by digest (the same statement sent again). With a draft the digest is computed
/// from it; a draft given with an id must bind to that request's digest, or the answer is Drifted. A draft
/// whose rule now asks for more approvals or other groups than were given is Drifted too.
/// Answers: Consumed, NotApproved (`request.state`), Drifted, Unavailable, and UnknownRequest: no such id for
/// this agent and database, or by digest none that is live (file a new one).
struct ConsumeRequest {
    std::string id;                 // empty: by digest
    Digest digest{};                // used when there is no draft
    std::string agent, database;
    std::optional<RequestDraft> draft;
};
/// Look at a request without touching it (pgveil.request; Describe of pgveil.execute).
struct LookRequest {
    std::string id, agent;
};
/// What became of a consumed request.
struct FinishRequest {
    std::string id;
    RequestState state = RequestState::Unknown;  // Executed, Failed, Exceeded, Unknown, or Approved (returned after 40001)
    std::string tag, sqlstate;
    std::int64_t rows = -1;
};
/// Withdraw a pending request (client cancelled while waiting).
struct CancelRequest {
    std::string id, agent;
};
/// The agent's own requests and grants (SHOW pgveil.requests / pgveil.grants).
struct ListOwn {
    std::string agent;
};

using Ask = std::variant<FileRequest, ConsumeRequest, LookRequest, FinishRequest, CancelRequest, ListOwn>;

enum class Outcome : std::uint8_t {
    Unavailable,     // store or log cannot be written: PV013 / PV008
    UnknownRequest,  // no such id for this agent
    Filed,           // pending; `request` tells
    Consumed,        // approval spent, durable: run it now
    NotApproved,     // found, not runnable now; `request.state` says why
    Drifted,         // PV005
    TooMany,         // PV011: cap or cool-down; after a denial `request` is the denied one, with its reason
    Done,
    Listed
};

struct Answer {
    Outcome outcome = Outcome::Unavailable;
    RequestView request;
    std::vector<RequestView> requests;
    std::vector<Grant> grants;
    std::string detail;             // a sentence; for Unavailable "log" (PV008) or "store" (PV013)
    std::uint32_t retry_after_s = 0;
};

}  // namespace pgveil::control
