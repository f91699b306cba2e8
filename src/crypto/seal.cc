#include "crypto/seal.h"

#include <openssl/evp.h>

#include <climits>
#include <memory>

#include "crypto/random.h"

namespace pgveil::crypto {
namespace {

constexpr std::size_t KeyBytes = 32, NonceBytes = 12, TagBytes = 16;

struct FreeCipher {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherPointer = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

bool fits_int(ByteView bytes) { return bytes.size() <= static_cast<std::size_t>(INT_MAX) - 64; }

}  // namespace

Bytes seal(const Secret& key, ByteView context, ByteView plain) {
    if (key.reveal().size() != KeyBytes || !fits_int(plain) || !fits_int(context)) return {};
    Bytes out(NonceBytes + plain.size() + TagBytes);
    fill_random(std::span(out).first(NonceBytes));
    const CipherPointer cipher(EVP_CIPHER_CTX_new());
    int written = 0, last = 0;
    Byte* const body = out.data() + NonceBytes;
    const bool done =
        cipher && EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.reveal().data(), out.data()) == 1 &&
        (context.empty() || EVP_EncryptUpdate(cipher.get(), nullptr, &written, context.data(),
                                              static_cast<int>(context.size())) == 1) &&
        (plain.empty() ||
         EVP_EncryptUpdate(cipher.get(), body, &written, plain.data(), static_cast<int>(plain.size())) == 1) &&
        EVP_EncryptFinal_ex(cipher.get(), body + plain.size(), &last) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, TagBytes, body + plain.size()) == 1;
    if (!done) return {};
    return out;
}

std::optional<Secret> open_sealed(const Secret& key, ByteView context, ByteView sealed) {
    if (key.reveal().size() != KeyBytes || sealed.size() < NonceBytes + TagBytes) return std::nullopt;
    if (!fits_int(sealed) || !fits_int(context)) return std::nullopt;
    const ByteView body = sealed.subspan(NonceBytes, sealed.size() - NonceBytes - TagBytes);
    Bytes tag = copy_of(sealed.last(TagBytes));
    Bytes plain(body.size());
    const CipherPointer cipher(EVP_CIPHER_CTX_new());
    int written = 0, last = 0;
    Byte spare[16];
    const bool done =
        cipher && EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.reveal().data(), sealed.data()) == 1 &&
        (context.empty() || EVP_DecryptUpdate(cipher.get(), nullptr, &written, context.data(),
                                              static_cast<int>(context.size())) == 1) &&
        (body.empty() ||
         EVP_DecryptUpdate(cipher.get(), plain.data(), &written, body.data(), static_cast<int>(body.size())) == 1) &&
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, TagBytes, tag.data()) == 1 &&
        EVP_DecryptFinal_ex(cipher.get(), spare, &last) == 1;
    Secret answer(std::move(plain));  // owned before the verdict, so that a refused plain text is erased too
    if (!done) return std::nullopt;
    return answer;
}

}  // namespace pgveil::crypto
