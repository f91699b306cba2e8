#include "crypto/signature.h"

#include <openssl/evp.h>

#include <cstdlib>

#include "crypto/digest.h"
#include "crypto/random.h"

namespace pgveil::crypto {
namespace {

struct FreeKey {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using KeyPointer = std::unique_ptr<EVP_PKEY, FreeKey>;
using ContextPointer = std::unique_ptr<EVP_MD_CTX, FreeContext>;

}  // namespace

struct SigningKey::Handle {
    KeyPointer key;
};

SigningKey::SigningKey(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey& SigningKey::operator=(SigningKey&&) noexcept = default;
SigningKey::~SigningKey() = default;

SigningKey SigningKey::generate() {
    std::array<Byte, 32> seed;
    fill_random(seed);
    auto key = from_seed(seed);
    erase(seed.data(), seed.size());
    if (!key) std::abort();
    return std::move(*key);
}

std::optional<SigningKey> SigningKey::from_seed(ByteView seed) {
    if (seed.size() != 32) return std::nullopt;
    KeyPointer key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
    if (!key) return std::nullopt;
    return SigningKey(std::make_unique<Handle>(Handle{std::move(key)}));
}

Signature SigningKey::sign(ByteView message) const {
    Signature signature;
    std::size_t length = signature.size();
    const ContextPointer context(EVP_MD_CTX_new());
    // Neither call can fail with a key this class made, unless memory is gone; a log without signature must not go on.
    if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, handle_->key.get()) != 1 ||
        EVP_DigestSign(context.get(), signature.data(), &length, message.data(), message.size()) != 1) {
        std::abort();
    }
    return signature;
}

PublicKey SigningKey::public_key() const {
    PublicKey out;
    std::size_t length = out.size();
    if (EVP_PKEY_get_raw_public_key(handle_->key.get(), out.data(), &length) != 1) std::abort();
    return out;
}

Secret SigningKey::seed() const {
    Bytes out(32);
    std::size_t length = out.size();
    if (EVP_PKEY_get_raw_private_key(handle_->key.get(), out.data(), &length) != 1) std::abort();
    return Secret(std::move(out));
}

bool verify(const PublicKey& key, ByteView message, ByteView signature) {
    if (signature.size() != std::tuple_size_v<Signature>) return false;
    const KeyPointer handle(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()));
    const ContextPointer context(EVP_MD_CTX_new());
    if (!handle || !context) return false;
    if (EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, handle.get()) != 1) return false;
    return EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
}

}  // namespace pgveil::crypto
