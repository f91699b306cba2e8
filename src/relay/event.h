// Actions: what the relay wants done, and the small types that come back as events.
//
// The relay is sans-I/O: bytes, time and answers come in through Relay's on_... calls, and everything it
// wants leaves through Actions. proxy/link carries them out in order. Values.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "audit/record.h"
#include "control/messages.h"
#include "pgveil/core/bytes.h"
#include "pgveil/core/clock.h"

namespace pgveil::relay {

/// Append to the log; `number` counts this session's records from 1. Durability comes back as
/// Relay::on_durable(number).
struct AppendRecord {
    std::uint64_t number = 0;
    audit::Record record;
};
/// Ask the control thread; the answer comes back as Relay::on_control(ticket, answer).
struct AskControl {
    std::uint64_t ticket = 0;
    control::Ask ask;
};
/// The statement names what the catalog does not know: refresh (rate-limited by proxy), then on_view().
struct RefreshCatalog {};
/// Cancel what the server runs (on a pool thread).
struct CancelServer {};
/// Call on_timer at `when` (one timer; the latest call wins; time_point::max() stops it).
struct ArmTimer {
    MonotonicTime when;
};
/// Send what is queued, then end both legs.
struct EndSession {
    std::string why;     // for the log: no data
};

using Action = std::variant<AppendRecord, AskControl, RefreshCatalog, CancelServer, ArmTimer, EndSession>;

/// Bytes are appended to the peers' own queues; the rest is done in order after the event.
struct Actions {
    Bytes& to_client;
    Bytes& to_server;
    std::vector<Action> others = {};
};

}  // namespace pgveil::relay
