// World: what a config means, ready for use by all threads. Immutable; a reload makes another.
//
// Made on the control thread from config::Config: verifiers parsed, rules and packs compiled, TLS loaded.
// Secrets in it are Secret or verifiers. Never hostile.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "config/config.h"
#include "crypto/scram.h"
#include "net/address.h"
#include "net/tls_server.h"
#include "pgveil/masking/row_masker.h"
#include "policy/allowance.h"
#include "policy/decide.h"

namespace pgveil::proxy {

struct Account {
    crypto::ScramVerifier verifier;    // of nothing if `certificate` is set
    std::string certificate;           // the name its certificate must prove; empty: a password
    bool is_person = false;
    Agent agent;                       // if not a person
    Person person;                     // if a person
    std::vector<net::IpRange> from;    // empty: anywhere
    std::uint32_t max_sessions = 0;
    policy::DailyBytes daily;          // of an agent
};

struct World {
    std::shared_ptr<const config::Config> config;
    std::map<std::string, Account, std::less<>> accounts;     // by user name
    std::shared_ptr<const net::TlsServerContext> tls;         // null: off
    std::shared_ptr<const masking::CompiledRules> rules;
    std::shared_ptr<const policy::Ruleset> ruleset;
    std::shared_ptr<const KeyedHash> mask_keys, token_keys, mock_keys;
    std::uint64_t version = 0;
    [[nodiscard]] bool is_console(std::string_view database) const {
        return database == config->admin.console || database == "pgbouncer";
    }
};
using WorldPtr = std::shared_ptr<const World>;

/// The keys stay over reloads; everything else is made anew. The refusal is a sentence for the operator.
struct Keys {
    std::shared_ptr<const KeyedHash> mask, token, mock;
};
[[nodiscard]] Result<WorldPtr, std::string> make_world(std::shared_ptr<const config::Config> config, const Keys& keys,
                                                       std::uint64_t version);

}  // namespace pgveil::proxy
