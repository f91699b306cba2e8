// Votes: what samples said of stored columns, as tags and as look-alikes. Internal to policy/.
//
// A vote counts for the column it was cast on, as it was called and typed then. Pure; catalog thread. Not hostile.
#pragma once

#include "policy/decide.h"

namespace pgveil::policy {

/// For: a tag, where neither config nor name gave one. Against: look-alikes, if this revision of the rules cast it.
void count_votes(TagTable& tags, std::string_view database, const catalog::Snapshot& catalog, const masking::CompiledRules& rules,
                 std::span<const ColumnVote> votes);

/// A read of a parent returns its children's rows: what is said against holds for it only if it holds for each of them.
void spread_look_alikes(TagTable& tags, const catalog::Snapshot& catalog);

[[nodiscard]] bool is_vote(const Tag& tag);

}  // namespace pgveil::policy
