#include "cli/grants.h"

#include "cli/console_client.h"

namespace pgveil::cli {

int run_grants(std::span<const std::string_view> args) {
    ConsoleTarget target;
    std::string reason, agent, database, access = "read", length;
    std::vector<std::string> words;
    Options options("usage: pgveil grants [list | add --agent A --database D --for LENGTH [--access read|write] [--reason R] | revoke ID [--reason R]]"
                    " [-h HOST] [-p PORT] [-U NAME]",
                    "Who may connect where and until when, given and ended by you as a person over the console.");
    options.positional(words, 2);
    options.value("--agent", agent, "NAME", "add: who gets it");
    options.value("--database", database, "NAME", "add: where");
    options.value("--access", access, "KIND", "add: read (default) or write; write may ask, rules still hold or deny");
    options.value("--for", length, "LENGTH", "add: how long, as '2 hours' or 90min");
    options.value("--reason", reason, "TEXT", "why");
    target.declare(options);
    const auto spelled = long_forms(args);
    if (const auto exit = options.parse(spelled)) return *exit;

    const std::string verb = words.empty() ? "list" : words[0];
    if (verb == "list" && words.size() < 2) return ask_console(target, "SHOW GRANTS", {}, Layout::Aligned);
    if (verb == "revoke" && words.size() == 2) {
        if (reason.empty()) return ask_console(target, "REVOKE GRANT $1", {words[1]}, Layout::None);
        return ask_console(target, "REVOKE GRANT $1 REASON $2", {words[1], reason}, Layout::None);
    }
    if (verb == "add" && words.size() == 1) {
        if (agent.empty() || database.empty() || length.empty()) return options.complain("add needs --agent, --database and --for");
        if (access != "read" && access != "write") return options.complain("--access is read or write");
        const std::string command = "GRANT " + access + " ON $1 TO $2 FOR $3";
        if (reason.empty()) return ask_console(target, command, {database, agent, length}, Layout::Aligned);
        return ask_console(target, command + " REASON $4", {database, agent, length, reason}, Layout::Aligned);
    }
    return options.complain("say list, add or revoke ID");
}

}  // namespace pgveil::cli
