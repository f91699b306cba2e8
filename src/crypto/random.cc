#include "crypto/random.h"

#include <openssl/rand.h>

#include <array>
#include <cstdlib>

#include "crypto/encode.h"

namespace pgveil::crypto {

void fill_random(std::span<Byte> out) {
    while (!out.empty()) {
        const auto piece = out.first(std::min<std::size_t>(out.size(), 1U << 20));
        if (RAND_bytes(piece.data(), static_cast<int>(piece.size())) != 1) std::abort();
        out = out.subspan(piece.size());
    }
}

Bytes random_bytes(std::size_t count) {
    Bytes out(count);
    fill_random(out);
    return out;
}

std::string random_id(std::string_view prefix) {
    std::array<Byte, 16> bits;
    fill_random(bits);
    return std::string(prefix) + base32(bits);
}

}  // namespace pgveil::crypto
