#include "cli/log_value.h"

#include <fmt/core.h>
#include <termios.h>
#include <unistd.h>

#include <iostream>

#include "audit/key_file.h"
#include "crypto/digest.h"
#include "sql/lexer.h"

namespace pgveil::cli {
namespace {

/// Echo stays off until the end of the scope.
class NoEcho {
  public:
    NoEcho() : is_terminal_(::isatty(STDIN_FILENO) == 1 && ::tcgetattr(STDIN_FILENO, &before_) == 0) {
        if (!is_terminal_) return;
        termios silent = before_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
        fmt::print(stderr, "Value: ");
    }
    ~NoEcho() {
        if (!is_terminal_) return;
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
        fmt::print(stderr, "\n");
    }
    NoEcho(const NoEcho&) = delete;
    NoEcho& operator=(const NoEcho&) = delete;

  private:
    termios before_{};
    bool is_terminal_;
};

/// The tokens of every literal in `sql`, as the log's lexer makes them: no second derivation to drift from it.
void add_tokens(const std::string& sql, const KeyedHash& keyed, std::vector<std::string>& into) {
    const sql::LoggedText logged = sql::mask_for_log(sql, keyed, [](std::string_view) { return false; });
    for (const sql::LoggedLiteral& literal : logged.literals) {
        if (!literal.token.empty()) into.push_back(literal.token);
    }
}

std::string quoted(const std::string& value) {
    std::string out = "'";
    for (const char c : value) out.append(c == '\'' ? 2 : 1, c);
    return out + "'";
}

}  // namespace

Result<std::vector<std::string>, std::string> tokens_of_value(const std::string& key_file) {
    if (key_file.empty()) return refuse(std::string("--value-from-tty needs --token-key FILE, the log's token.key"));
    const auto key = audit::load_hash_key(key_file, false);
    if (!key) return refuse(key.error());
    const auto keyed = crypto::make_keyed_hash(*key);
    std::string value;
    {
        const NoEcho silence;
        std::getline(std::cin, value);
    }
    if (value.empty()) return refuse(std::string("no value was given"));
    std::vector<std::string> tokens;
    add_tokens(quoted(value), *keyed, tokens);
    const bool numeric = value.find_first_not_of("0123456789.eE+-") == std::string::npos;
    if (numeric) add_tokens(value, *keyed, tokens);
    crypto::erase(value.data(), value.size());
    if (tokens.empty()) return refuse(std::string("such a value has no token: small integers, booleans and NULL get none"));
    return tokens;
}

}  // namespace pgveil::cli
