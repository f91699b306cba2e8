#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

#include "console/command.h"

namespace pgveil::console {
namespace {

constexpr std::string_view kSeeHelp = "SHOW HELP lists the commands of this console.";

constexpr std::array<std::pair<std::string_view, Verb>, 18> kShown{{{"HELP", Verb::ShowHelp},
                                                                    {"VERSION", Verb::ShowVersion},
                                                                    {"CONFIG", Verb::ShowConfig},
                                                                    {"DATABASES", Verb::ShowDatabases},
                                                                    {"AGENTS", Verb::ShowAgents},
                                                                    {"PEOPLE", Verb::ShowPeople},
                                                                    {"GRANTS", Verb::ShowGrants},
                                                                    {"REQUESTS", Verb::ShowRequests},
                                                                    {"SESSIONS", Verb::ShowSessions},
                                                                    {"RULES", Verb::ShowRules},
                                                                    {"MASKING", Verb::ShowMasking},
                                                                    {"AUDIT", Verb::ShowAudit},
                                                                    {"STATS", Verb::ShowStats},
                                                                    {"POOLS", Verb::ShowPools},
                                                                    {"CLIENTS", Verb::ShowClients},
                                                                    {"SERVERS", Verb::ShowServers},
                                                                    {"USERS", Verb::ShowUsers},
                                                                    {"LISTS", Verb::ShowLists}}};

// Settings drivers ask for right after login.
constexpr std::array<std::string_view, 12> kSettings{
    "SERVER_VERSION", "SERVER_VERSION_NUM", "CLIENT_ENCODING", "SERVER_ENCODING", "STANDARD_CONFORMING_STRINGS",
    "DATESTYLE", "TIMEZONE", "SEARCH_PATH", "TRANSACTION_ISOLATION", "TRANSACTION_READ_ONLY",
    "DEFAULT_TRANSACTION_ISOLATION", "APPLICATION_NAME"};

/// Reads one statement from left to right; the first disagreement becomes the error.
class Parser {
  public:
    explicit Parser(const Statement& statement) : tokens_(statement) {}

    Parsed run() {
        const Token& first = tokens_.front();
        ++next_;
        if (first.is("SHOW")) return show();
        if (first.is("APPROVE")) return approve();
        if (first.is("DENY")) return deny();
        if (first.is("GRANT")) return grant();
        if (first.is("REVOKE")) return revoke();
        if (first.is("KILL")) return kill();
        if (first.is("DISABLE")) return turn(Verb::DisableAgent, Verb::DisableDatabase);
        if (first.is("ENABLE")) return turn(Verb::EnableAgent, Verb::EnableDatabase);
        if (first.is("RELOAD")) return plain(Verb::Reload);
        if (first.is("SHUTDOWN")) return plain(Verb::Shutdown);
        return set_up(first);
    }

  private:
    [[nodiscard]] const Token* peek() const { return next_ < tokens_.size() ? &tokens_[next_] : nullptr; }
    [[nodiscard]] bool ended() const { return next_ == tokens_.size(); }

    bool word(std::string_view upper_word) {
        if (const auto* t = peek(); t && t->is(upper_word)) return ++next_, true;
        return false;
    }

    /// A literal, name or word: an id or a name.
    bool named(std::string& into) {
        const auto* t = peek();
        const bool name = t && (t->kind == TokenKind::Word || t->kind == TokenKind::Literal || t->kind == TokenKind::Name);
        if (!name || t->text.empty()) return false;
        into = t->text;
        return ++next_, true;
    }

    bool literal(std::string& into) {
        const auto* t = peek();
        if (!t || t->kind != TokenKind::Literal) return false;
        into = t->text;
        return ++next_, true;
    }

    [[nodiscard]] Parsed wrong(std::string_view usage) const {
        Parsed p;
        const auto* t = peek();
        p.error.message = t ? fmt::format("syntax error at or near \"{}\"", t->text) : "syntax error at end of input";
        p.error.position = (t ? t->begin : tokens_.back().end) + 1;
        p.error.hint = fmt::format("The command is: {}", usage);
        return p;
    }

    [[nodiscard]] static Parsed refused(std::string message, std::string hint, std::size_t position) {
        Parsed p;
        p.error = {std::move(message), std::move(hint), position, false};
        return p;
    }

    Parsed done(std::string_view usage) {
        if (!ended()) return wrong(usage);
        return {command_, {}};
    }

    Parsed plain(Verb verb) {
        command_.verb = verb;
        return done(name_of(verb));
    }

