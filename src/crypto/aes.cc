// The plain block function is marked deprecated in OpenSSL 3.0, yet it alone is const over its key: an EVP context
// would have to be made or locked for each block, and format-preserving encryption needs some thirty a value.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/aes.h"

#include <openssl/aes.h>

#include "crypto/digest.h"

namespace pgveil::crypto {
namespace {

class Aes final : public BlockCipher {
  public:
    explicit Aes(ByteView key) { AES_set_encrypt_key(key.data(), static_cast<int>(key.size() * 8), &schedule_); }
    ~Aes() override { erase(&schedule_, sizeof schedule_); }
    [[nodiscard]] Block encrypt(const Block& block) const override {
        Block out;
        AES_encrypt(block.data(), out.data(), &schedule_);
        return out;
    }

  private:
    AES_KEY schedule_{};
};

}  // namespace

std::unique_ptr<BlockCipher> make_aes(ByteView key) {
    if (key.size() != 32 && key.size() != 24 && key.size() != 16) return nullptr;
    return std::make_unique<Aes>(key);
}

}  // namespace pgveil::crypto
