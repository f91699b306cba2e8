// InitConfig: the text of the config that `pgveil init` writes. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pgveil/core/clock.h"
#include "pgveil/core/secret.h"

namespace pgveil::cli {

/// A connection string taken apart by libpq; the password is kept apart from what is written.
struct Conninfo {
    std::vector<std::pair<std::string, std::string>> pairs;
    Secret password;
    std::string password_file;               // relative to the config
    [[nodiscard]] std::optional<std::string> get(std::string_view keyword) const;
    [[nodiscard]] std::string text() const;  // key=value, quoted where needed, verify-full added for remote hosts
};

struct InitConfig {
    std::string wanted_mode, agent, person, database, listen, http, agent_verifier, person_verifier;
    Conninfo upstream;
    std::optional<Conninfo> upstream_write;
    bool dangerous_role = false;
    std::vector<std::string> packs{"core"};
    WallTime now{};
};

[[nodiscard]] std::string text_of(const InitConfig& config);

}  // namespace pgveil::cli
