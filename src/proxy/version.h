// The version this was built as; the build gives it.
#pragma once

#ifndef PGVEIL_VERSION
#define PGVEIL_VERSION "unknown"
#endif

namespace pgveil::proxy {
inline constexpr const char* kVersion = PGVEIL_VERSION;
}  // namespace pgveil::proxy
