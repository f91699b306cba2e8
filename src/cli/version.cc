#include "cli/version.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include "cli/options.h"

namespace pgveil::cli {

int run_version(Arguments arguments) {
    bool json = false;
    Options options("usage: pgveil version [--json]", "Prints the version.");
    options.flag("--json", json, "as one JSON object");
    if (const auto exit = options.parse(arguments)) return *exit;
    const int libpq = PQlibVersion();
    if (json) {
        fmt::print(R"({{"name":"pgveil","version":"{}","protocol":["3.0","3.2"],"grammar":"15","libpq":"{}.{}"}})" "\n", PGVEIL_VERSION,
                   libpq / 10000, libpq % 10000);
    } else {
        fmt::print("pgveil {} (grammar of PostgreSQL 15, libpq {}.{})\n", PGVEIL_VERSION, libpq / 10000, libpq % 10000);
    }
    return Done;
}

}  // namespace pgveil::cli
