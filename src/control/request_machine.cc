#include "control/request_machine.h"

namespace pgveil::control {
namespace {

std::optional<RequestState> from_pending(RequestEvent event) {
    switch (event) {
        case RequestEvent::Approve: return RequestState::Approved;
        case RequestEvent::Fulfil: return RequestState::Executed;
        case RequestEvent::Deny: return RequestState::Denied;
        case RequestEvent::Expire: return RequestState::Expired;
        case RequestEvent::Cancel: return RequestState::Cancelled;
        case RequestEvent::Void: return RequestState::Void;
        case RequestEvent::Consume:
        case RequestEvent::Execute:
        case RequestEvent::Fail:
        case RequestEvent::Exceed:
        case RequestEvent::Lose:
        case RequestEvent::Retry: return std::nullopt;
    }
    return std::nullopt;
}

std::optional<RequestState> from_approved(RequestEvent event) {
    switch (event) {
        case RequestEvent::Deny: return RequestState::Denied;
        case RequestEvent::Consume: return RequestState::Executing;
        case RequestEvent::Expire: return RequestState::Expired;
        case RequestEvent::Void: return RequestState::Void;
        case RequestEvent::Approve:
        case RequestEvent::Fulfil:
        case RequestEvent::Execute:
        case RequestEvent::Fail:
        case RequestEvent::Exceed:
        case RequestEvent::Lose:
        case RequestEvent::Retry:
        case RequestEvent::Cancel: return std::nullopt;
    }
    return std::nullopt;
}

std::optional<RequestState> from_executing(RequestEvent event) {
    switch (event) {
        case RequestEvent::Execute: return RequestState::Executed;
        case RequestEvent::Fail: return RequestState::Failed;
        case RequestEvent::Exceed: return RequestState::Exceeded;
        case RequestEvent::Lose: return RequestState::Unknown;
        case RequestEvent::Retry: return RequestState::Approved;
        case RequestEvent::Approve:
        case RequestEvent::Fulfil:
        case RequestEvent::Deny:
        case RequestEvent::Consume:
        case RequestEvent::Expire:
        case RequestEvent::Cancel:
        case RequestEvent::Void: return std::nullopt;
    }
    return std::nullopt;
}

std::optional<RequestState> from_unknown(RequestEvent event) {
    if (event == RequestEvent::Execute) return RequestState::Executed;
    if (event == RequestEvent::Fail) return RequestState::Failed;
    return std::nullopt;
}

}  // namespace

std::optional<RequestState> next_state(RequestState from, RequestEvent event) {
    switch (from) {
        case RequestState::Pending: return from_pending(event);
        case RequestState::Approved: return from_approved(event);
        case RequestState::Executing: return from_executing(event);
        case RequestState::Unknown: return from_unknown(event);
        case RequestState::Void:
        case RequestState::Executed:
        case RequestState::Failed:
        case RequestState::Exceeded:
        case RequestState::Denied:
        case RequestState::Expired:
        case RequestState::Cancelled: return std::nullopt;
    }
    return std::nullopt;
}

// An unknown outcome can still be learned, but its statement is never run again: its body goes too.
bool has_ended(RequestState state) {
    switch (state) {
        case RequestState::Pending:
        case RequestState::Approved:
        case RequestState::Executing: return false;
        case RequestState::Void:
        case RequestState::Executed:
        case RequestState::Failed:
        case RequestState::Exceeded:
        case RequestState::Denied:
        case RequestState::Expired:
        case RequestState::Cancelled:
        case RequestState::Unknown: return true;
    }
    return true;
}

std::optional<RequestEvent> event_of_finish(RequestState wanted) {
    switch (wanted) {
        case RequestState::Executed: return RequestEvent::Execute;
        case RequestState::Failed: return RequestEvent::Fail;
        case RequestState::Exceeded: return RequestEvent::Exceed;
        case RequestState::Unknown: return RequestEvent::Lose;
        case RequestState::Approved: return RequestEvent::Retry;
        case RequestState::Void:
        case RequestState::Pending:
        case RequestState::Executing:
        case RequestState::Denied:
        case RequestState::Expired:
        case RequestState::Cancelled: return std::nullopt;
    }
    return std::nullopt;
}

}  // namespace pgveil::control
