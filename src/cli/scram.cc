#include "cli/scram.h"

#include <fmt/format.h>

#include "cli/options.h"
#include "cli/terminal.h"
#include "crypto/random.h"
#include "crypto/scram.h"

namespace pgveil::cli {

int run_scram(Arguments arguments) {
    std::uint32_t iterations = crypto::ScramDefaultIterations;
    Options options("usage: pgveil scram [--iterations N] < PASSWORD",
                    "Reads a password from stdin (one line) or the terminal and prints its SCRAM-SHA-256 verifier.\n"
                    "Agents: 4096 iterations; people: at least 100000.");
    options.number("--iterations", iterations, "N", "rounds of PBKDF2; default 4096", 4096, 10'000'000);
    if (const auto exit = options.parse(arguments)) return *exit;

    const auto password = read_password("Password: ");
    if (!password || password->empty()) {
        fmt::print(stderr, "pgveil scram: no password, or the two differ\n");
        return Usage;
    }
    const Bytes salt = crypto::random_bytes(crypto::ScramSaltBytes);
    fmt::print("{}\n", crypto::print(crypto::make_verifier(*password, salt, iterations)));
    return Done;
}

}  // namespace pgveil::cli
