#include "cli/init.h"

#include <algorithm>
#include <cctype>
#include <memory>

#include <fmt/format.h>
#include <libpq-fe.h>

#include "audit/key_file.h"
#include "cli/files.h"
#include "cli/init_config.h"
#include "cli/options.h"
#include "config/load.h"
#include "config/rule_pack_reader.h"
#include "crypto/random.h"
#include "crypto/scram.h"

namespace pgveil::cli {
namespace {

constexpr std::uint32_t kPeopleIterations = 100'000;

struct Wanted {
    std::string upstream, upstream_write, agent, person, dir = ".", database, listen = "127.0.0.1:6432", http;
    bool enforce = false, dangerous_role = false;
};

using ConninfoOptions = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

/// libpq's own reading of the string; a URI becomes key = value pairs, a password is taken out.
Result<Conninfo, std::string> read_conninfo(const std::string& text) {
    char* error = nullptr;
    const ConninfoOptions options(PQconninfoParse(text.c_str(), &error), &PQconninfoFree);
    if (!options) {
        std::string message = error != nullptr ? error : "out of memory";
        PQfreemem(error);
        while (message.ends_with('\n')) message.pop_back();
        return refuse(message);
    }
    Conninfo conninfo;
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
        if (option->val == nullptr) continue;
        if (std::string_view(option->keyword) == "password") {
            conninfo.password = Secret(std::string_view(option->val));
        } else {
            conninfo.pairs.emplace_back(option->keyword, option->val);
        }
    }
    return conninfo;
}

struct Made {
    Secret agent_password, person_password;
    std::string verifier_key;
};

std::string verifier_of(const Secret& password, std::uint32_t iterations) {
    return crypto::print(crypto::make_verifier(password, crypto::random_bytes(crypto::ScramSaltBytes), iterations));
}

/// 26 characters of base32: 128 bits, nothing to quote in a shell or a connection string.
Secret new_password() { return Secret(std::string_view(crypto::random_id(""))); }

/// A database name as a file name; one that could be a path is not used.
std::string file_name_for(const std::string& database) {
    const bool plain = !database.starts_with('.') && std::ranges::all_of(database, [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.';
    });
    return plain ? database : "upstream";
}

void name_password(Conninfo& conninfo, const std::string& name) {
    if (!conninfo.password.empty()) conninfo.password_file = "secrets/" + name;
}

Result<void, std::string> write_password(const std::string& dir, const Conninfo& conninfo) {
    if (conninfo.password_file.empty()) return {};
    if (auto made = make_private_directory(dir + "/secrets"); !made) return made;
    return write_private_file(dir + "/" + conninfo.password_file, std::string(pgveil::text_of(conninfo.password.reveal())) + "\n");
}

Result<Made, std::string> write_all(const Wanted& wanted, InitConfig config) {
    const std::string state = wanted.dir + "/state";
    Made made{new_password(), new_password(), {}};
    config.agent_verifier = verifier_of(made.agent_password, crypto::ScramDefaultIterations);
    config.person_verifier = verifier_of(made.person_password, kPeopleIterations);
    const std::string secret_name = file_name_for(config.database);
    name_password(config.upstream, secret_name);
    if (config.upstream_write) name_password(*config.upstream_write, secret_name + ".write");
    // Nothing is written for a config that would not load: init's own defaults never are the problem, names may be.
    const std::string text = text_of(config);
    const auto now = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    for (const config::Diagnostic& diagnostic : config::parse(text, "pgveil.toml", wanted.dir, now).diagnostics) {
        if (diagnostic.severity == config::Severity::Error) return refuse(diagnostic.message);
    }
    for (const std::string& directory : {wanted.dir, state}) {
        if (auto there = make_private_directory(directory); !there) return refuse(there.error());
    }
    if (auto written = write_password(wanted.dir, config.upstream); !written) return refuse(written.error());
    if (config.upstream_write) {
        if (auto written = write_password(wanted.dir, *config.upstream_write); !written) return refuse(written.error());
    }
    auto key = audit::create_signer_key(state + "/sign.key", "pgveil");
    if (!key) return refuse(key.error());
    made.verifier_key = *key;
    if (auto mask = audit::load_hash_key(state + "/mask.key", true); !mask) return refuse(mask.error());
    if (auto written = write_private_file(wanted.dir + "/pgveil.toml", text); !written) return refuse(written.error());
    return made;
}

void tell(const Wanted& wanted, const InitConfig& config, const Made& made) {
    const auto listen = config::parse(text_of(config), "", wanted.dir, {}).config.proxy.listen.at(0);
    const std::string host = listen.is_unix() ? listen.directory : listen.host == "0.0.0.0" || listen.host == "::" ? "localhost" : listen.host;
    const auto line = [&](std::string_view database, std::string_view user, const Secret& password) {
        return fmt::format("psql \"host={} port={} dbname={} user={} password={}\"", host, listen.port, database, user,
                           pgveil::text_of(password.reveal()));
    };
    fmt::print("start:   pgveil serve --config {}/pgveil.toml\n", wanted.dir);
    fmt::print("agent:   {}\n", line(config.database, wanted.agent, made.agent_password));
    fmt::print("person:  {}\n", line("pgveil", wanted.person, made.person_password));
    fmt::print("log key: {}\n", made.verifier_key);
    fmt::print(stderr,
               "\nWrote {}/pgveil.toml ({} mode), keys under {}/state. The two passwords are shown this once and kept nowhere.\n"
               "Keep the log key where this host's administrators cannot change it: pgveil log verify needs it.\n",
               wanted.dir, wanted.enforce ? "enforce" : "shadow", wanted.dir);
}

}  // namespace

