// pgveil: the proxy between AI agents and a production PostgreSQL. Subcommands live in cli/.
#include <vector>

#include "cli/check.h"
#include "cli/detect.h"
#include "cli/discover.h"
#include "cli/explain.h"
#include "cli/grants.h"
#include "cli/init.h"
#include "cli/keygen.h"
#include "cli/log.h"
#include "cli/mask.h"
#include "cli/policy.h"
#include "cli/requests.h"
#include "cli/scram.h"
#include "cli/serve.h"
#include "cli/version.h"

int main(int argc, char** argv) {
    using namespace pgveil::cli;
    constexpr Command commands[] = {
        {"init", run_init, "write a config in shadow mode, keys and verifiers"},
        {"serve", run_serve, "run the proxy in the foreground"},
        {"check", run_check, "all problems of a config at once; --reference lists every option"},
        {"explain", run_explain, "what would happen to a statement, and why"},
        {"discover", run_discover, "propose column tags from names and sampled values"},
        {"detect", run_detect, "content detection: JSON lines in, JSON lines out"},
        {"mask", run_mask, "stdin to stdout, personal data masked"},
        {"requests", run_requests, "what agents ask: list, show, approve, deny"},
        {"grants", run_grants, "access in time: list, add, revoke"},
        {"log", run_log, "verify, search, show and prove what the audit log says"},
        {"policy", run_policy, "replay: judge a recorded log again under another config"},
        {"scram", run_scram, "a password on stdin -> SCRAM-SHA-256 verifier"},
        {"keygen", run_keygen, "make the key that signs the log; prints the public verifier key line"},
        {"version", run_version, "print the version"},
    };
    const std::vector<std::string_view> words(argv + (argc > 0 ? 1 : 0), argv + argc);
    return dispatch(commands, words);
}
