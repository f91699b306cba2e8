// `pgveil log export`: records in the shapes other tools take: OCSF and ECS as JSON lines, CSV.
#pragma once

#include <string>

#include "audit/line.h"
#include "cli/log_options.h"

namespace pgveil::cli {

/// The exit code.
[[nodiscard]] int run_log_export(const LogOptions& options);

/// One OCSF 1.3 event: Datastore Activity (6005), Authentication (3002) for failed logins, else the base event.
[[nodiscard]] std::string ocsf_event(const audit::StoredRecord& stored, std::string_view origin);
/// One Elastic Common Schema document.
[[nodiscard]] std::string ecs_event(const audit::StoredRecord& stored, std::string_view origin);

}  // namespace pgveil::cli
