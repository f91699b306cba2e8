// Command: one row of main's table, and how the table is used.
//
// A command takes the arguments after its name and gives the exit code. Data goes to stdout, talk to stderr.
// Not hostile: arguments and files of the operator.
#pragma once

#include <span>
#include <string_view>

namespace pgveil::cli {

/// contract.md, "Command line".
enum ExitCode : int { Done = 0, AnswerIsNo = 1, Usage = 2, Cannot = 3 };

using Arguments = std::span<const std::string_view>;

struct Command {
    std::string_view name;
    int (*run)(Arguments);
    std::string_view sentence;
};

/// Finds the command and runs it; help and unknown names are answered here. No exception leaves.
[[nodiscard]] int dispatch(std::span<const Command> commands, Arguments arguments);

}  // namespace pgveil::cli