    Parsed show() {
        const auto* what = peek();
        if (!what) return wrong("SHOW what, as SHOW HELP lists it");
        if (what->is("REQUEST")) {
            ++next_;
            command_.verb = Verb::ShowRequest;
            constexpr std::string_view usage = "SHOW REQUEST 'id'";
            return named(command_.target) ? done(usage) : wrong(usage);
        }
        for (const auto& [name, verb] : kShown) {
            if (!what->is(name)) continue;
            ++next_;
            return plain(verb);
        }
        return show_setting(*what);
    }

    Parsed show_setting(const Token& what) {
        const std::string name = upper(what.text);
        if (name == "TRANSACTION" && tokens_.size() == 4 && tokens_[2].is("ISOLATION") && tokens_[3].is("LEVEL")) {
            command_.verb = Verb::ShowSetting;
            command_.target = "TRANSACTION_ISOLATION";
            return {command_, {}};
        }
        for (const auto setting : kSettings) {
            if (name != setting) continue;
            ++next_;
            command_.target = name;
            return plain(Verb::ShowSetting);
        }
        return refused(fmt::format("there is nothing called \"{}\" to show", what.text), std::string(kSeeHelp), what.begin + 1);
    }

    Parsed approve() {
        constexpr std::string_view usage = "APPROVE 'id' [MAX ROWS n] [REASON 'text']";
        command_.verb = Verb::Approve;
        if (!named(command_.target)) return wrong(usage);
        if (word("MAX")) {
            const auto* n = word("ROWS") ? peek() : nullptr;
            if (!n || (n->kind != TokenKind::Number && n->kind != TokenKind::Literal)) return wrong(usage);
            const char* last = n->text.data() + n->text.size();
            const auto [end, error] = std::from_chars(n->text.data(), last, command_.max_rows);
            if (error != std::errc{} || end != last || command_.max_rows < 0) return refused("the number of rows is out of range", "", n->begin + 1);
            ++next_;
        }
        if (word("REASON") && !literal(command_.reason)) return wrong(usage);
        return done(usage);
    }

    Parsed deny() {
        constexpr std::string_view usage = "DENY 'id' REASON 'text'";
        command_.verb = Verb::Deny;
        if (!named(command_.target) || !word("REASON") || !literal(command_.reason)) return wrong(usage);
        return done(usage);
    }

    Parsed grant() {
        constexpr std::string_view usage = "GRANT read|write ON database TO agent FOR '2 hours' [REASON 'text']";
        command_.verb = Verb::Grant;
        if (word("READ")) command_.access = Access::Read;
        else if (word("WRITE")) command_.access = Access::Write;
        else return wrong(usage);
        if (!word("ON") || !named(command_.database) || !word("TO") || !named(command_.target) || !word("FOR")) return wrong(usage);
        const auto* length = peek();
        std::string text;
        if (!literal(text)) return wrong(usage);
        const auto parsed = parse_length(text);
        if (!parsed) return refused(fmt::format("\"{}\" is not a length of time", text), "Write it like '2 hours' or '90 minutes'.", length->begin + 1);
        command_.length = *parsed;
        if (word("REASON") && !literal(command_.reason)) return wrong(usage);
        return done(usage);
    }

    Parsed revoke() {
        constexpr std::string_view usage = "REVOKE GRANT 'id' [REASON 'text']";
        command_.verb = Verb::RevokeGrant;
        if (!word("GRANT") || !named(command_.target)) return wrong(usage);
        if (word("REASON") && !literal(command_.reason)) return wrong(usage);
        return done(usage);
    }

    Parsed kill() {
        constexpr std::string_view usage = "KILL 'session' or KILL AGENT 'name'";
        const auto* t = peek();
        if (t && t->is("AGENT")) {
            ++next_;
            command_.verb = Verb::KillAgent;
            return named(command_.target) ? done(usage) : wrong(usage);
        }
        command_.verb = Verb::Kill;
        if (t && t->kind == TokenKind::Number) {
            command_.target = t->text;
            ++next_;
            return done(usage);
        }
        return named(command_.target) ? done(usage) : wrong(usage);
    }

    Parsed turn(Verb agent, Verb database) {
        const bool off = agent == Verb::DisableAgent;
        const std::string usage = fmt::format("{} AGENT|DATABASE 'name' [REASON 'text']", off ? "DISABLE" : "ENABLE");
        if (word("AGENT")) command_.verb = agent;
        else if (word("DATABASE")) command_.verb = database;
        else return wrong(usage);
        if (!named(command_.target)) return wrong(usage);
        if (word("REASON") && !literal(command_.reason)) return wrong(usage);
        return done(usage);
    }

