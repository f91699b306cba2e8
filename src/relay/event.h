// Actions: what the relay wants done, and the small types that come back as events.
//
// The relay is sans-I/O: bytes, time and answers come in through Relay's on_... calls, and everything it
// wants leaves through Actions. proxy/link carries them out in order. Values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "audit/record.h"
#include "control/messages.h"
#include "pgveil/core/bytes.h"
#include "pgveil/core/clock.h"

namespace pgveil::relay {

/// What waits for a record: nothing, its statement's first result byte, or its statement's effect.
enum class Awaited : std::uint8_t { Effect, Result, Nothing };

/// Append to the log; `number` counts this session's records from 1. What is awaited comes back: before an effect
/// the record is durable (Relay::on_durable), before a result it is at least safe from this process's end
/// (Relay::on_written).
struct AppendRecord {
    std::uint64_t number = 0;
    Awaited awaited = Awaited::Effect;
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
/// What a server reported of itself: ParameterStatus, in its own spelling.
using Parameters = std::vector<std::pair<std::string, std::string>>;
/// Send what is queued, then end both legs.
struct EndSession {
    std::string why;     // for the log: no data
    /// Set: the server's connection is at rest and outside of any transaction; with DISCARD ALL another session may have it.
    std::optional<Parameters> server = std::nullopt;
};

using Action = std::variant<AppendRecord, AskControl, RefreshCatalog, CancelServer, ArmTimer, EndSession>;

/// Bytes are appended to the peers' own queues; the rest is done in order after the event.
struct Actions {
    Bytes& to_client;
    Bytes& to_server;
    std::vector<Action> others = {};
};

}  // namespace pgveil::relay
