// Name reach: for which types a name may say what values are. "email_verified boolean", "phone_calls int" and
// "email_sent_at timestamptz" hold nobody's e-mail address or number. A config entry may still tag them. Pure, any thread.
#pragma once

#include <string_view>

#include "pgveil/core/pg_types.h"

namespace pgveil::masking {

/// `counts`: the name is of a number of such things (name_words.h).
[[nodiscard]] bool name_reaches(Oid type, std::string_view class_name, bool counts);

}  // namespace pgveil::masking
