// Which rule judges a statement: first match wins, the built-in ones come last.
//
// A statement is taken apart by kind (INSERT ... SELECT writes one table and reads another). A hold or deny
// rule matches if anything of the statement lies within its `when`. An allow rule answers for the kinds it
// names, and only if every relation used in such a way lies within; what it leaves open goes down the list.
// Rules in shadow or warn mode are noted and passed by. Pure; internal to policy/.
#pragma once

#include <vector>

#include "policy/decide.h"

namespace pgveil::policy {

struct Match {
    const Rule* rule = nullptr;      // null: built-in
    RuleAction action = RuleAction::Deny;
    std::string name = "built-in: unknown";
    Mode mode = Mode::Enforce;
    std::vector<ShadowHit> shadow;
};

[[nodiscard]] Match match_rules(const Question& question);

/// The kinds of everything the statement does, gravest first, none graver than analysis.kind.
[[nodiscard]] std::vector<sql::Kind> kinds_of(const sql::Analysis& analysis);

}  // namespace pgveil::policy
