// Runs tests/tables/policy/*.table: statements as analyses, rules, and the decision they must get.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "unit/policy/world.h"

using namespace pgveil;
using namespace pgveil::policy;

namespace {

using Words = std::vector<std::string>;

/// Words separated by blanks; "..." keeps blanks.
Words words_of(const std::string& line) {
    Words words;
    std::string word;
    bool quoted = false, any = false;
    for (const char c : line + " ") {
        if (c == '"') {
            quoted = !quoted;
            any = true;
        } else if (c == ' ' && !quoted) {
            if (any || !word.empty()) words.push_back(word);
            word.clear();
            any = false;
        } else {
            word.push_back(c);
        }
    }
    return words;
}

Words split(const std::string& text, char by) {
    Words parts;
    std::istringstream in(text);
    for (std::string part; std::getline(in, part, by);) parts.push_back(part);
    return parts;
}

template <class Choice>
Choice choice(const std::string& word, const std::vector<std::pair<std::string, Choice>>& names) {
    for (const auto& [name, value] : names) {
        if (name == word) return value;
    }
    FAIL("unknown word in table: " << word);
    return names.front().second;
}

sql::Kind kind_from(const std::string& word) {
    for (int i = 0; i <= static_cast<int>(sql::Kind::Read); ++i) {
        if (sql::name_of(static_cast<sql::Kind>(i)) == word) return static_cast<sql::Kind>(i);
    }
    FAIL("unknown kind: " << word);
    return sql::Kind::Unknown;
}

sql::Effect effect_from(const std::string& word) {
    for (int i = 0; i <= static_cast<int>(sql::Effect::Sleep); ++i) {
        if (sql::name_of(static_cast<sql::Effect>(i)) == word) return static_cast<sql::Effect>(i);
    }
    FAIL("unknown effect: " << word);
    return sql::Effect::Unknown;
}

Mode mode_from(const std::string& word) {
    return choice<Mode>(word, {{"enforce", Mode::Enforce}, {"warn", Mode::Warn}, {"shadow", Mode::Shadow}});
}

struct Case {
    std::string name;
    Ruleset ruleset;
    sql::Analysis analysis;
    Access access = Access::Write;
    std::optional<Mode> database_mode;
    std::string agent = "copilot", database = "shop";
    bool tagged = true;
    std::vector<Words> expected;
};

class Table {
  public:
    explicit Table(const std::filesystem::path& file) {
        std::ifstream in(file);
        for (std::string line; std::getline(in, line);) {
            const auto start = line.find_first_not_of(' ');
            if (start == std::string::npos || line[start] == '#') continue;
            read(words_of(line.substr(start)));
        }
    }
    const std::vector<Case>& cases() const { return cases_; }

  private:
    void read(const Words& words) {
        const std::string& verb = words.front();
        if (verb == "rules") {
            common_ = {};
        } else if (verb == "case") {
            cases_.emplace_back();
            cases_.back().name = words[1];
            cases_.back().ruleset = common_;
            cases_.back().analysis.may_raise_from_data = false;
        } else if (verb == "rule") {
            common_.rules.push_back(rule_from(words));
        } else if (verb == "set") {
            set_option(words);
        } else if (verb == "expect") {
            cases_.back().expected.push_back(Words(words.begin() + 1, words.end()));
        } else {
            statement(cases_.back(), words);
        }
    }

    static Rule rule_from(const Words& words) {
        Rule rule;
        rule.name = words[1];
        rule.action = choice<RuleAction>(words[2], {{"deny", RuleAction::Deny}, {"hold", RuleAction::Hold}, {"allow", RuleAction::Allow}});
        for (std::size_t i = 3; i < words.size(); ++i) {
            const auto equals = words[i].find('=');
            const std::string key = words[i].substr(0, equals);
            const Words values = split(words[i].substr(equals + 1), ',');
            if (key == "kind") for (const auto& v : values) rule.kinds.push_back(kind_from(v));
            else if (key == "tables") rule.tables = values;
            else if (key == "agents") rule.agents = values;
            else if (key == "databases") rule.databases = values;
            else if (key == "mode") rule.mode = mode_from(values[0]);
            else if (key == "approvers") rule.approvers = values;
            else FAIL("unknown rule word " << key);
        }
        return rule;
    }

