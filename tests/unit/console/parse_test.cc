#include <doctest/doctest.h>

#include "console/command.h"

using namespace pgveil;
using namespace pgveil::console;
using std::chrono::seconds;

namespace {
Parsed parsed(std::string_view text) {
    const auto tokens = tokenize(text);
    REQUIRE(tokens.statements.size() == 1);
    return parse_command(tokens.statements.front());
}
Command command(std::string_view text) {
    const auto p = parsed(text);
    REQUIRE_MESSAGE(p.command.has_value(), (std::string(text) + ": " + p.error.message));
    return *p.command;
}
}  // namespace

TEST_CASE("each command of the contract is understood, whatever its case") {
    const std::pair<const char*, Verb> table[] = {
        {"SHOW HELP", Verb::ShowHelp}, {"show version", Verb::ShowVersion}, {"Show Config", Verb::ShowConfig},
        {"SHOW DATABASES", Verb::ShowDatabases}, {"SHOW AGENTS", Verb::ShowAgents}, {"SHOW PEOPLE", Verb::ShowPeople},
        {"SHOW GRANTS", Verb::ShowGrants}, {"SHOW REQUESTS", Verb::ShowRequests}, {"SHOW REQUEST 'r_1'", Verb::ShowRequest},
        {"SHOW SESSIONS", Verb::ShowSessions}, {"SHOW RULES", Verb::ShowRules}, {"SHOW MASKING", Verb::ShowMasking},
        {"SHOW AUDIT", Verb::ShowAudit}, {"SHOW STATS", Verb::ShowStats}, {"SHOW POOLS", Verb::ShowPools},
        {"SHOW CLIENTS", Verb::ShowClients}, {"SHOW SERVERS", Verb::ShowServers}, {"SHOW USERS", Verb::ShowUsers},
        {"SHOW LISTS", Verb::ShowLists}, {"APPROVE 'r_1'", Verb::Approve}, {"deny 'r_1' reason 'x'", Verb::Deny},
        {"GRANT read ON shop TO copilot FOR '2 hours'", Verb::Grant}, {"REVOKE GRANT 'g_1'", Verb::RevokeGrant},
        {"KILL '7'", Verb::Kill}, {"KILL 7", Verb::Kill}, {"KILL AGENT 'x'", Verb::KillAgent}, {"KILL 'AGENT'", Verb::Kill},
        {"DISABLE AGENT x", Verb::DisableAgent}, {"ENABLE AGENT 'x' REASON 'y'", Verb::EnableAgent},
        {"DISABLE DATABASE 'x' REASON 'y'", Verb::DisableDatabase}, {"ENABLE DATABASE x", Verb::EnableDatabase},
        {"RELOAD", Verb::Reload}, {"SHUTDOWN", Verb::Shutdown}, {"SET a = b", Verb::Set}, {"RESET ALL", Verb::Set},
        {"BEGIN", Verb::Begin}, {"START TRANSACTION READ ONLY", Verb::Begin}, {"COMMIT", Verb::Commit}, {"END", Verb::Commit},
        {"ROLLBACK", Verb::Rollback}, {"ABORT", Verb::Rollback}, {"DISCARD ALL", Verb::Discard}, {"UNLISTEN *", Verb::Discard},
        {"SHOW server_version", Verb::ShowSetting}, {"SHOW TRANSACTION ISOLATION LEVEL", Verb::ShowSetting},
        {"SELECT 1", Verb::SelectConstant}, {"select 'x'", Verb::SelectConstant}, {"SELECT version()", Verb::SelectConstant}};
    for (const auto& [text, verb] : table) CHECK_MESSAGE(command(text).verb == verb, std::string(text));
}

TEST_CASE("the parts of a command arrive where they belong") {
    const auto a = command("APPROVE r_abc MAX ROWS 12 REASON 'it''s fine'");
    CHECK(a.target == "r_abc");
    CHECK(a.max_rows == 12);
    CHECK(a.reason == "it's fine");
    CHECK(command("APPROVE 'r'").max_rows == -1);
    const auto g = command("grant WRITE on \"my db\" to ci-bot for '1 day 2h' reason 'r'");
    CHECK(g.access == Access::Write);
    CHECK(g.database == "my db");
    CHECK(g.target == "ci-bot");
    CHECK(g.length == seconds(93'600));
    CHECK(command("KILL 12").target == "12");
}

TEST_CASE("what is not a command is an error with a hint and a position, never a guess") {
    for (const char* text : {"SHOW", "SHOW NOTHING", "SHOW REQUESTS please", "SHOW REQUEST", "APPROVE", "APPROVE ''", "APPROVE 'a' 'b'",
                             "APPROVE 'a' MAX 3", "APPROVE 'a' MAX ROWS -1", "APPROVE 'a' MAX ROWS 99999999999999999999",
                             "APPROVE 'a' MAX ROWS 'x'", "APPROVE 'a' REASON x", "DENY 'a'", "DENY 'a' REASON", "GRANT", "GRANT all ON a TO b FOR '1h'",
                             "GRANT read ON a TO b", "GRANT read ON a TO b FOR 'ever'", "GRANT read ON a TO b FOR '-1 h'", "REVOKE 'g'",
                             "KILL", "KILL AGENT", "DISABLE x", "RELOAD now", "nonsense", "SELECT 1, 2", "SELECT * FROM customers",
                             "SELECT c.oid FROM pg_catalog.pg_class c", "INSERT INTO x VALUES (1)", "$1"}) {
        const auto p = parsed(text);
        CAPTURE(std::string(text));
        CHECK_FALSE(p.command.has_value());
        CHECK_FALSE(p.error.message.empty());
    }
    CHECK(parsed("SHOW NOTHING").error.hint.find("SHOW HELP") != std::string::npos);
    CHECK(parsed("nonsense").error.hint.find("SHOW HELP") != std::string::npos);
    CHECK(parsed("DENY 'a' x").error.position == 10);
    CHECK_FALSE(parsed("nonsense").error.not_ours);
    CHECK(parsed("SELECT c.oid FROM pg_class c").error.not_ours);
}

TEST_CASE("lengths of time are read as people write them") {
    CHECK(parse_length("2 hours") == seconds(7200));
    CHECK(parse_length("90min") == seconds(5400));
    CHECK(parse_length(" 1h30m ") == seconds(5400));
    CHECK(parse_length("3 Days") == seconds(259'200));
    CHECK(parse_length("1 week") == seconds(604'800));
    CHECK(parse_length("15s") == seconds(15));
    for (const char* bad : {"", "2", "h", "0s", "2 fortnights", "-1h", "1.5h", "99999999999999999999s", "9223372036854775807w",
                            "4000 days", "1h x", "2000 days 2000 days"}) {
        CHECK_MESSAGE(!parse_length(bad).has_value(), std::string(bad));
    }
}
