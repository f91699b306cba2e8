#include "cli/replay.h"

#include <doctest/doctest.h>

using namespace pgveil;
using namespace pgveil::cli;

namespace {

audit::Record intent(std::string sql, std::vector<std::string> types, std::string decision) {
    audit::Record record;
    record.kind = audit::Kind::StmtIntent;
    record.agent = "copilot";
    record.database = "shop";
    record.sql = std::move(sql);
    for (std::string& type : types) record.literals.push_back({std::move(type), "", 1});
    record.decision = std::move(decision);
    record.sql_class = "read";
    record.rule = "built-in: read";
    return record;
}

Explained answer(policy::Verdict verdict) {
    Explained explained;
    explained.analysis.kind = sql::Kind::Read;
    explained.decision.verdict = verdict;
    explained.decision.rule = "new";
    return explained;
}

}  // namespace

TEST_CASE("literals come back neutral, the statement's own parameters stay") {
    CHECK(with_neutral_literals(intent("select $2 from t where a = $1 and b = $3", {"text", "number"}, "allow")) ==
          "select 'x' from t where a = $1 and b = 1");
    CHECK(with_neutral_literals(intent("select interval $1", {"text"}, "allow")) == "select interval 'x'");
    CHECK(with_neutral_literals(intent("select $1", {"parameter"}, "allow")) == "select $1");
    CHECK(with_neutral_literals(intent("select 1", {}, "allow")) == "select 1");
}

TEST_CASE("a record whose literals do not fit its text is not guessed at") {
    CHECK_FALSE(with_neutral_literals(intent("select $1", {"text", "text"}, "allow")));
    CHECK_FALSE(with_neutral_literals(intent("select 'open", {}, "allow")));
}

TEST_CASE("what was decided is read from decision, or in shadow mode from what would have been") {
    audit::Record record = intent("select 1", {}, "approved");
    CHECK(recorded_action(record) == "hold");
    record.decision = "shadow";
    CHECK(recorded_action(record) == "");
    record.more.emplace_back("would", "deny");
    CHECK(recorded_action(record) == "deny");
}

TEST_CASE("only statements that would be decided otherwise are changes, most frequent first") {
    Replay replay([](const std::string&, const std::string&, std::string_view sql) -> std::optional<Explained> {
        return answer(sql.find("secret") == std::string_view::npos ? policy::Verdict::Forward : policy::Verdict::Refuse);
    });
    replay.take(intent("select 1", {}, "allow"));
    replay.take(intent("select 2 from secret", {}, "deny"));
    replay.take(intent("select 3 from secret", {}, "allow"));
    for (int i = 0; i < 3; ++i) replay.take(intent("select 4 from secret", {}, "allow"));
    CHECK(replay.judged() == 6);
    CHECK(replay.changed() == 4);
    const auto changes = replay.changes();
    REQUIRE(changes.size() == 2);
    CHECK(changes[0].count == 3);
    CHECK(changes[0].sql == "select 4 from secret");
    CHECK(changes[0].from_action == "allow");
    CHECK(changes[0].to_action == "deny");
    CHECK(changes[0].to_rule == "new");
}

TEST_CASE("what cannot be judged again is counted with its reason, not taken for a change") {
    Replay replay([](const std::string& agent, const std::string&, std::string_view sql) -> std::optional<Explained> {
        if (agent != "copilot") return std::nullopt;
        Explained explained = answer(policy::Verdict::Refuse);
        explained.analysis.depends_on_literals = sql.starts_with("set");
        if (sql.starts_with("broken")) explained.analysis.unparsed.emplace();
        return explained;
    });
    audit::Record other = intent("select 1", {}, "allow");
    other.agent = "gone";
    replay.take(other);
    replay.take(intent("set x = $1", {"text"}, "allow"));
    replay.take(intent("broken", {}, "allow"));
    replay.take(intent("", {}, "allow"));
    replay.take(intent("select 1", {}, "?"));
    CHECK(replay.judged() == 0);
    CHECK(replay.changes().empty());
    CHECK(replay.skipped().size() == 5);
}
