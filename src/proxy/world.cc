#include "proxy/world.h"

#include <fmt/format.h>

#include "proxy/rules.h"

namespace pgveil::proxy {
namespace {

Result<Account, std::string> with_secret(Account account, const Secret& secret, std::span<const std::string> from, std::string_view name) {
    if (account.certificate.empty()) {
        const auto verifier = crypto::parse_verifier(text_of(secret.reveal()));
        if (!verifier) return refuse(fmt::format("the secret of \"{}\" is not a SCRAM-SHA-256 verifier", name));
        account.verifier = *verifier;
    }
    for (const std::string& range : from) {
        const auto parsed = net::parse_ip_range(range);
        if (!parsed) return refuse(parsed.error());
        account.from.push_back(*parsed);
    }
    return account;
}

Result<std::shared_ptr<World>, std::string> with_accounts(std::shared_ptr<World> world) {
    for (const config::AgentEntry& entry : world->config->agents) {
        if (entry.auth == config::AuthMethod::Token) return refuse(fmt::format("agent \"{}\": auth = \"token\" is not supported yet", entry.name));
        Account account;
        if (entry.auth == config::AuthMethod::Cert) account.certificate = entry.subject.empty() ? entry.name : entry.subject;
        account.agent = {entry.name, entry.owner, {}};
        account.max_sessions = entry.max_sessions;
        account.daily = {entry.egress.bytes_per_day, entry.log_budget.bytes_per_day};
        auto made = with_secret(std::move(account), entry.secret, entry.from, entry.name);
        if (!made) return refuse(made.error());
        world->accounts.emplace(entry.name, std::move(*made));
    }
    for (const config::PersonEntry& entry : world->config->people) {
        Account account;
        account.is_person = true;
        account.person = {entry.name, entry.roles, entry.groups};
        auto made = with_secret(std::move(account), entry.secret, entry.from, entry.name);
        if (!made) return refuse(made.error());
        world->accounts.emplace(entry.name, std::move(*made));
    }
    return world;
}

}  // namespace

Result<WorldPtr, std::string> make_world(std::shared_ptr<const config::Config> config, const Keys& keys, std::uint64_t version) {
    auto world = std::make_shared<World>();
    world->config = std::move(config);
    world->mask_keys = keys.mask;
    world->token_keys = keys.token;
    world->mock_keys = keys.mock;
    world->version = version;
    const config::Tls& tls = world->config->proxy.tls;
    if (tls.effective() != config::TlsMode::Off) {
        auto loaded = net::TlsServerContext::load({tls.cert.path, tls.key.path, tls.client_ca.path});
        if (!loaded) return refuse(loaded.error());
        world->tls = *loaded;
    }
    auto compiled = compile_rules(*world->config);
    if (!compiled) return refuse(std::move(compiled.error()));
    world->rules = *compiled;
    world->ruleset = ruleset_of(*world->config);
    auto complete = with_accounts(world);
    if (!complete) return refuse(complete.error());
    return WorldPtr(*complete);
}

}  // namespace pgveil::proxy
