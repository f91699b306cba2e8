// Settings: which session settings an agent may change, and how.
//
// An allow-list: a setting that is not named here is not a session matter but an administrator's. Capping of
// timeouts and memory is the relay's, which sees the value. Pure, any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sql/builtin.h"

namespace pgveil::sql {

/// What changing a setting means. `name` as the server folds it; `value` as text, nullopt if it is not in the
/// statement's text (a parameter). `allowed`: dotted names the configuration lists.
[[nodiscard]] Judgement judge_setting(std::string_view name, std::optional<std::string_view> value,
                                      std::span<const std::string> allowed);

/// Back to its startup value.
[[nodiscard]] Judgement judge_reset(std::string_view name);

/// True for the settings whose value the session keeps track of (and `pgveil.*`).
[[nodiscard]] bool is_tracked_setting(std::string_view name);

/// Lower case as the server compares setting names, cut to 63 bytes at a character boundary.
[[nodiscard]] std::string fold_name(std::string_view name);
[[nodiscard]] std::string cut_name(std::string_view name);

/// "utf-8", "'Unicode'" and their kin. SQL_ASCII is taken as UTF8, as psql in a C locale sends it.
[[nodiscard]] bool means_utf8(std::string_view encoding);

}  // namespace pgveil::sql