    void set_option(const Words& words) {
        if (words[1] == "mode") common_.mode = mode_from(words[2]);
        else if (words[1] == "predicates") common_.predicates = choice<PredicatePolicy>(words[2], {
            {"deny", PredicatePolicy::Deny}, {"hold", PredicatePolicy::Hold}, {"equality", PredicatePolicy::Equality}, {"allow", PredicatePolicy::Allow}});
        else if (words[1] == "opaque") common_.opaque = choice<OpaquePolicy>(words[2], {{"redact", OpaquePolicy::Redact}, {"scan", OpaquePolicy::Scan}});
        else FAIL("unknown option " << words[1]);
    }

    ColumnId column(const std::string& dotted) const {
        if (dotted == "new") return {};
        const Words parts = split(dotted, '.');
        const ColumnId id = test::column_of(world_, parts[0], parts[1]);
        if (id == ColumnId{}) FAIL("no such column: " << dotted);
        return id;
    }

    void statement(Case& test, const Words& words) {
        sql::Analysis& analysis = test.analysis;
        const std::string& verb = words[0];
        if (verb == "kind") analysis.kind = kind_from(words[1]);
        else if (verb == "effects") for (std::size_t i = 1; i < words.size(); ++i) analysis.effects.push_back(effect_from(words[i]));
        else if (verb == "uses") for (std::size_t i = 1; i < words.size(); ++i) use(analysis, words[i]);
        else if (verb == "where") where(analysis, words);
        else if (verb == "assign") assign(analysis, words);
        else if (verb == "column") output(analysis, words);
        else if (verb == "result-unknown") analysis.statements.push_back({.kind = analysis.kind, .has_result = true});
        else if (verb == "raises") analysis.may_raise_from_data = true;
        else if (verb == "misused") analysis.proxy_call = sql::ProxyCall::Misused;
        else if (verb == "bounded") analysis.unparsed = sql::Unparsed{sqlstate::StatementTooComplex, "", 0, true};
        else if (verb == "access") test.access = choice<Access>(words[1], {{"none", Access::None}, {"read", Access::Read}, {"write", Access::Write}});
        else if (verb == "database-mode") test.database_mode = mode_from(words[1]);
        else if (verb == "agent") test.agent = words[1];
        else if (verb == "untagged") test.tagged = false;
        else FAIL("unknown word in table: " << verb);
    }

    void use(sql::Analysis& analysis, const std::string& word) const {
        const Words parts = split(word, ':');
        const Words name = split(parts[0], '.');
        const catalog::Relation* relation = world_.relation(name[0], name[1]);
        analysis.relations.push_back({relation == nullptr ? Oid{} : relation->oid, parts[0],
            choice<sql::Use>(parts[1], {{"read", sql::Use::Read}, {"write", sql::Use::Write}, {"lock", sql::Use::Lock}}), name[0] == "pg_catalog"});
    }

    void where(sql::Analysis& analysis, const Words& words) const {
        using enum sql::PredicateUse;
        const auto use = choice<sql::PredicateUse>(words[2], {{"other", Other}, {"range", Range}, {"pattern", Pattern},
            {"equality", Equality}, {"group", Group}, {"order", Order}});
        sql::Predicate& added = analysis.predicates.emplace_back(column(words[1]), use);
        if (words.size() > 3 && words[3] != "with") added.values = static_cast<std::uint32_t>(std::stoul(words[3]));
        if (words.size() > 4 && words[3] == "with") added.with.push_back(column(words[4]));
    }

    void assign(sql::Analysis& analysis, const Words& words) const {
        sql::Assignment assignment{column(words[1]), {}, false};
        for (std::size_t i = 2; i < words.size(); ++i) {
            if (words[i] == "value") assignment.assigns_value = true;
            else assignment.origins.push_back(column(words[i]));
        }
        analysis.assignments.push_back(assignment);
    }

