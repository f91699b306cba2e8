#include "cli/terminal.h"

#include <termios.h>
#include <unistd.h>

#include <fmt/format.h>

namespace pgveil::cli {
namespace {

constexpr std::size_t kLongest = 1024;

/// Turns echo off for its lifetime.
class NoEcho {
  public:
    NoEcho() {
        if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
        termios quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        active_ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
    }
    NoEcho(const NoEcho&) = delete;
    NoEcho& operator=(const NoEcho&) = delete;
    ~NoEcho() {
        if (active_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }

  private:
    termios before_{};
    bool active_ = false;
};

/// Byte by byte: what a buffered reader keeps of a password cannot be erased.
std::optional<Secret> read_line() {
    Bytes line;
    line.reserve(kLongest);
    bool any = false;
    for (;;) {
        Byte byte = 0;
        const ssize_t got = read(STDIN_FILENO, &byte, 1);
        if (got <= 0) break;
        any = true;
        if (byte == '\n') break;
        if (line.size() == kLongest) return std::nullopt;
        line.push_back(byte);
    }
    if (!any) return std::nullopt;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    return Secret(std::move(line));
}

std::optional<Secret> ask(std::string_view prompt) {
    fmt::print(stderr, "{}", prompt);
    std::optional<Secret> line = read_line();
    fmt::print(stderr, "\n");
    return line;
}

}  // namespace

std::optional<Secret> read_password(std::string_view prompt) {
    if (isatty(STDIN_FILENO) == 0) return read_line();
    const NoEcho quiet;
    const auto first = ask(prompt);
    const auto second = first ? ask("Again: ") : std::nullopt;
    if (!first || !second || !first->equals(second->reveal())) return std::nullopt;
    return first;
}

}  // namespace pgveil::cli
