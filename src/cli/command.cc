#include "cli/command.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>

#include <fmt/format.h>

namespace pgveil::cli {
namespace {

void print_help(std::span<const Command> commands, std::FILE* out) {
    fmt::print(out, "pgveil: a proxy between AI agents and PostgreSQL that masks, asks people, and records\n\nusage: pgveil COMMAND ...\n\n");
    for (const Command& command : commands) fmt::print(out, "  {:10} {}\n", command.name, command.sentence);
    fmt::print(out, "\nEvery command has --help. Exit codes: 0 done, 1 the answer is no, 2 usage or config, 3 cannot.\n");
}

bool is_help(std::string_view word) { return word == "help" || word == "--help" || word == "-h"; }

const Command* find(std::span<const Command> commands, std::string_view name) {
    const auto found = std::ranges::find(commands, name == "--version" ? "version" : name, &Command::name);
    return found == commands.end() ? nullptr : &*found;
}

}  // namespace

int dispatch(std::span<const Command> commands, Arguments arguments) {
    if (arguments.empty()) {
        print_help(commands, stderr);
        return Usage;
    }
    try {
        if (is_help(arguments[0])) {
            const Command* about = arguments.size() > 1 ? find(commands, arguments[1]) : nullptr;
            static constexpr std::array<std::string_view, 1> kHelp{"--help"};
            if (about != nullptr) return about->run(kHelp);
            print_help(commands, stdout);
            return Done;
        }
        if (const Command* command = find(commands, arguments[0])) return command->run(arguments.subspan(1));
    } catch (const std::exception& error) {
        fmt::print(stderr, "pgveil: {}\n", error.what());
        return Cannot;
    }
    fmt::print(stderr, "pgveil: no command is called \"{}\"; see pgveil help\n", arguments[0]);
    return Usage;
}

}  // namespace pgveil::cli
