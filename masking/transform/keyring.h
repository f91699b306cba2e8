// Keyring: the deployment's key as transforms use it: hashes, and one cipher for each key domain, made when first
// needed and kept. Domains come from the config (database and class), so there are few. One owner, one thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "pgveil/core/keyed_hash.h"

namespace pgveil::masking {

class Keyring {
  public:
    /// `hash` must outlive the keyring.
    explicit Keyring(const KeyedHash& hash) : hash_(hash) {}
    [[nodiscard]] const KeyedHash& hash() const { return hash_; }
    /// nullptr: the key has no cipher.
    [[nodiscard]] const BlockCipher* cipher(std::string_view domain) {
        const auto known = ciphers_.find(domain);
        if (known != ciphers_.end()) return known->second.get();
        return ciphers_.emplace(std::string(domain), hash_.cipher(domain)).first->second.get();
    }

  private:
    const KeyedHash& hash_;
    std::map<std::string, std::unique_ptr<BlockCipher>, std::less<>> ciphers_;
};

}  // namespace pgveil::masking
