// Who acts: agents (machines, through database connections) and people (through the console).
// The two never mix: no agent approves, no person reads rows. Values.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "pgveil/core/strong_id.h"

namespace pgveil {

/// What a person may do; each role says only what it says (contract.md, [[person]]).
enum class Role : std::uint8_t { Approver, Auditor, Admin, Reveal, BreakGlass };

struct Agent {
    std::string name;
    std::string owner;                // person who answers for it; empty: none
    std::vector<std::string> on_behalf_of;  // verified chain, outermost first; empty: itself
    bool operator==(const Agent&) const = default;
};

struct Person {
    std::string name;
    std::vector<Role> roles;
    std::vector<std::string> groups;
    [[nodiscard]] bool has(Role role) const { return std::ranges::find(roles, role) != roles.end(); }
    [[nodiscard]] bool in_group(std::string_view group) const { return std::ranges::find(groups, group) != groups.end(); }
    bool operator==(const Person&) const = default;
};

/// One client session of this proxy: unique for the life of the log.
using SessionId = StrongId<struct SessionIdTag, std::uint64_t>;

}  // namespace pgveil
