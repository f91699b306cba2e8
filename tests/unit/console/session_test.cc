#include "console/session.h"

#include "host.h"
#include "protocol/frame_reader.h"

using namespace pgveil;
using namespace pgveil::console;
using namespace pgveil::console::testing;

namespace {

/// A client: sends messages to a session and keeps what came back as "TYPE" letters and texts.
struct Client {
    Desk desk;
    ConsoleSession session;
    Bytes out;
    bool alive = true;

    explicit Client(std::string name = "erik")
        : session(desk.place, Asker{std::move(name), "192.0.2.1", SessionId(3), kStart}) {}

    void send(const Bytes& messages) {
        protocol::FrameReader reader(protocol::Direction::Frontend, 1 << 20, "");
        reader.feed(messages);
        for (;;) {
            const auto step = reader.next();
            if (step.next != protocol::FrameReader::Next::Frame) return;
            alive = alive && session.handle(step.frame.type, step.frame.body, kStart, out);
        }
    }
    /// Types of the messages since the last call; bodies in `bodies`.
    std::string types() {
        std::string all;
        bodies.clear();
        protocol::FrameReader reader(protocol::Direction::Backend, 1 << 20, "");
        reader.feed(out);
        for (;;) {
            const auto step = reader.next();
            if (step.next != protocol::FrameReader::Next::Frame) break;
            all += step.frame.type;
            bodies.emplace_back(text_of(step.frame.body));
        }
        out.clear();
        return all;
    }
    std::string query(std::string_view sql) {
        Bytes m;
        protocol::put_query(m, sql);
        send(m);
        return types();
    }
    [[nodiscard]] bool saw(std::string_view part) const {
        return std::ranges::any_of(bodies, [&](const auto& b) { return b.find(part) != std::string::npos; });
    }
    std::vector<std::string> bodies;
};

Bytes extended(std::string_view sql, std::vector<std::string> values, std::vector<std::int16_t> formats, std::int32_t most = 0) {
    Bytes m;
    protocol::put_parse(m, "s", sql, {});
    protocol::put_describe(m, 'S', "s");
    std::vector<protocol::ParameterOut> parameters;
    for (const auto& v : values) parameters.push_back({bytes_of(v), false, Format::Text});
    protocol::put_bind(m, "", "s", parameters, formats);
    protocol::put_describe(m, 'P', "");
    protocol::put_execute(m, "", most);
    return m;
}

}  // namespace

TEST_CASE("the greeting tells drivers what they look for") {
    Client c;
    c.session.greet(c.out, 12, Secret(Bytes{1, 2, 3, 4}), "psql");
    const auto types = c.types();
    CHECK(types.ends_with("KZ"));
    CHECK(c.saw(std::string("server_version\0" "15.0 (pgveil 9.9)", 32)));
    CHECK(c.saw(std::string("standard_conforming_strings\0on", 30)));
}

TEST_CASE("a simple query answers with rows, tag and readiness") {
    Client c;
    CHECK(c.query("SHOW VERSION") == "TDCZ");
    CHECK(c.saw("pgveil 9.9"));
    CHECK(c.query("") == "IZ");
    CHECK(c.query(" -- nothing\n;") == "IZ");
    CHECK(c.query("SHOW VERSION; select 1;") == "TDCTDCZ");
    CHECK(c.query("SET DateStyle = 'ISO'") == "CZ");
}

