// Explained: one statement text judged, as JSON (contract.md, "explain") and as text for people. Pure.
#pragma once

#include <optional>
#include <string>

#include "policy/decide.h"

namespace pgveil::cli {

struct Explained {
    sql::Analysis analysis;
    policy::Decision decision;
    std::optional<std::string> error;
};

/// "allow", "hold" or "deny".
[[nodiscard]] std::string_view action_word(policy::Verdict verdict);
/// `id` is JSON already.
[[nodiscard]] std::string json_of(const Explained& explained, std::string_view id, const catalog::Snapshot& catalog);
[[nodiscard]] std::string text_of(const Explained& explained, const catalog::Snapshot& catalog);

}  // namespace pgveil::cli
