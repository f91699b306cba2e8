// Runs tests/tables/sql/*.txt: see the head of kinds.txt for their form.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "fixture.h"

using namespace pgveil;
using namespace pgveil::sql;

namespace {

struct Case {
    std::string file, sql, expectation;
    int line = 0;
};

std::vector<Case> cases_of(const std::string& file) {
    std::ifstream in(file);
    REQUIRE_MESSAGE(in.good(), file);
    std::vector<Case> cases;
    std::string sql, line;
    int number = 0, first = 0;
    while (std::getline(in, line)) {
        ++number;
        if (line.starts_with("=> ")) {
            cases.push_back({file, sql, line.substr(3), first});
            sql.clear();
        } else if (!line.empty() && !(sql.empty() && line.starts_with("#"))) {
            if (sql.empty()) first = number;
            sql += (sql.empty() ? "" : "\n") + line;
        }
    }
    return cases;
}

std::string spaced(std::string text) {
    std::ranges::replace(text, '_', ' ');
    return text;
}

bool any_reason(const Analysis& a, const std::string& part) {
    return std::ranges::any_of(a.reasons, [&](const std::string& r) { return spaced(r).find(spaced(part)) != std::string::npos; });
}

std::string_view name_of_use(Use use) { return use == Use::Read ? "read" : use == Use::Write ? "write" : "lock"; }

std::string_view verb_name(Verb verb) {
    static constexpr std::string_view kNames[] = {
        "Other", "Empty", "Select", "Begin", "Commit", "Rollback", "Savepoint", "Release", "RollbackTo", "PrepareTransaction",
        "SetTransaction", "Set", "Reset", "Show", "Prepare", "Execute", "Deallocate", "DeallocateAll", "Declare", "Fetch",
        "CloseCursor", "CloseAll", "Discard", "DiscardAll", "CopyIn", "CopyOut", "Explain", "Listen", "Unlisten", "Lock"};
    return kNames[static_cast<std::size_t>(verb)];
}

std::string_view proxy_name(ProxyCall call) {
    static constexpr std::string_view kNames[] = {"None", "Request", "Execute", "Explain", "Submit", "Misused"};
    return kNames[static_cast<std::size_t>(call)];
}

std::string effects_text(const Analysis& a) {
    std::string text;
    for (const Effect effect : a.effects) text += (text.empty() ? "" : ",") + std::string(sql::name_of(effect));
    return text;
}

bool yes(const std::string& value) { return value == "yes"; }

/// "" if the analysis has it, else what it has instead.
std::string mismatch(const Analysis& a, const std::string& key, const std::string& value) {
    const auto text = [](bool good, std::string got) { return good ? std::string() : got; };
    if (key == "effects") return text(effects_text(a) == value, effects_text(a));
    if (key == "has")
        return text(std::ranges::any_of(a.effects, [&](Effect e) { return sql::name_of(e) == value; }), effects_text(a));
    if (key == "reason") return text(any_reason(a, value), a.reasons.empty() ? "no reason" : a.reasons.front());
    if (key == "uses") {
        std::string all;
        for (const RelationUse& r : a.relations) {
            const std::string one = r.name + ":" + std::string(name_of_use(r.use));
            if (one == value) return {};
            all += " " + one;
        }
        return "uses" + all;
    }
    if (key == "calls") return text(std::ranges::any_of(a.functions, [&](const FunctionUse& f) { return f.name == value; }), "no such call");
    if (key == "unknown") return text(std::ranges::find(a.unknown_names, value) != a.unknown_names.end(), "known");
    if (key == "wrap") return text(a.wrappable == yes(value), "wrap the other way");
    if (key == "user") return text(a.user_functions == yes(value), "user the other way");
    if (key == "opaque") return text(a.opaque_writes == yes(value), "opaque the other way");
    if (key == "literal") return text(a.depends_on_literals == yes(value), "literal the other way");
    if (key == "proxy") return text(proxy_name(a.proxy_call) == value, std::string(proxy_name(a.proxy_call)));
    if (key == "arg") return text(spaced(a.proxy_argument) == spaced(value), a.proxy_argument);
    if (a.statements.empty()) return "no statement";
    const Statement& first = a.statements.front();
    if (key == "verb") return text(verb_name(first.verb) == value, std::string(verb_name(first.verb)));
    if (key == "name") return text(first.name == value, first.name);
    if (key == "value") return text(spaced(first.value) == spaced(value), first.value);
    if (key == "inner")
        return text(first.inner >= 0 && sql::name_of(a.inner[static_cast<std::size_t>(first.inner)].kind) == value, "another inner kind");
    return "unknown key " + key;
}

void check(const Case& c) {
    CAPTURE(c.file);
    CAPTURE(c.line);
    CAPTURE(c.sql);
    const Analysis a = test::analyzed(c.sql);
    std::string reasons;
    for (const std::string& reason : a.reasons) reasons += reason + "; ";
    if (a.unparsed) reasons += a.unparsed->message;
    CAPTURE(reasons);
    std::istringstream words(c.expectation);
    std::string word;
    words >> word;
    CHECK(sql::name_of(a.kind) == word);
    // What the snapshot's memo keeps must not change an answer.
    const Analysis again = test::analyzed(c.sql);
    CHECK(again.kind == a.kind);
    CHECK(again.effects == a.effects);
    CHECK(again.relations == a.relations);
    CHECK(again.reasons == a.reasons);
    while (words >> word) {
        const auto equals = word.find('=');
        CAPTURE(word);
        CHECK(mismatch(a, word.substr(0, equals), word.substr(equals + 1)) == "");
    }
}

}  // namespace

TEST_CASE("every statement of the tables has the kind, effects and names it should") {
    for (const char* file : {"tests/tables/sql/kinds.txt", "tests/tables/sql/forgotten.txt"}) {
        const auto cases = cases_of(file);
        CHECK(cases.size() > 50);
        for (const Case& c : cases) check(c);
    }
}
