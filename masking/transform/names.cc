// The contract's own words: linked by rooms that see no more of masking than its headers.
#include "pgveil/masking/mask_plan.h"

namespace pgveil::masking {

std::string_view name_of(Transform transform) {
    switch (transform) {
        case Transform::Clear: return "clear";
        case Transform::DateShift: return "date_shift";
        case Transform::Generalize: return "generalize";
        case Transform::Partial: return "partial";
        case Transform::Fpe: return "fpe";
        case Transform::Pseudonym: return "pseudonym";
        case Transform::Hash: return "hash";
        case Transform::Redact: return "redact";
        case Transform::Null: return "null";
    }
    return "null";
}

}  // namespace pgveil::masking
