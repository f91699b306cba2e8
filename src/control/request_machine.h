// RequestMachine: in which order a request may change its state. The only place that knows.
//
//            | Approve   Fulfil    Deny    Consume    Execute   Fail    Exceed    Lose     Retry     Expire   Cancel     Void
// pending    | approved  executed  denied  -          -         -       -         -        -         expired  cancelled  void
// approved   | -         -         denied  executing  -         -       -         -        -         expired  -          void
// executing  | -         -         -       -          executed  failed  exceeded  unknown  approved  -        -          -
// unknown    | -         -         -       -          executed  failed  -         -        -         -        -          -
// all others | ended: nothing moves them
//
// Approve is the approval that makes the number full; Fulfil answers an access request with a grant; Retry is
// a server rollback with 40001, 40P01 or 55P03. Values; any thread; not hostile.
#pragma once

#include <cstdint>
#include <optional>

#include "pgveil/core/request.h"

namespace pgveil::control {

enum class RequestEvent : std::uint8_t {
    Approve, Fulfil, Deny, Consume, Execute, Fail, Exceed, Lose, Retry, Expire, Cancel, Void
};

/// Where `event` leads from `from`; nullopt: it may not happen there.
[[nodiscard]] std::optional<RequestState> next_state(RequestState from, RequestEvent event);

/// True when nothing about the statement may happen any more: its body can be erased.
[[nodiscard]] bool has_ended(RequestState state);

/// The event by which a finished execution reaches `wanted`; nullopt: no execution ends so.
[[nodiscard]] std::optional<RequestEvent> event_of_finish(RequestState wanted);

}  // namespace pgveil::control
