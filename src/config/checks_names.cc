// Names and credentials of agents, people and databases.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "config/sections.h"

namespace pgveil::config {

void check_names(const Config& config, Reader& reader);

namespace {

constexpr std::uint32_t kPeopleIterations = 100'000, kAgentIterations = 4096;

struct Named {
    std::string_view kind;
    std::string name, path;
};

std::vector<Named> all_names(const Config& config) {
    std::vector<Named> names;
    const auto add = [&](std::string_view kind, const auto& entries) {
        for (std::size_t i = 0; i < entries.size(); ++i) {
            if (!entries[i].name.empty()) names.push_back({kind, entries[i].name, fmt::format("{}.{}.name", kind, i)});
        }
    };
    add("database", config.databases);
    add("agent", config.agents);
    add("person", config.people);
    return names;
}

void check_clashes(const Config& config, Reader& reader) {
    std::map<std::string, Named> seen;
    for (const Named& named : all_names(config)) {
        const Place place = reader.place_of(named.path);
        if (named.name == config.admin.console || named.name == "pgbouncer") {
            reader.error(place, fmt::format("{} \"{}\" is called as the console is", named.kind, named.name),
                         "rename it; pgbouncer always means the console, and so does admin.console");
        }
        const auto [found, is_new] = seen.emplace(named.name, named);
        if (!is_new) {
            reader.error(place, fmt::format("{} and {} share the name \"{}\"", found->second.kind, named.kind, named.name),
                         "agents, people and databases need names of their own");
        }
        if (named.name.size() > 63) {
            reader.error(place, fmt::format("{}: longer than 63 bytes, which PostgreSQL would cut off", named.path));
        }
    }
    if (config.admin.console.empty()) reader.error(reader.place_of("admin.console"), "admin.console is empty");
}

void check_verifier(const Secret& secret, const std::string& path, std::uint32_t least, bool strict, Reader& reader) {
    const auto iterations = scram_iterations(pgveil::text_of(secret.reveal()));
    const Place place = reader.place_of(path);
    const std::string command = least > kAgentIterations ? fmt::format("pgveil scram --iterations {}", least) : "pgveil scram";
    if (!iterations) {
        reader.error(place, path + ": is not a SCRAM-SHA-256 verifier", "make one with `" + command + "`; passwords do not belong here");
    } else if (*iterations < least) {
        const std::string message = fmt::format("{}: {} iterations, fewer than {}", path, *iterations, least);
        strict ? reader.error(place, message, "`" + command + "`") : reader.warning(place, message, "`" + command + "`");
    }
}

void check_blocks(const std::vector<std::string>& blocks, const std::string& path, Reader& reader) {
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        if (!is_address_block(blocks[i])) {
            reader.error(reader.place_of(fmt::format("{}.{}", path, i)), fmt::format("{}: \"{}\" is not an address block", path, blocks[i]),
                         "as in \"10.0.0.0/8\"");
        }
    }
}

void check_agents(const Config& config, Reader& reader) {
    for (std::size_t i = 0; i < config.agents.size(); ++i) {
        const AgentEntry& agent = config.agents[i];
        const std::string path = fmt::format("agent.{}", i);
        check_blocks(agent.from, path + ".from", reader);
        switch (agent.auth) {
            case AuthMethod::Scram:
                if (agent.secret.empty()) {
                    reader.error(reader.place_of(path), path + ": auth = \"scram\" needs a secret", "make one with `pgveil scram`");
                } else {
                    check_verifier(agent.secret, path + ".secret", kAgentIterations, false, reader);
                }
                break;
            case AuthMethod::Cert:
                if (config.proxy.tls.client_ca.empty()) {
                    reader.error(reader.place_of(path + ".auth"), path + ": auth = \"cert\" needs proxy.tls.client_ca");
                }
                break;
            case AuthMethod::Token:
                reader.error(reader.place_of(path + ".auth"), path + ": auth = \"token\" is not available in this version", "use scram or cert");
                break;
        }
        if (agent.owner.empty()) {
            reader.warning(reader.place_of(path), path + ": no owner answers for it", "owner = \"NAME OF A PERSON\"");
        } else if (config.person(agent.owner) == nullptr) {
            reader.error(reader.place_of(path + ".owner"), fmt::format("{}: no person is named \"{}\"", path, agent.owner));
        }
    }
}

void check_people(const Config& config, Reader& reader) {
    for (std::size_t i = 0; i < config.people.size(); ++i) {
        const PersonEntry& person = config.people[i];
        const std::string path = fmt::format("person.{}", i);
        check_blocks(person.from, path + ".from", reader);
        if (!person.secret.empty()) check_verifier(person.secret, path + ".secret", kPeopleIterations, true, reader);
        if (person.roles.empty()) reader.warning(reader.place_of(path), path + ": has no role and may do nothing", "roles = [\"approver\"]");
    }
}

}  // namespace

void check_names(const Config& config, Reader& reader) {
    check_clashes(config, reader);
    check_agents(config, reader);
    check_people(config, reader);
}

}  // namespace pgveil::config
