// Grant: time-bound permission of one agent on one database. Value; the store and the config make them.
#pragma once

#include <optional>
#include <string>

#include "pgveil/core/clock.h"

namespace pgveil {

enum class Access : std::uint8_t { None, Read, Write };
enum class GrantState : std::uint8_t { Revoked, Expired, Live };

struct Grant {
    std::string id;        // g_..., or "config:<n>" for [[grant]] tables
    std::string agent;
    std::string database;
    Access access = Access::None;
    std::string reason;
    std::string task;
    std::string created_by;
    WallTime not_before{};
    WallTime until{};      // absolute end, exclusive
    bool revoked = false;
    [[nodiscard]] GrantState state_at(WallTime now) const {
        if (revoked) return GrantState::Revoked;
        return now >= not_before && now < until ? GrantState::Live : GrantState::Expired;
    }
    bool operator==(const Grant&) const = default;
};

}  // namespace pgveil
