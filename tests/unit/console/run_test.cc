#include "console/run.h"

#include "host.h"

using namespace pgveil;
using namespace pgveil::console;
using namespace pgveil::console::testing;

namespace {

std::string filed(Desk& d, const RequestDraft& draft = draft_of()) {
    const auto answer = d.bench.file(draft);
    REQUIRE(answer.outcome == control::Outcome::Filed);
    return answer.request.id;
}

bool has(const std::string& all, std::string_view part) { return all.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("every command asks for the permission the table names, row by row") {
    // dana approver+admin, erik approver, hana auditor, ivan admin, bea break-glass
    struct Row {
        const char* command;
        const char* allowed;   // e erik, h hana, i ivan, b bea
    };
    const Row rows[] = {{"SHOW HELP", "ehib"}, {"SHOW VERSION", "ehib"}, {"SHOW DATABASES", "ehib"}, {"SHOW AGENTS", "ehib"},
                        {"SHOW PEOPLE", "ehib"}, {"SHOW RULES", "ehib"}, {"SHOW MASKING", "ehib"}, {"SHOW STATS", "ehib"},
                        {"SHOW POOLS", "ehib"}, {"SHOW USERS", "ehib"}, {"SHOW LISTS", "ehib"}, {"SHOW CONFIG", "hi"},
                        {"SHOW AUDIT", "hi"}, {"SHOW GRANTS", "ehib"}, {"SHOW REQUESTS", "ehib"}, {"SHOW REQUEST 'r_x'", "ehib"},
                        {"SHOW SESSIONS", "ehib"}, {"SHOW CLIENTS", "ehib"}, {"SHOW SERVERS", "ehib"}, {"APPROVE 'r_x'", "e"},
                        {"DENY 'r_x' REASON 'x'", "e"}, {"GRANT read ON nowhere TO nobody FOR '1h'", "eb"},
                        {"REVOKE GRANT 'g_x'", "eib"}, {"KILL '999'", "ib"}, {"KILL AGENT 'nobody'", "ib"},
                        {"DISABLE AGENT 'nobody'", "ib"}, {"ENABLE AGENT 'nobody'", "ib"}, {"DISABLE DATABASE 'nowhere'", "ib"},
                        {"ENABLE DATABASE 'nowhere'", "ib"}, {"RELOAD", "i"}, {"SHUTDOWN", "i"}};
    const std::pair<char, const char*> people[] = {{'e', "erik"}, {'h', "hana"}, {'i', "ivan"}, {'b', "bea"}};
    Desk d;
    for (const auto& row : rows) {
        for (const auto& [letter, name] : people) {
            CAPTURE(row.command);
            CAPTURE(name);
            const bool allowed = std::string_view(row.allowed).find(letter) != std::string_view::npos;
            CHECK((d.code(name, row.command) != "42501") == allowed);
        }
    }
    CHECK(d.code("mallory", "SHOW HELP") == "28000");
}

TEST_CASE("every command is recorded before it acts, and every refusal") {
    Desk d;
    (void)d.ask("ivan", "RELOAD");
    const auto& done = d.bench.journal->records.back();
    CHECK(done.kind == audit::Kind::AdminCommand);
    CHECK(done.person == "ivan");
    CHECK(done.decision == "allowed");
    CHECK(done.address == "192.0.2.1");
    CHECK(done.more.front() == std::pair<std::string, std::string>{"command", "RELOAD"});
    (void)d.ask("hana", "KILL AGENT 'copilot'");
    CHECK(d.bench.journal->records.back().decision == "refused");
    CHECK(d.bench.journal->records.back().sqlstate == "42501");
    CHECK(d.host.killed.empty());
    const auto id = filed(d);
    (void)d.ask("dana", "APPROVE '" + id + "'");   // the owner
    CHECK(d.bench.journal->records.back().decision == "refused");
}

TEST_CASE("without the log people can look at the proxy and stop things, and nothing else") {
    Desk d;
    const auto id = filed(d);
    d.bench.journal->broken = true;
    CHECK(d.code("ivan", "SHOW AUDIT") == "ok");
    CHECK(d.code("ivan", "SHOW SESSIONS") == "ok");
    CHECK(d.code("ivan", "KILL AGENT 'copilot'") == "ok");
    CHECK(d.code("erik", "SHOW REQUEST '" + id + "'") == "PV008");
    CHECK(d.code("erik", "APPROVE '" + id + "'") == "PV008");
    CHECK(d.code("ivan", "RELOAD") == "PV008");
    CHECK(d.code("ivan", "DISABLE AGENT 'copilot'") == "PV008");
}

TEST_CASE("approving and denying answer with tag, notice and the right error") {
    Desk d;
    const auto id = filed(d);
    CHECK(d.code("dana", "APPROVE '" + id + "'") == "42501");
    CHECK(d.code("erik", "APPROVE 'r_none'") == "42704");
    const auto yes = d.ask("erik", "APPROVE '" + id + "' MAX ROWS 5 REASON 'fine'");
    CHECK(yes.tag == "APPROVE");
    REQUIRE(yes.notices.size() == 1);
    CHECK(has(yes.notices[0], id));
    CHECK(d.code("erik", "APPROVE '" + id + "'") == "55000");
    const auto no = d.ask("erik", "DENY '" + id + "' REASON 'changed my mind'");
    CHECK(no.tag == "DENY");
    CHECK(d.bench.state(id) == RequestState::Denied);
}

TEST_CASE("grants are given, listed and revoked") {
    Desk d;
    const auto given = d.ask("erik", "GRANT write ON shop TO copilot FOR '30 min' REASON 'ticket 7'");
    REQUIRE(given.rows.size() == 1);
    const auto id = text(given.rows[0][0]);
    CHECK(given.tag == "GRANT");
    CHECK(has(text(d.ask("hana", "SHOW GRANTS")), id + "|live|copilot|shop|write|"));
    CHECK(d.ask("ivan", "REVOKE GRANT '" + id + "'").tag == "REVOKE");
    CHECK(has(text(d.ask("hana", "SHOW GRANTS")), id + "|revoked|"));
    CHECK(d.code("erik", "GRANT write ON shop TO copilot FOR '3 days'") == "22023");
    CHECK(d.code("erik", "GRANT write ON shop TO nobody FOR '1h'") == "42704");
}

TEST_CASE("a request is shown in full, with the agent's words marked and made inert") {
    Desk d;
    auto draft = draft_of("UPDATE t SET a = $1\n-- \xE2\x80\xAE gnp.exe\x1b[31m");
    draft.reason = "please\x07 approve";
    draft.parameters = {{type_oid::Int4, Format::Text, false, {'4', '2'}}, {type_oid::Text, Format::Text, true, {}},
                        {Oid(99999), Format::Binary, false, {0xDE, 0xAD}}};
    draft.relations = {"public.t:write"};
    draft.why = {"write is held", "t is large"};
    draft.facts.search_path = "public";
    const auto id = filed(d, draft);
    const auto all = text(d.ask("erik", "SHOW REQUEST '" + id + "'"));
    for (const char* part : {"UPDATE t SET a = $1\n-- <U+202E> gnp.exe<U+001B>[31m", "reason (agent's words)|please<U+0007> approve|", "$1 integer|'42'|",
                             "$2 text|NULL|", "$3 type 99999|\\xdead (binary)|", "public.t:write", "write is held\nt is large", "orders need a dba",
                             "copilot", "dana", "search_path = public", "approvals|0 of 1|", "2024-10-04"}) {
        CHECK_MESSAGE(has(all, part), part);
    }
    CHECK(all.find('\x1b') == std::string::npos);
    const auto audited = text(d.ask("hana", "SHOW REQUEST '" + id + "'"));
    CHECK(has(audited, "statement (masked)|DELETE FROM orders WHERE id = $1|"));
    CHECK_FALSE(has(audited, "gnp"));
    CHECK_FALSE(has(audited, "'42'"));
    const auto listed = text(d.ask("erik", "SHOW REQUESTS"));
    CHECK(has(listed, id + "|pending|statement|copilot|dana|shop|write|UPDATE t SET a = $1 -- <U+202E> gnp.exe<U+001B>[31m|"));
    CHECK(d.bench.journal->count(audit::Kind::LogRead) == 2);
}

TEST_CASE("sessions and agents are killed, disabled and enabled") {
    Desk d;
    CHECK(d.ask("ivan", "KILL '7'").tag == "KILL");
    CHECK(d.code("ivan", "KILL '8'") == "42704");
    CHECK(d.code("ivan", "KILL 'x'") == "42704");
    CHECK(d.ask("ivan", "KILL AGENT 'copilot'").notices.front() == "2 sessions ended");
    CHECK(d.code("ivan", "KILL AGENT 'nobody'") == "42704");
    CHECK(d.ask("ivan", "DISABLE AGENT 'copilot' REASON 'odd'").tag == "DISABLE");
    CHECK(has(text(d.ask("ivan", "SHOW AGENTS")), "|t|"));
    CHECK(d.ask("ivan", "DISABLE DATABASE 'shop'").tag == "DISABLE");
    CHECK(d.ask("ivan", "ENABLE AGENT 'copilot'").tag == "ENABLE");
    CHECK(d.code("ivan", "ENABLE AGENT 'copilot'") == "55000");
    CHECK(d.host.killed == std::vector<std::string>{"7", "8", "copilot", "copilot", "shop"});
}

TEST_CASE("a reload tells what changed, or all that is wrong") {
    Desk d;
    CHECK(d.ask("ivan", "RELOAD").notices == std::vector<std::string>{"1 agent removed"});
    d.host.outcome = {false, {}, {"f:1:2: a", "f:3:4: b"}};
    const auto no = d.ask("ivan", "RELOAD");
    REQUIRE(no.error.has_value());
    CHECK(no.error->code.text() == "F0000");
    CHECK(no.error->detail == "f:1:2: a\nf:3:4: b");
    CHECK(d.ask("ivan", "SHUTDOWN").tag == "SHUTDOWN");
    CHECK(d.host.ended);
}

TEST_CASE("each SHOW has as many cells as columns") {
    Desk d;
    filed(d);
    (void)d.ask("erik", "GRANT read ON shop TO copilot FOR '1h'");
    for (const char* what : {"HELP", "VERSION", "CONFIG", "DATABASES", "AGENTS", "PEOPLE", "GRANTS", "REQUESTS", "SESSIONS", "RULES", "MASKING",
                             "AUDIT", "STATS", "POOLS", "CLIENTS", "SERVERS", "USERS", "LISTS"}) {
        CAPTURE(what);
        const auto command = "SHOW " + std::string(what);
        const auto answer = d.ask(std::string_view(what) == "CONFIG" || std::string_view(what) == "AUDIT" ? "ivan" : "bea", command);
        REQUIRE_FALSE(answer.error.has_value());
        REQUIRE_FALSE(answer.rows.empty());
        const auto columns = columns_of(*parse_command(tokenize(command).statements.front()).command);
        for (const auto& row : answer.rows) CHECK(row.size() == columns.size());
    }
    CHECK(has(text(d.ask("erik", "SHOW SESSIONS")), "evil<U+001B>[2J"));
}
