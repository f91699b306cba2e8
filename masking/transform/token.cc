#include "transform/token.h"

#include <string>

#include "transform/transform.h"

namespace pgveil::masking {

Digest token_of(std::string_view key_domain, std::string_view class_name, std::string_view value, const KeyedHash& keys) {
    thread_local std::string canonical;  // capacity kept: a masked cell allocates nothing in the steady state
    canonical.clear();
    append_canonical(class_name, value, canonical);
    const Digest digest = keys.hash(key_domain, bytes_of(canonical));
    canonical.assign(canonical.size(), '\0');
    return digest;
}

Digest marker_of(std::string_view token, const KeyedHash& keys) { return keys.hash("pgveil mask marker", bytes_of(token)); }

std::uint64_t number_in(const Digest& digest, std::size_t at) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 8; ++i) value = (value << 8U) | digest[at + i];
    return value;
}

}  // namespace pgveil::masking
