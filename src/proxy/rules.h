// From config to policy: the ruleset and the compiled packs. Used by World and by `explain` and `check`, so
// that what they say is what serve does. Blocks for the packs (0.1-0.5 s). Not hostile.
#pragma once

#include <memory>
#include <string>

#include "config/config.h"
#include "pgveil/masking/row_masker.h"
#include "policy/decide.h"

namespace pgveil::proxy {

[[nodiscard]] policy::Mode mode_of(config::Mode mode);

/// Rules, column entries and settings of policy; `revision` is the digest of the config in effect.
[[nodiscard]] std::shared_ptr<const policy::Ruleset> ruleset_of(const config::Config& config);

/// The packs the config names, read, without the disabled rules, compiled and proved by their examples. The
/// refusal is a sentence for the operator.
[[nodiscard]] Result<std::shared_ptr<const masking::CompiledRules>, std::string> compile_rules(const config::Config& config);

}  // namespace pgveil::proxy
