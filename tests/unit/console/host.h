// A running proxy as the console sees it, with fixed contents, and the service on a real store.
#pragma once

#include "console/host.h"
#include "console/session.h"
#include "unit/control/support.h"

namespace pgveil::console::testing {

using control::testing::Bench;
using control::testing::draft_of;
using control::testing::kStart;

class FixedHost final : public ConsoleHost {
  public:
    explicit FixedHost(const Bench& bench) : bench_(bench) {}
    std::string version() const override { return "9.9"; }
    std::vector<ConfigEntry> config() const override { return {{"proxy.workers", "2", "0", false}}; }
    std::vector<DatabaseInfo> databases() const override { return {{"shop", "db.example", "shop_db", "reader", "writer", "enforce", 5432, 3, {}}}; }
    std::vector<AgentInfo> agents() const override { return {{"copilot", "scram", "dana", {"10.0.0.0/8"}, 1, 0}}; }
    std::vector<PersonInfo> people() const override {
        std::vector<PersonInfo> all;
        for (const auto& p : bench_.options.people) all.push_back({p.name, p.roles, p.groups});
        return all;
    }
    std::vector<SessionInfo> sessions() const override {
        SessionInfo s;
        s.id = SessionId(7);
        s.user = "copilot";
        s.database = "shop";
        s.state = "held";
        s.application_name = "evil\x1b[2J";
        s.connected = kStart;
        s.last_request = kStart;
        s.server_pid = 77;
        return {s};
    }
    std::vector<ServerInfo> servers() const override { return {{SessionId(7), "reader", "shop", "idle", "db.example", "", 5432, 77, kStart, kStart}}; }
    std::vector<RuleInfo> rules() const override { return {{"orders need a dba", "kind = write", "hold", "enforce", {"dba"}, 1, {}, {}, {}, "", 4}}; }
    std::vector<MaskedColumnInfo> masking() const override { return {{"shop.public.c.email", "EMAIL_ADDRESS", "pseudonym", "equality", "line 9", 5}}; }
    std::vector<StatsInfo> stats() const override { return {{"shop", 4, 8, 100, 200, 40, 80, 0, 1, 2, 3, 5}}; }
    audit::JournalStatus audit() const override { return {}; }
    bool kill(SessionId id) override {
        killed.push_back(std::to_string(id.value));
        return id == SessionId(7);
    }
    std::size_t kill_agent(std::string_view name) override { return killed.emplace_back(name), 2; }
    std::size_t kill_database(std::string_view name) override { return killed.emplace_back(name), 1; }
    ReloadOutcome reload() override { return outcome; }
    void shutdown() override { ended = true; }

    std::vector<std::string> killed;
    ReloadOutcome outcome{true, {"1 agent removed"}, {}};
    bool ended = false;

  private:
    const Bench& bench_;
};

struct Desk {
    Bench bench;
    FixedHost host{bench};
    Place place{*bench.service, host, *bench.journal};

    Answer ask(std::string_view name, std::string_view text) {
        const auto tokens = tokenize(text);
        REQUIRE(tokens.statements.size() == 1);
        const auto parsed = parse_command(tokens.statements.front());
        REQUIRE_MESSAGE(parsed.command.has_value(), parsed.error.message);
        return run(*parsed.command, place, {std::string(name), "192.0.2.1", SessionId(3), bench.now});
    }
    std::string code(std::string_view name, std::string_view text) {
        const auto answer = ask(name, text);
        return answer.error ? std::string(answer.error->code.text()) : "ok";
    }
};

inline std::string text(const Cell& cell) {
    if (const auto* s = std::get_if<std::string>(&cell)) return *s;
    if (const auto* n = std::get_if<std::int64_t>(&cell)) return std::to_string(*n);
    if (const auto* b = std::get_if<bool>(&cell)) return *b ? "t" : "f";
    if (const auto* t = std::get_if<WallTime>(&cell)) return timestamp_text(*t);
    return "NULL";
}

/// All rows as text: "a|b\nc|d\n".
inline std::string text(const Answer& answer) {
    std::string all;
    for (const auto& row : answer.rows) {
        for (const auto& cell : row) all += text(cell) + '|';
        all += '\n';
    }
    return all;
}

}  // namespace pgveil::console::testing
