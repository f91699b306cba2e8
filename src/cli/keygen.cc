#include "cli/keygen.h"

#include <fmt/format.h>

#include "audit/key_file.h"
#include "cli/options.h"

namespace pgveil::cli {

int run_keygen(Arguments arguments) {
    std::string out, name = "pgveil";
    Options options("usage: pgveil keygen --out FILE [--name NAME]",
                    "Makes the key that signs the audit log (file mode 0600) and prints the public verifier key line.\n"
                    "Keep that line where the proxy's administrators cannot change it: `pgveil log verify --key` takes it.");
    options.value("--out", out, "FILE", "where the key goes; must not exist");
    options.value("--name", name, "NAME", "origin the log signs as; default pgveil");
    if (const auto exit = options.parse(arguments)) return *exit;
    if (out.empty()) return options.complain("--out is missing");

    const auto line = audit::create_signer_key(out, name);
    if (!line) {
        fmt::print(stderr, "pgveil keygen: {}\n", line.error());
        return Cannot;
    }
    fmt::print("{}\n", *line);
    return Done;
}

}  // namespace pgveil::cli
