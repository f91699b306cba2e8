// load: TOML -> Config, with every mistake of the file reported at once.
//
// Reads the one file; never the files it names. Main and control thread. No exception leaves.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace pgveil::config {

enum class Severity : std::uint8_t { Error, Warning };

struct Diagnostic {
    Severity severity = Severity::Error;
    std::string file;
    std::uint32_t line = 0, column = 0;      // 1-based; 0: the file as a whole
    std::string message, hint;
    bool operator==(const Diagnostic&) const = default;
};

/// "pgveil.toml:12:3: error: unknown key \"wrokers\" in [proxy]; hint: did you mean \"workers\"?"
[[nodiscard]] std::string to_text(const Diagnostic& diagnostic);

struct Loaded {
    Config config;                           // to be used only if usable()
    std::vector<Diagnostic> diagnostics;     // by line
    [[nodiscard]] bool usable() const;       // no error among them
};

[[nodiscard]] Loaded load(const std::string& path);
/// As load, from text; `file` is used in messages, relative paths are relative to `directory`;
/// `now` judges whether grants are over.
[[nodiscard]] Loaded parse(std::string_view text, const std::string& file, const std::string& directory,
                           WallTime now);

/// Every option with type, default, bounds and sentence, as a commented TOML file.
[[nodiscard]] std::string reference();

/// The config in effect as canonical text, one option a line, without secrets: config.load records it.
[[nodiscard]] std::string effective(const Config& config);

/// Options that differ between the two and that only a restart changes ("proxy.workers").
[[nodiscard]] std::vector<std::string> needs_restart(const Config& running, const Config& wanted);

}  // namespace pgveil::config
