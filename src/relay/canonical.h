// Canonical parameters: one value, one form, whichever format a driver chose to send it in (psycopg turns to
// binary after a while). Approvals bind this form. Pure. Reads hostile bytes; what it cannot read stays as it
// came, which binds more, never less.
#pragma once

#include "pgveil/core/request.h"

namespace pgveil::relay {

[[nodiscard]] BoundParameter canonical(BoundParameter parameter);

}  // namespace pgveil::relay