int run_init(Arguments arguments) {
    Wanted wanted;
    Options options("usage: pgveil init --upstream CONNINFO --agent A --person P [--dir D] ...",
                    "Writes D/pgveil.toml in shadow mode, keys and verifiers, and prints the psql lines to use.\n"
                    "Connects to nothing and overwrites nothing.");
    options.value("--upstream", wanted.upstream, "CONNINFO", "the server: libpq connection string or URI; a password in it goes to a file");
    options.value("--upstream-write", wanted.upstream_write, "CONNINFO", "the same with the role that may write");
    options.value("--agent", wanted.agent, "NAME", "the first agent");
    options.value("--person", wanted.person, "NAME", "the first person: approver, auditor and admin");
    options.value("--dir", wanted.dir, "DIR", "where to write; default the current directory");
    options.value("--database", wanted.database, "NAME", "what agents ask for; default the upstream's dbname");
    options.value("--listen", wanted.listen, "ADDRESS", "where agents connect; default 127.0.0.1:6432");
    options.value("--http", wanted.http, "ADDRESS", "the web page and API; off unless given");
    options.flag("--enforce", wanted.enforce, "enforce at once instead of recording only");
    options.flag("--dangerous-role", wanted.dangerous_role, "accept a superuser upstream (trials only)");
    if (const auto exit = options.parse(arguments)) return *exit;
    for (const auto& [name, value] : {std::pair("--upstream", &wanted.upstream), std::pair("--agent", &wanted.agent), std::pair("--person", &wanted.person)}) {
        if (value->empty()) return options.complain(fmt::format("{} is missing", name));
    }
    InitConfig config;
    config.wanted_mode = wanted.enforce ? "enforce" : "shadow";
    config.agent = wanted.agent, config.person = wanted.person, config.listen = wanted.listen, config.http = wanted.http;
    config.dangerous_role = wanted.dangerous_role;
    auto upstream = read_conninfo(wanted.upstream);
    if (!upstream) return options.complain("--upstream: " + upstream.error());
    config.upstream = std::move(*upstream);
    if (!wanted.upstream_write.empty()) {
        auto writer = read_conninfo(wanted.upstream_write);
        if (!writer) return options.complain("--upstream-write: " + writer.error());
        config.upstream_write = std::move(*writer);
    }
    config.database = !wanted.database.empty() ? wanted.database : config.upstream.get("dbname").value_or(config.upstream.get("user").value_or("postgres"));
    // All there are: a national number that is not looked for is not masked.
    if (auto packs = pgveil::config::packs_below(pgveil::config::rules_folder()); !packs.empty()) config.packs = std::move(packs);
    config.now = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    const auto made = write_all(wanted, config);
    if (!made) {
        fmt::print(stderr, "pgveil init: {}\n", made.error());
        return Cannot;
    }
    tell(wanted, config, *made);
    return Done;
}

}  // namespace pgveil::cli
