#include <unicode/usprep.h>
#include <unicode/ustring.h>

#include <algorithm>
#include <climits>
#include <memory>

#include "crypto/digest.h"
#include "crypto/scram.h"

namespace pgveil::crypto {
namespace {

struct CloseProfile {
    void operator()(UStringPrepProfile* profile) const { usprep_close(profile); }
};

/// UTF-16 that forgets its content.
struct Units {
    std::vector<UChar> text;
    ~Units() { erase(text.data(), text.size() * sizeof(UChar)); }
};

}  // namespace

Secret saslprep(const Secret& password) {
    const ByteView in = password.reveal();
    // ASCII maps to itself; control characters are prohibited, which again means the very bytes.
    if (in.size() > INT_MAX / 8 || std::ranges::all_of(in, [](Byte b) { return b < 0x80; })) return password;

    UErrorCode error = U_ZERO_ERROR;
    const std::unique_ptr<UStringPrepProfile, CloseProfile> profile(
        usprep_openByType(USPREP_RFC4013_SASLPREP, &error));
    if (U_FAILURE(error)) return password;

    Units units{std::vector<UChar>(in.size())};
    int32_t length = 0;
    u_strFromUTF8(units.text.data(), static_cast<int32_t>(units.text.size()), &length,
                  reinterpret_cast<const char*>(in.data()), static_cast<int32_t>(in.size()), &error);
    if (U_FAILURE(error)) return password;

    // One character grows to at most 18 under NFKC.
    Units prepared{std::vector<UChar>(static_cast<std::size_t>(length) * 18 + 1)};
    const int32_t ready = usprep_prepare(profile.get(), units.text.data(), length, prepared.text.data(),
                                         static_cast<int32_t>(prepared.text.size()), USPREP_DEFAULT, nullptr, &error);
    if (U_FAILURE(error) || ready == 0) return password;

    Bytes out(static_cast<std::size_t>(ready) * 3);
    int32_t bytes = 0;
    u_strToUTF8(reinterpret_cast<char*>(out.data()), static_cast<int32_t>(out.size()), &bytes, prepared.text.data(),
                ready, &error);
    if (U_FAILURE(error)) return password;
    out.resize(static_cast<std::size_t>(bytes));
    return Secret(std::move(out));
}

}  // namespace pgveil::crypto