    Parsed accepted(Verb verb, std::string_view tag) {
        command_.verb = verb;
        command_.tag = tag;
        return {command_, {}};
    }

    Parsed set_up(const Token& first) {
        if (first.is("SET")) return accepted(Verb::Set, "SET");
        if (first.is("RESET")) return accepted(Verb::Set, "RESET");
        if (first.is("BEGIN")) return accepted(Verb::Begin, "BEGIN");
        if (first.is("START") && tokens_.size() > 1 && tokens_[1].is("TRANSACTION")) return accepted(Verb::Begin, "START TRANSACTION");
        if (first.is("COMMIT") || first.is("END")) return accepted(Verb::Commit, "COMMIT");
        if (first.is("ROLLBACK") || first.is("ABORT")) return accepted(Verb::Rollback, "ROLLBACK");
        if (first.is("DISCARD")) return accepted(Verb::Discard, "DISCARD ALL");
        if (first.is("UNLISTEN")) return accepted(Verb::Discard, "UNLISTEN");
        if (first.is("CLOSE")) return accepted(Verb::Discard, "CLOSE CURSOR ALL");
        if (first.is("DEALLOCATE")) return accepted(Verb::Discard, "DEALLOCATE ALL");
        if (first.is("SELECT")) return select();
        Parsed p = refused(fmt::format("unknown command \"{}\"", first.text), std::string(kSeeHelp), first.begin + 1);
        p.error.not_ours = first.is("INSERT") || first.is("UPDATE") || first.is("DELETE") || first.is("WITH") || first.is("COPY");
        if (p.error.not_ours) p.error.message = "the console runs its own commands, not SQL";
        return p;
    }

    /// SELECT 1, SELECT 'x', SELECT version(): how pools and drivers ask whether anyone is there.
    Parsed select() {
        const auto* what = peek();
        const bool constant = what && (what->kind == TokenKind::Number || what->kind == TokenKind::Literal);
        command_.verb = Verb::SelectConstant;
        if (constant && tokens_.size() == 2) {
            command_.target = what->text;
            command_.tag = what->kind == TokenKind::Number ? "number" : "text";
            return {command_, {}};
        }
        if (tokens_.size() == 4 && (what->is("VERSION") || what->is("PG_CATALOG.VERSION")) && tokens_[2].is_sign('(') && tokens_[3].is_sign(')')) {
            command_.tag = "version";
            return {command_, {}};
        }
        Parsed p = refused("the console runs its own commands, not SQL", std::string(kSeeHelp), 0);
        p.error.not_ours = true;
        return p;
    }

    const Statement& tokens_;
    std::size_t next_ = 0;
    Command command_;
};

std::optional<std::int64_t> seconds_of(std::string_view unit) {
    const std::string u = upper(unit);
    if (u == "S" || u == "SEC" || u == "SECS" || u == "SECOND" || u == "SECONDS") return 1;
    if (u == "M" || u == "MIN" || u == "MINS" || u == "MINUTE" || u == "MINUTES") return 60;
    if (u == "H" || u == "HR" || u == "HRS" || u == "HOUR" || u == "HOURS") return 3600;
    if (u == "D" || u == "DAY" || u == "DAYS") return 86'400;
    if (u == "W" || u == "WEEK" || u == "WEEKS") return 604'800;
    return std::nullopt;
}

}  // namespace

Parsed parse_command(const Statement& statement) { return Parser(statement).run(); }

std::optional<std::chrono::seconds> parse_length(std::string_view text) {
    constexpr std::int64_t longest = 3653LL * 86'400;
    const auto skip = [&](auto is) {
        std::size_t n = 0;
        while (n < text.size() && is(text[n])) ++n;
        const auto taken = text.substr(0, n);
        text.remove_prefix(n);
        return taken;
    };
    const auto space = [](char c) { return c == ' '; };
    std::int64_t total = 0;
    skip(space);
    while (!text.empty()) {
        const auto digits = skip([](char c) { return c >= '0' && c <= '9'; });
        skip(space);
        const auto unit = skip([](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
        skip(space);
        std::int64_t number = 0;
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
        const auto factor = seconds_of(unit);
        if (digits.empty() || read.ec != std::errc{} || !factor || number > longest / *factor) return std::nullopt;
        total += number * *factor;
        if (total > longest) return std::nullopt;
    }
    return total > 0 ? std::optional(std::chrono::seconds(total)) : std::nullopt;
}

}  // namespace pgveil::console
