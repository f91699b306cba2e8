// ConsoleClient: `pgveil requests` and `pgveil grants` as a client of the console, through libpq.
//
// libpq's variables and files apply; -h -p -U -d as psql has them; the database defaults to the console's name.
// Main thread; blocks. Hostile: no more than any server; texts of agents arrive already inert.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/options.h"

namespace pgveil::cli {

struct ConsoleTarget {
    std::string host, port, user, database;   // empty: libpq's own default
    /// Declares --host, --port, --username, --dbname.
    void declare(Options& options);
};

/// psql's short forms spelled out; `-h` alone stays a call for help. Views into `arguments`' texts.
[[nodiscard]] std::vector<std::string_view> long_forms(Arguments arguments);

/// A table as text, first row first; widths in characters.
struct TextTable {
    std::vector<std::string> names;
    std::vector<std::vector<std::string>> rows;
};
[[nodiscard]] std::string aligned(const TextTable& table);
/// Two columns as "field: value", continuation lines indented.
[[nodiscard]] std::string as_sheet(const TextTable& table);

enum class Layout : std::uint8_t { None, Aligned, Sheet };

/// Connects, runs one command with text parameters, prints its rows to stdout. Gives the exit code: refusals
/// are AnswerIsNo, a server that cannot be reached or used is Cannot.
[[nodiscard]] int ask_console(const ConsoleTarget& target, const std::string& command, const std::vector<std::string>& parameters,
                              Layout layout);

}  // namespace pgveil::cli