    void output(sql::Analysis& analysis, const Words& words) const {
        using enum sql::Flow;
        if (analysis.statements.empty()) analysis.statements.push_back({.kind = analysis.kind, .columns_known = true, .has_result = true});
        sql::OutputColumn column_out;
        column_out.name = words[1];
        column_out.flow = choice<sql::Flow>(words[2], {{"opaque", Opaque}, {"derived", Derived}, {"as-is", AsIs}, {"count-like", CountLike}, {"constant", Constant}});
        for (std::size_t i = 3; i < words.size(); ++i) column_out.origins.push_back(column(words[i]));
        analysis.statements.back().columns.push_back(column_out);
    }

    catalog::Snapshot world_ = test::make_world();
    Ruleset common_;
    std::vector<Case> cases_;
};

std::string text_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::Refuse: return "refuse";
        case Verdict::Hold: return "hold";
        case Verdict::Forward: return "forward";
    }
    return "?";
}

std::string text_of(Mode mode) {
    switch (mode) {
        case Mode::Enforce: return "enforce";
        case Mode::Warn: return "warn";
        case Mode::Shadow: return "shadow";
    }
    return "?";
}

std::string text_of(const ColumnDirective& directive) {
    using masking::Treatment;
    switch (directive.treatment) {
        case Treatment::Withhold: return "withhold";
        case Treatment::Apply: {
            static const std::map<masking::Transform, std::string> names{
                {masking::Transform::Redact, "redact"}, {masking::Transform::Null, "null"}, {masking::Transform::Pseudonym, "pseudonym"}};
            return names.at(directive.transform) + (directive.keyed_allowed ? " keyed" : "") + " " + directive.class_name;
        }
        case Treatment::Scan: return "scan";
        case Treatment::Pass: return "pass";
    }
    return "?";
}

void check_expectation(const Decision& decision, const Words& words) {
    const std::string& what = words[0];
    if (what == "refuse" || what == "hold" || what == "forward") {
        CHECK(text_of(decision.verdict) == what);
        if (words.size() > 1) CHECK(decision.code.text() == words[1]);
    } else if (what == "rule") {
        CHECK(decision.rule == words[1]);
    } else if (what == "mode") {
        CHECK(text_of(decision.mode) == words[1]);
    } else if (what == "reason") {
        const bool found = std::ranges::any_of(decision.reasons, [&](const auto& r) { return r.find(words[1]) != std::string::npos; });
        CHECK_MESSAGE(found, "no reason says: ", words[1]);
    } else if (what == "hint") {
        CHECK_MESSAGE(decision.hint.find(words[1]) != std::string::npos, decision.hint);
    } else if (what == "column") {
        REQUIRE(!decision.columns.empty());
        std::string wanted;
        for (std::size_t i = 2; i < words.size(); ++i) wanted += (i > 2 ? " " : "") + words[i];
        CHECK(text_of(decision.columns[0].at(std::stoul(words[1]))) == wanted);
    } else if (what == "touches") {
        CHECK(decision.touches_sensitive == (words[1] == "yes"));
    } else if (what == "neutral") {
        CHECK(decision.neutral_data_errors == (words[1] == "yes"));
    } else if (what == "shadow") {
        const bool found = std::ranges::any_of(decision.shadow, [&](const auto& hit) {
            return hit.rule == words[1] && text_of(hit.verdict) == words[2]; });
        CHECK_MESSAGE(found, "no shadow hit of ", words[1]);
    } else if (what == "approvers") {
        CHECK(decision.approvers == Words(words.begin() + 1, words.end()));
    } else {
        FAIL("unknown expectation: " << what);
    }
}

}  // namespace

TEST_CASE("every row of the policy tables gets the decision it states") {
    const catalog::Snapshot world = test::make_world();
    const TagTable tags = test::make_world_tags(world), none;
    std::size_t rows = 0;
    for (const auto& entry : std::filesystem::directory_iterator("tests/tables/policy")) {
        if (entry.path().extension() != ".table") continue;
        const Table table(entry.path());
        for (const Case& row : table.cases()) {
            ++rows;
            INFO(entry.path().filename().string() << ": " << row.name);
            REQUIRE(!row.expected.empty());
            const Agent agent{row.agent, "dana", {}};
            const Decision decision = decide({row.analysis, agent, row.database, row.database_mode, row.access, row.ruleset,
                                              row.tagged ? tags : none, world});
            for (const Words& expected : row.expected) check_expectation(decision, expected);
        }
    }
    CHECK(rows > 40);
}
