// RelaySetup, Tools: what a Relay is given at its start. Values; Tools belong to one worker and outlive its relays.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pgveil/core/keyed_hash.h"
#include "pgveil/core/principal.h"
#include "pgveil/masking/row_masker.h"
#include "policy/allowance.h"
#include "relay/event.h"
#include "relay/plans.h"

namespace pgveil::relay {

struct RelaySetup {
    Agent agent;
    SessionId session;
    std::string address;
    DatabaseViewPtr view;
    Access access = Access::None;              // of the grant the session opened under
    bool writable_upstream = false;            // the server connection's role may write
    std::string task, reason;
    std::chrono::seconds wait{0};
    std::string search_path;                   // SHOW search_path on the server connection
    Parameters parameters;                     // as the server reported them last
    std::uint64_t max_message = 64ULL << 20;   // largest row the masker will hold at once
    policy::AllowancePtr allowance;            // the agent's; null: it has no limits
};

/// What all relays of one worker share; the masker is replaced when rules are reloaded.
struct Tools {
    Judge judge;
    PlanCache plans;
    std::unique_ptr<masking::RowMasker> masker;
    std::shared_ptr<const KeyedHash> tokens;
};

}  // namespace pgveil::relay
