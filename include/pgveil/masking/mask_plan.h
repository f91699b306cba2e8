// MaskPlan: what to do with each column of one result. Made by relay/plans from policy's and sql's
// word (strictest of tag, lineage, content), executed by RowMasker. Value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pgveil/masking/column.h"

namespace pgveil::masking {

/// Ordered by strictness: a larger one wins when several entries match one column (`clear` apart).
enum class Transform : std::uint8_t { Clear, DateShift, Generalize, Partial, Fpe, Pseudonym, Hash, Redact, Null };

[[nodiscard]] std::string_view name_of(Transform transform);

/// What to do with the values of one column. The zero value withholds everything.
enum class Treatment : std::uint8_t {
    Withhold,   // NULL, whatever it is
    Apply,      // every value through `transform` as `class_name`
    Scan,       // content detection on types that can carry text; findings by their rule's transform
    Pass        // exactly as it is (a `clear` tag, or a type that can hold nothing)
};

/// Shapes that people's numbers share with part numbers and ids, as bits of a set: nnn-nn-nnnn, and sixteen bare digits.
namespace look_alike {
inline constexpr std::uint8_t NineDigits = 1, SixteenDigits = 2;
}

struct ColumnPlan {
    Column column;
    Treatment treatment = Treatment::Withhold;
    Transform transform = Transform::Redact;
    std::string class_name;     // "EMAIL_ADDRESS"
    std::string rule;           // what the audit result counts it under: "tag/shop.public.customers.email"
    std::string key_domain;     // database + class + scope: keyed transforms hash under it
    bool null_tells = false;    // whether it is NULL, or how it is built, tells of values: all cells are given alike
    bool keyed_allowed = false; // only values whose lineage is a stored tagged column; else keyed -> Redact
    std::int32_t subject = -1;  // date_shift: the column of the row that says whose date it is; -1: all are moved alike
    std::uint8_t look_alikes = 0;   // of a stored column as it is: values that are as a whole of these shapes are no findings
};

struct RowPlan {
    std::vector<ColumnPlan> columns;
    std::uint64_t settled = 0;  // given by RowMasker::settle, after which the columns must not change; 0: not yet
};

}  // namespace pgveil::masking
