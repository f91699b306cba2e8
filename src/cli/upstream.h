// The catalog of a configured database, loaded now through its own upstream. Blocks; command line only.
#pragma once

#include <string>

#include "catalog/pq_loader.h"
#include "config/config.h"

namespace pgveil::cli {

/// The password file's first line, empty without a file; read now.
[[nodiscard]] Result<Secret, std::string> upstream_password(const config::Database& database, bool writer);

/// `writer`: through upstream_write. The refusal is a sentence for the operator.
[[nodiscard]] Result<catalog::Snapshot::Contents, std::string> load_catalog(const config::Database& database, bool writer = false);

}  // namespace pgveil::cli