TEST_CASE("an error names its place and ends the message, not the session") {
    Client c;
    CHECK(c.query("SHOW VERSION; nonsense; SHOW VERSION") == "TDCEZ");
    CHECK(c.saw("42601"));
    CHECK(c.saw("SHOW HELP"));
    CHECK(c.query("'") == "EZ");
    CHECK(c.query("SELECT n.nspname FROM pg_catalog.pg_namespace n") == "EZ");
    CHECK(c.saw("0A000"));
    CHECK(c.query("RELOAD") == "EZ");
    CHECK(c.saw("42501"));
    CHECK(c.query(std::string(70'000, 'x')) == "EZ");
    CHECK(c.query("SHOW VERSION") == "TDCZ");
    CHECK(c.alive);
}

TEST_CASE("transactions are accepted, and what cannot be undone is refused inside them") {
    Client c;
    CHECK(c.query("BEGIN") == "CZ");
    CHECK(c.bodies.back() == "T");
    CHECK(c.query("SHOW VERSION") == "TDCZ");
    CHECK(c.query("APPROVE 'r_x'") == "EZ");
    CHECK(c.saw("25001"));
    CHECK(c.bodies.back() == "E");
    CHECK(c.query("SHOW VERSION") == "EZ");
    CHECK(c.saw("25P02"));
    CHECK(c.query("COMMIT") == "CZ");
    CHECK(c.saw("ROLLBACK"));
    CHECK(c.bodies.back() == "I");
}

TEST_CASE("the extended protocol describes, binds parameters and answers in the asked format") {
    Client c("ivan");
    auto m = extended("SHOW SESSIONS", {}, {1});
    protocol::put_sync(m);
    c.send(m);
    CHECK(c.types() == "1tT2TDCZ");
    const std::string& row = c.bodies[5];
    CHECK(row.substr(2, 12) == std::string("\0\0\0\x08\0\0\0\0\0\0\0\x07", 12));   // session 7 as a binary bigint
    m.clear();
    protocol::put_close(m, 'S', "s");
    const auto more = extended("KILL $1", {"7"}, {});
    m.insert(m.end(), more.begin(), more.end());
    protocol::put_sync(m);
    c.send(m);
    CHECK(c.types() == "31tn2nCZ");
    CHECK(c.desk.host.killed == std::vector<std::string>{"7"});
}

TEST_CASE("parameters stand where a literal may, lengths of time and numbers too") {
    Client c;
    auto m = extended("GRANT read ON shop TO copilot FOR $1 REASON $2", {"2 hours", "it's; DROP"}, {});
    protocol::put_sync(m);
    c.send(m);
    CHECK(c.types() == "1tT2TDCZ");
    CHECK(c.desk.bench.service->live_grants(kStart).at(0).reason == "it's; DROP");
    m = {};
    protocol::put_parse(m, "n", "APPROVE $1 MAX ROWS $2", {});
    protocol::put_sync(m);
    c.send(m);
    CHECK(c.types() == "1Z");
}

TEST_CASE("rows come in parts when asked so") {
    Client c;
    auto m = extended("SHOW HELP", {}, {}, 2);
    protocol::put_execute(m, "", 1);
    protocol::put_execute(m, "", 0);
    protocol::put_sync(m);
    c.send(m);
    const auto types = c.types();
    CHECK(types.starts_with("1tT2TDDsDsDD"));
    CHECK(types.ends_with("DCZ"));
}

TEST_CASE("an error in the extended protocol skips to Sync") {
    Client c("ivan");
    Bytes m;
    SUBCASE("at Parse") { protocol::put_parse(m, "", "nonsense", {}); }
    SUBCASE("two commands") { protocol::put_parse(m, "", "RELOAD; RELOAD", {}); }
    SUBCASE("unknown statement") { protocol::put_bind(m, "", "none", {}, {}); }
    SUBCASE("unknown portal") { protocol::put_execute(m, "none", 0); }
    SUBCASE("missing parameter") {
        protocol::put_parse(m, "", "KILL $1", {});
        protocol::put_bind(m, "", "", {}, {});
    }
    SUBCASE("null parameter") {
        protocol::put_parse(m, "", "KILL $1", {});
        const protocol::ParameterOut null{{}, true, Format::Text};
        protocol::put_bind(m, "", "", std::span(&null, 1), {});
    }
    SUBCASE("a parameter in no grammar's place") { protocol::put_parse(m, "", "SHOW $1", {}); }
    protocol::put_parse(m, "", "RELOAD", {});
    protocol::put_bind(m, "", "", {}, {});
    protocol::put_execute(m, "", 0);
    protocol::put_sync(m);
    c.send(m);
    const auto types = c.types();
    CHECK(types.ends_with("EZ"));
    CHECK(types.find('C') == std::string::npos);
    CHECK(c.query("SHOW VERSION") == "TDCZ");
}

TEST_CASE("a parameter is a value, whatever it contains") {
    Client c("ivan");
    auto m = extended("KILL AGENT $1", {"x'; SHUTDOWN; --"}, {});
    protocol::put_sync(m);
    c.send(m);
    CHECK(c.types().ends_with("EZ"));
    CHECK_FALSE(c.desk.host.ended);
}

TEST_CASE("nothing is run twice by executing its portal again") {
    Client c("ivan");
    auto m = extended("KILL 7", {}, {});
    protocol::put_execute(m, "", 0);
    protocol::put_sync(m);
    c.send(m);
    CHECK(c.types() == "1tn2nCEZ");
    CHECK(c.desk.host.killed.size() == 1);
}

TEST_CASE("broken messages end the session, unknown ones too, and Terminate quietly") {
    for (const char type : {'Q', 'P', 'B', 'D', 'E', 'C', '?'}) {
        Client c;
        CAPTURE(type);
        CHECK_FALSE(c.session.handle(type, bytes_of("no terminator"), kStart, c.out));
        CHECK(c.types() == "E");
        CHECK(c.saw("FATAL"));
    }
    Client c;
    CHECK_FALSE(c.session.handle('X', {}, kStart, c.out));
    CHECK(c.types().empty());
}

TEST_CASE("prepared statements and portals are bounded") {
    Client c;
    Bytes m;
    for (int i = 0; i < 101; ++i) protocol::put_parse(m, "s" + std::to_string(i), "SHOW HELP", {});
    protocol::put_sync(m);
    c.send(m);
    CHECK(c.types() == std::string(100, '1') + "EZ");
}

TEST_CASE("times are written as PostgreSQL writes them") {
    using std::chrono::microseconds;
    CHECK(timestamp_text(kStart) == "2024-10-04 00:00:00+00");
    CHECK(timestamp_text(kStart + microseconds(1'500'000)) == "2024-10-04 00:00:01.5+00");
    CHECK(timestamp_text(kStart + microseconds(1)) == "2024-10-04 00:00:00.000001+00");
}
