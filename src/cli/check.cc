#include "cli/check.h"

#include <fmt/format.h>

#include "audit/json_text.h"
#include "cli/check_files.h"
#include "cli/check_online.h"
#include "cli/options.h"
#include "config/load.h"

namespace pgveil::cli {
namespace {

using config::Diagnostic;
using config::Severity;

std::string json_of(const Diagnostic& diagnostic) {
    std::string out = R"({"severity":)";
    audit::append_json_string(out, diagnostic.severity == Severity::Error ? "error" : "warning");
    out += R"(,"file":)";
    audit::append_json_string(out, diagnostic.file);
    out += fmt::format(R"(,"line":{},"column":{},"message":)", diagnostic.line, diagnostic.column);
    audit::append_json_string(out, diagnostic.message);
    out += R"(,"hint":)";
    audit::append_json_string(out, diagnostic.hint);
    return out + "}";
}

void print(const std::vector<Diagnostic>& diagnostics, bool json, bool ok) {
    if (!json) {
        for (const Diagnostic& diagnostic : diagnostics) fmt::print("{}\n", to_text(diagnostic));
        return;
    }
    std::string out = fmt::format(R"({{"ok":{},"problems":[)", ok);
    for (const Diagnostic& diagnostic : diagnostics) out += (out.ends_with('[') ? "" : ",") + json_of(diagnostic);
    fmt::print("{}]}}\n", out);
}

}  // namespace

int run_check(Arguments arguments) {
    std::string file;
    bool online = false, json = false, strict = false, reference = false;
    Options options("usage: pgveil check [--config FILE] [--online] [--strict] [--json] | --reference",
                    "Prints every problem of the config with place and hint. Exit: 0 ok, 1 warnings with --strict, 2 errors.");
    options.config(file);
    options.flag("--online", online, "also connect to the servers: roles, encoding, tags that match nothing");
    options.flag("--strict", strict, "exit 1 if there are warnings");
    options.flag("--json", json, "one JSON object instead of lines");
    options.flag("--reference", reference, "print every option and leave");
    if (const auto exit = options.parse(arguments)) return *exit;
    if (reference) {
        fmt::print("{}", config::reference());
        return Done;
    }
    config::Loaded loaded = config::load(file);
    const auto add = [&](std::vector<Diagnostic> more) {
        loaded.diagnostics.insert(loaded.diagnostics.end(), more.begin(), more.end());
    };
    // What the file says has to be sound before what it points at can be judged.
    if (loaded.usable()) {
        add(check_files(loaded.config, file));
        add(check_packs(loaded.config, file));
        if (online) add(check_online(loaded.config, file));
    }
    const bool ok = loaded.usable(), warned = !loaded.diagnostics.empty();
    print(loaded.diagnostics, json, ok);
    if (!json && ok) fmt::print(stderr, "{}: {}\n", file, warned ? "usable, with warnings" : "ok");
    return !ok ? Usage : warned && strict ? AnswerIsNo : Done;
}

}  // namespace pgveil::cli
