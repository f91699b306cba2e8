// ColumnVote: what a sample of one stored column's values said, as it is remembered. Value; made by proxy/votes from the
// proxy's own sample, kept by the store, read by policy. Holds counts and names, no value.
#pragma once

#include <cstdint>
#include <string>

#include "pgveil/core/clock.h"
#include "pgveil/core/pg_types.h"

namespace pgveil {

struct ColumnVote {
    ColumnId column;
    Oid type;
    std::string relation, name;              // "public.parts", "ref": a column of another name or type has no vote
    std::string revision;                    // of the rules it was cast by (masking::poll_revision)
    std::string rule;                        // whose values they are ("uk/nhs"); empty: no rule has enough
    std::uint32_t passed = 0, distinct = 0;
    std::uint8_t look_alikes = 0;            // shapes that are no people's numbers here (masking/mask_plan.h)
    std::uint32_t failed = 0, shaped = 0;
    WallTime at{};
    bool operator==(const ColumnVote&) const = default;
};

}  // namespace pgveil
