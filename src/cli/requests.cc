#include "cli/requests.h"

#include "cli/console_client.h"

namespace pgveil::cli {

int run_requests(std::span<const std::string_view> args) {
    ConsoleTarget target;
    std::string reason;
    std::uint32_t max_rows = 0;
    std::vector<std::string> words;
    Options options("usage: pgveil requests [list | show ID | approve ID [--max-rows N] [--reason R] | deny ID --reason R] [-h HOST] [-p PORT] [-U NAME]",
                    "Held statements and access requests, decided by you as a person over the console.");
    options.positional(words, 2);
    options.value("--reason", reason, "TEXT", "why; the agent reads it");
    options.number("--max-rows", max_rows, "N", "rows the statement may change at most", 1, 4'000'000'000);
    target.declare(options);
    const auto spelled = long_forms(args);
    if (const auto exit = options.parse(spelled)) return *exit;

    const std::string verb = words.empty() ? "list" : words[0];
    const bool has_id = words.size() == 2;
    if (verb == "list" && !has_id) return ask_console(target, "SHOW REQUESTS", {}, Layout::Aligned);
    if (verb == "show" && has_id) return ask_console(target, "SHOW REQUEST $1", {words[1]}, Layout::Sheet);
    if (verb == "approve" && has_id) {
        std::string command = "APPROVE $1";
        if (max_rows > 0) command += " MAX ROWS " + std::to_string(max_rows);
        if (reason.empty()) return ask_console(target, command, {words[1]}, Layout::None);
        return ask_console(target, command + " REASON $2", {words[1], reason}, Layout::None);
    }
    if (verb == "deny" && has_id) {
        if (reason.empty()) return options.complain("deny needs --reason: the agent reads it");
        return ask_console(target, "DENY $1 REASON $2", {words[1], reason}, Layout::None);
    }
    return options.complain("say list, show ID, approve ID or deny ID");
}

}  // namespace pgveil::cli
