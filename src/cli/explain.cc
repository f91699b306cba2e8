#include "cli/explain.h"

#include <filesystem>
#include <iostream>

#include <fmt/format.h>

#include "cli/database_judge.h"
#include "cli/options.h"
#include "config/load.h"
#include "pgveil/masking/json_cursor.h"
#include "store/control_store.h"

namespace pgveil::cli {
namespace {

using masking::JsonCursor;
using masking::JsonToken;

struct Wanted {
    std::string config, agent, database, search_path;
    bool offline = false, grants = false, json = false;
    std::vector<std::string> sql;
};

int cannot(const std::string& why) {
    fmt::print(stderr, "pgveil explain: {}\n", why);
    return Cannot;
}

WallTime now() { return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now()); }

/// The widest of the grants that live now, the config's and the store's.
Result<Access, std::string> live_access(const config::Config& config, const Wanted& wanted) {
    Access access = Access::None;
    const WallTime at = now();
    const auto take = [&](const Grant& grant) {
        if (grant.agent == wanted.agent && grant.database == wanted.database && grant.state_at(at) == GrantState::Live) {
            access = std::max(access, grant.access);
        }
    };
    for (const config::GrantEntry& entry : config.grants) {
        take({"", entry.agent, entry.database, entry.access, "", "", "", entry.not_before, entry.until, false});
    }
    // A proxy that never ran has no store, hence no grants of people.
    const std::string_view sqlite = "sqlite:";
    if (config.store.url.starts_with(sqlite) && !std::filesystem::exists(config.store.url.substr(sqlite.size()))) return access;
    auto store = store::open(config.store.url, false);
    if (!store) return refuse(store.error());
    const auto rows = (*store)->grants(at);
    if (!rows) return refuse(std::string("the store cannot be read"));
    for (const store::GrantRow& row : *rows) take(row.grant);
    return access;
}

/// One judge, asked for one agent.
struct Court {
    DatabaseJudge judge;
    Agent agent;
    Access access = Access::Write;
    [[nodiscard]] Explained explain(std::string_view sql) const { return judge.judge(agent, access, sql); }
};

Result<Court, std::string> make_court(const Wanted& wanted, const config::Config& config) {
    const auto policy = PolicyOf::make(config);
    if (!policy) return refuse(policy.error());
    const CatalogSource source = wanted.offline ? CatalogSource::SavedElseNone : CatalogSource::Server;
    auto judge = DatabaseJudge::make(config, *config.database(wanted.database), *policy, source, wanted.search_path);
    if (!judge) return refuse(judge.error() + (wanted.offline ? "" : " (--offline does without the server)"));
    Access access = Access::Write;
    if (wanted.grants) {
        const auto live = live_access(config, wanted);
        if (!live) return refuse(live.error());
        access = *live;
    }
    return Court{std::move(*judge), {wanted.agent, config.agent(wanted.agent)->owner, {}}, access};
}

std::string decoded(const JsonCursor& cursor) {
    if (!cursor.escaped()) return std::string(cursor.raw());
    masking::DecodedString to;
    masking::decode_json_string(cursor.raw(), to);
    return to.text;
}

struct Line {
    std::string id = "null";     // as it was written
    std::optional<std::string> sql;
};

/// {"id": anything, "sql": "..."}; other keys are passed over. False: not such an object.
bool read_line(std::string_view text, Line& line) {
    JsonCursor cursor;
    cursor.reset(text);
    if (cursor.next() != JsonToken::ObjectBegin) return false;
    for (;;) {
        const JsonToken token = cursor.next();
        if (token == JsonToken::ObjectEnd) return cursor.next() == JsonToken::End && line.sql.has_value();
        if (token != JsonToken::Key) return false;
        const std::string key = decoded(cursor);
        const JsonToken value = cursor.next();
        if (value == JsonToken::Error || value == JsonToken::End) return false;
        const std::size_t quote = value == JsonToken::String ? 1 : 0;
        const std::size_t start = cursor.start() - quote;
        std::size_t end = cursor.end() + quote;
        if (quote == 1 && key == "sql") line.sql = decoded(cursor);
        while (cursor.depth() > 1) {
            if (cursor.next() == JsonToken::Error) return false;
            end = cursor.end();
        }
        if (key == "id") line.id = text.substr(start, end - start);
    }
}

void print(const Court& court, const Wanted& wanted, std::string_view id, const Explained& explained) {
    if (wanted.json) {
        fmt::print("{}\n", json_of(explained, id, court.judge.catalog()));
    } else {
        fmt::print("{}", text_of(explained, court.judge.catalog()));
    }
}

/// False if a line was not understood; its answer says so.
bool explain_lines(const Court& court, const Wanted& wanted, std::istream& in) {
    bool understood = true;
    for (std::string text; std::getline(in, text);) {
        if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
        Line line;
        if (read_line(text, line)) {
            if (!wanted.json) fmt::print("-- {}\n", line.id);
            print(court, wanted, line.id, court.explain(*line.sql));
        } else {
            understood = false;
            Explained failed;
            failed.error = "not a JSON object with a string \"sql\"";
            print(court, wanted, line.id, failed);
        }
    }
    std::fflush(stdout);
    return understood;
}

}  // namespace

int run_explain(Arguments arguments) {
    Wanted wanted;
    Options options("usage: pgveil explain [--config FILE] --agent A --database D [--search-path P] [--offline] [--grants] [--json] [SQL]",
                    "Says what would happen to a statement, and why; executes nothing. Without SQL it reads JSON lines\n"
                    "{\"id\":..,\"sql\":..} from stdin. A live write grant is assumed unless --grants asks for the real ones.");
    options.config(wanted.config);
    options.value("--agent", wanted.agent, "NAME", "as which agent");
    options.value("--database", wanted.database, "NAME", "on which database");
    options.value("--search-path", wanted.search_path, "PATH", "as SET search_path takes it; default the upstream role's");
    options.flag("--offline", wanted.offline, "use the catalog serve saved last, or none");
    options.flag("--grants", wanted.grants, "judge with the grants that live now");
    options.flag("--json", wanted.json, "one JSON object a statement text");
    options.positional(wanted.sql, 1);
    if (const auto exit = options.parse(arguments)) return *exit;
    if (wanted.agent.empty()) return options.complain("--agent is missing");
    if (wanted.database.empty()) return options.complain("--database is missing");

    const config::Loaded loaded = config::load(wanted.config);
    if (!loaded.usable()) {
        for (const config::Diagnostic& diagnostic : loaded.diagnostics) fmt::print(stderr, "{}\n", config::to_text(diagnostic));
        return Usage;
    }
    if (loaded.config.agent(wanted.agent) == nullptr) return options.complain(fmt::format("no agent is named \"{}\"", wanted.agent));
    if (loaded.config.database(wanted.database) == nullptr) return options.complain(fmt::format("no database is named \"{}\"", wanted.database));
    const auto court = make_court(wanted, loaded.config);
    if (!court) return cannot(court.error());
    if (wanted.sql.empty()) return explain_lines(*court, wanted, std::cin) ? Done : Usage;
    print(*court, wanted, "null", court->explain(wanted.sql.front()));
    return Done;
}

}  // namespace pgveil::cli
