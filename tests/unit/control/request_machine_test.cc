#include "control/request_machine.h"

#include <doctest/doctest.h>

#include <map>

using namespace pgveil;
using namespace pgveil::control;
using enum RequestState;

namespace {
constexpr RequestState kStates[] = {RequestState::Void, Pending, Approved, Executing, Executed, Failed,
                                    Exceeded, Denied, Expired, Cancelled, Unknown};
constexpr RequestEvent kEvents[] = {RequestEvent::Approve, RequestEvent::Fulfil, RequestEvent::Deny, RequestEvent::Consume,
                                    RequestEvent::Execute, RequestEvent::Fail, RequestEvent::Exceed, RequestEvent::Lose,
                                    RequestEvent::Retry, RequestEvent::Expire, RequestEvent::Cancel, RequestEvent::Void};
}  // namespace

TEST_CASE("requests move as the table in the header says, and in no other way") {
    const std::map<std::pair<RequestState, RequestEvent>, RequestState> table{
        {{Pending, RequestEvent::Approve}, Approved},     {{Pending, RequestEvent::Fulfil}, Executed},
        {{Pending, RequestEvent::Deny}, Denied},          {{Pending, RequestEvent::Expire}, Expired},
        {{Pending, RequestEvent::Cancel}, Cancelled},     {{Pending, RequestEvent::Void}, RequestState::Void},
        {{Approved, RequestEvent::Deny}, Denied},         {{Approved, RequestEvent::Consume}, Executing},
        {{Approved, RequestEvent::Expire}, Expired},      {{Approved, RequestEvent::Void}, RequestState::Void},
        {{Executing, RequestEvent::Execute}, Executed},   {{Executing, RequestEvent::Fail}, Failed},
        {{Executing, RequestEvent::Exceed}, Exceeded},    {{Executing, RequestEvent::Lose}, Unknown},
        {{Executing, RequestEvent::Retry}, Approved},     {{Unknown, RequestEvent::Execute}, Executed},
        {{Unknown, RequestEvent::Fail}, Failed}};
    for (const auto from : kStates) {
        for (const auto event : kEvents) {
            const auto wanted = table.find({from, event});
            const auto to = next_state(from, event);
            CAPTURE(name_of(from));
            CAPTURE(static_cast<int>(event));
            REQUIRE(to.has_value() == (wanted != table.end()));
            if (to) CHECK(*to == wanted->second);
        }
    }
}

TEST_CASE("only pending, approved and executing requests have something left to happen") {
    for (const auto state : kStates) {
        CHECK(has_ended(state) == !(state == Pending || state == Approved || state == Executing));
    }
}

TEST_CASE("an execution finishes as executed, failed, exceeded, unknown or returned, and as nothing else") {
    for (const auto state : kStates) {
        const auto event = event_of_finish(state);
        const bool possible = state == Executed || state == Failed || state == Exceeded || state == Unknown || state == Approved;
        CHECK(event.has_value() == possible);
        if (event) CHECK(next_state(Executing, *event) == state);
    }
}
