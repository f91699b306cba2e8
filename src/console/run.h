// Run: one command carried out for one person. Checks the role, records, then asks service or host.
//
// A record of every command is durable before it has an effect or shows anything; only looking at the proxy's
// own condition, ending sessions and shutting down still work when the log does not. Control thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "audit/journal.h"
#include "console/host.h"
#include "console/table.h"
#include "control/service.h"
#include "protocol/encoder.h"

namespace pgveil::console {

/// What a console works on; all outlive it.
struct Place {
    control::ControlService& service;
    ConsoleHost& host;
    audit::Journal& journal;
};

/// Who is asking, and when.
struct Asker {
    std::string name;                      // the person; roles are looked up anew for every command
    std::string address;
    SessionId session;
    WallTime now{};
};

struct Answer {
    std::vector<std::string> notices;
    std::vector<Row> rows;
    std::string tag;
    std::optional<protocol::ErrorOut> error;   // then nothing else counts
};

[[nodiscard]] Answer run(const Command& command, const Place& place, const Asker& asker);

// The parts of run(), by subject.
[[nodiscard]] Answer show_general(const Command& command, const Place& place, const Asker& asker);
[[nodiscard]] Answer show_pooling(const Command& command, const Place& place, const Asker& asker);
[[nodiscard]] Answer show_decisions(const Command& command, const Place& place, const Person& who, WallTime now);
[[nodiscard]] Answer act(const Command& command, const Place& place, const Person& who, WallTime now);
[[nodiscard]] Answer set_up(const Command& command, const Place& place);

[[nodiscard]] Answer failure(SqlState code, std::string message, std::string hint = {}, std::string detail = {});
[[nodiscard]] Answer failure(const control::Refused& refused);

}  // namespace pgveil::console
