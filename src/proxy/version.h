// The version this was built as; the build gives it.
#pragma once

namespace pgveil::proxy {
inline constexpr const char* kVersion = PGVEIL_VERSION;
}  // namespace pgveil::proxy
