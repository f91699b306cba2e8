// The one-object SHA-256 interface is marked deprecated in OpenSSL 3.0, yet it alone is copyable without an
// allocation: an EVP context costs more than hashing a log line or a Merkle node does.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/digest.h"

#include "crypto/aes.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <cstring>

namespace pgveil::crypto {
namespace {

static_assert(sizeof(SHA256_CTX) <= sizeof(std::uint64_t) * 14);
static_assert(alignof(SHA256_CTX) <= alignof(std::uint64_t));

SHA256_CTX* context(std::array<std::uint64_t, 14>& state) { return reinterpret_cast<SHA256_CTX*>(state.data()); }

constexpr std::size_t BlockBytes = 64;

Sha256 keyed_state(ByteView key, Byte pad) {
    std::array<Byte, BlockBytes> block{};
    if (key.size() > BlockBytes) {
        const Digest shorter = sha256(key);
        std::memcpy(block.data(), shorter.data(), shorter.size());
    } else if (!key.empty()) {
        std::memcpy(block.data(), key.data(), key.size());
    }
    for (Byte& b : block) b ^= pad;
    Sha256 state;
    state.update(block);
    erase(block.data(), block.size());
    return state;
}

class HmacKeyedHash final : public KeyedHash {
  public:
    explicit HmacKeyedHash(ByteView key) : hmac_(key) {}
    [[nodiscard]] Digest hash(std::string_view domain, ByteView message) const override {
        Bytes framed;
        framed.reserve(4 + domain.size());
        const auto length = static_cast<std::uint32_t>(domain.size());
        for (int shift = 24; shift >= 0; shift -= 8) framed.push_back(static_cast<Byte>(length >> shift));
        append(framed, domain);
        return hmac_.hash(framed, message);
    }
    [[nodiscard]] std::unique_ptr<BlockCipher> cipher(std::string_view domain) const override {
        Digest key = hash(domain, bytes_of(std::string_view("pgveil block cipher")));
        auto made = make_aes256(key);
        erase(key.data(), key.size());
        return made;
    }

  private:
    HmacSha256 hmac_;
};

constexpr std::uint32_t CastagnoliReversed = 0x82f63b78;

/// Eight tables, so that eight bytes are folded a step.
constexpr std::array<std::array<std::uint32_t, 256>, 8> crc_tables() {
    std::array<std::array<std::uint32_t, 256>, 8> tables{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t crc = i;
        for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? crc >> 1 ^ CastagnoliReversed : crc >> 1;
        tables[0][i] = crc;
    }
    for (std::size_t t = 1; t < 8; ++t) {
        for (std::size_t i = 0; i < 256; ++i) {
            tables[t][i] = tables[t - 1][i] >> 8 ^ tables[0][tables[t - 1][i] & 0xff];
        }
    }
    return tables;
}

constexpr auto CrcTables = crc_tables();

std::uint32_t little_endian(const Byte* at) {
    return static_cast<std::uint32_t>(at[0]) | static_cast<std::uint32_t>(at[1]) << 8 |
           static_cast<std::uint32_t>(at[2]) << 16 | static_cast<std::uint32_t>(at[3]) << 24;
}

}  // namespace

Sha256::Sha256() : state_{} { SHA256_Init(context(state_)); }

Sha256& Sha256::update(ByteView bytes) {
    if (!bytes.empty()) SHA256_Update(context(state_), bytes.data(), bytes.size());
    return *this;
}

Digest Sha256::finish() {
    Digest digest;
    SHA256_Final(digest.data(), context(state_));
    return digest;
}

Digest sha256(ByteView bytes) { return Sha256().update(bytes).finish(); }

HmacSha256::HmacSha256(ByteView key) : inner_(keyed_state(key, 0x36)), outer_(keyed_state(key, 0x5c)) {}

HmacSha256::~HmacSha256() {
    erase(&inner_, sizeof inner_);
    erase(&outer_, sizeof outer_);
}

Digest HmacSha256::hash(ByteView first, ByteView second) const {
    Sha256 inner = inner_;
    const Digest middle = inner.update(first).update(second).finish();
    Sha256 outer = outer_;
    return outer.update(middle).finish();
}

Digest hmac_sha256(ByteView key, ByteView message) { return HmacSha256(key).hash(message); }

std::unique_ptr<KeyedHash> make_keyed_hash(const Secret& key) {
    return std::make_unique<HmacKeyedHash>(key.reveal());
}

std::uint32_t crc32c(ByteView bytes) {
    std::uint32_t crc = 0xffffffff;
    const Byte* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= 8; left -= 8, at += 8) {
        const std::uint32_t low = little_endian(at) ^ crc;
        const std::uint32_t high = little_endian(at + 4);
        crc = CrcTables[7][low & 0xff] ^ CrcTables[6][low >> 8 & 0xff] ^ CrcTables[5][low >> 16 & 0xff] ^
              CrcTables[4][low >> 24] ^ CrcTables[3][high & 0xff] ^ CrcTables[2][high >> 8 & 0xff] ^
              CrcTables[1][high >> 16 & 0xff] ^ CrcTables[0][high >> 24];
    }
    for (; left > 0; --left, ++at) crc = crc >> 8 ^ CrcTables[0][(crc ^ *at) & 0xff];
    return ~crc;
}

bool constant_time_equal(ByteView a, ByteView b) {
    if (a.size() != b.size()) return false;
    return a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void erase(void* at, std::size_t size) { OPENSSL_cleanse(at, size); }

}  // namespace pgveil::crypto
