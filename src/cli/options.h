// Options: the flags of one command line, declared once; parsing, --help and messages follow.
//
//   Options options("usage: pgveil keygen --out FILE [--name NAME]", "Makes the key that signs the audit log.");
//   std::string out;
//   options.value("--out", out, "FILE", "where the key goes; must not exist");
//   if (const auto exit = options.parse(arguments)) return *exit;
// Values live as long as the command. Not hostile.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"

namespace pgveil::cli {

class Options {
  public:
    Options(std::string usage, std::string sentence) : usage_(std::move(usage)), sentence_(std::move(sentence)) {}

    void flag(std::string name, bool& to, std::string sentence);
    void value(std::string name, std::string& to, std::string placeholder, std::string sentence);
    void number(std::string name, std::uint32_t& to, std::string placeholder, std::string sentence, std::uint32_t least, std::uint32_t most);
    /// May be given several times.
    void values(std::string name, std::vector<std::string>& to, std::string placeholder, std::string sentence);
    /// Takes up to `most` words that are no flags; without it there may be none.
    void positional(std::vector<std::string>& to, std::size_t most);
    /// `--config FILE`, $PGVEIL_CONFIG, /etc/pgveil/pgveil.toml.
    void config(std::string& to);

    /// Nullopt: go on. Else the exit code: help was asked for (Done) or the line is wrong (Usage); both said.
    [[nodiscard]] std::optional<int> parse(Arguments arguments);
    /// The message, where help is, and Usage.
    [[nodiscard]] int complain(const std::string& message) const;

  private:
    struct Option {
        std::string name, placeholder, sentence;
        std::function<bool(std::string_view)> take;      // false: not a fitting value
    };
    void help() const;
    std::string usage_, sentence_;
    std::vector<Option> options_;
    std::vector<std::string>* positional_ = nullptr;
    std::size_t most_positional_ = 0;
};

}  // namespace pgveil::cli
