// What becomes of output columns, predicates and assignments that touch tagged columns.
//
// Pure helpers of decide(); internal to policy/.
#pragma once

#include "policy/decide.h"

namespace pgveil::policy {

/// A tag that asks for masking: present and not `clear`. Null otherwise.
[[nodiscard]] const TagEntry* sensitive(const TagTable& tags, ColumnId column);

[[nodiscard]] ColumnDirective opaque_directive(const Question& question);
[[nodiscard]] ColumnDirective directive_of(const Question& question, const sql::OutputColumn& column);

struct PredicateFinding {
    Verdict verdict = Verdict::Forward;   // what the predicates alone ask for
    bool absolute = false;                // a column's `deny`: no approval helps
    bool any_sensitive = false;
    std::uint32_t values = 0;             // distinct values compared with sensitive columns
    bool arrays = false;                  // some are in array parameters
    std::vector<std::string> reasons;
    std::string hint;
};
[[nodiscard]] PredicateFinding judge_predicates(const Question& question);

struct AssignmentFinding {
    bool any_sensitive = false;
    bool writes_masked = false;           // a value goes into a column that this agent sees masked
    std::vector<std::string> reasons;     // why an allow rule is not enough; empty: it is
};
[[nodiscard]] AssignmentFinding judge_assignments(const Question& question);

/// Does anything of this statement come near tagged columns, so that error texts could quote their values?
[[nodiscard]] bool touches_sensitive(const Question& question);

}  // namespace pgveil::policy
