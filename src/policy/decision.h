// Decision: what policy says of one statement of one principal. Value; the zero decision is Refuse.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "pgveil/core/sqlstate.h"
#include "pgveil/masking/mask_plan.h"
#include "sql/analysis.h"

namespace pgveil::policy {

enum class Verdict : std::uint8_t { Refuse, Hold, Forward };
enum class Mode : std::uint8_t { Enforce, Warn, Shadow };

/// What a stored column's tag (config, name hint, positive vote) asks for. The strictest of all entries.
struct Tag {
    std::string column;                  // "shop.public.customers.email"
    std::string class_name;              // "EMAIL_ADDRESS"
    masking::Transform transform = masking::Transform::Redact;
    std::string source;                  // "config", "name hint core/email", "vote: 40 of 40 ..."
    bool operator==(const Tag&) const = default;
};

struct Limits {
    std::uint64_t rows = 0, bytes = 0;              // 0: none
    std::chrono::milliseconds time{0};
};

/// A rule in shadow or warn mode that matched: what it would have done. Evaluation goes on past it.
struct ShadowHit {
    std::string rule;
    Verdict verdict = Verdict::Refuse;
    Mode mode = Mode::Shadow;
};

/// How one output column is to be treated; relay/plans combines it with RowDescription, strictest wins.
struct ColumnDirective {
    masking::Treatment treatment = masking::Treatment::Withhold;
    masking::Transform transform = masking::Transform::Redact;
    std::string class_name, rule, why;
    bool keyed_allowed = false;
    std::uint8_t look_alikes = 0;        // of a scanned stored column as it is (masking/mask_plan.h)
    bool null_tells = false;             // an expression over sensitive values may be NULL because of them
    bool name_speaks = true;             // of a scanned one: its output name may say what it holds (masking/column.h)
};

struct Decision {
    Verdict verdict = Verdict::Refuse;
    Mode mode = Mode::Enforce;           // Shadow/Warn: record `verdict`, act as Forward without masking
    SqlState code = sqlstate::InsufficientPrivilege;
    std::string rule;                    // "orders need a dba", "built-in: write"
    std::vector<std::string> reasons;    // words, no literals
    std::string hint;                    // for refusals: what the agent can do
    std::vector<std::string> approvers;  // groups; empty: any approver
    std::uint32_t approvals = 1;
    std::chrono::seconds wait{0}, pending{1800}, approved{600};
    Limits limits;
    bool touches_sensitive = false;      // error and notice texts are reduced
    bool writes_masked = false;          // a value goes into a column that this agent sees masked: may it be a mask?
    bool neutral_data_errors = false;    // class 22/23 become one neutral code
    std::uint32_t equality_values = 0;   // distinct values this statement compares with sensitive columns
    bool counts_arrays = false;          // there are more in array parameters: decide again when they are bound
    std::vector<ShadowHit> shadow;       // rules on trial that matched, in order
    // Both have one entry per top-level statement (Analysis::statements), empty where it has no result.
    std::vector<std::vector<ColumnDirective>> columns;
    std::vector<bool> columns_known;                    // false -> every column of its result is opaque
    ColumnDirective opaque;                             // what "opaque" means for this statement
};

}  // namespace pgveil::policy
