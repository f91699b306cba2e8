// FF1 against NIST's examples, and values through it and back. With the real cipher, hence linked apart.
#include "transform/fpe.h"

#include <doctest/doctest.h>

#include <random>
#include <set>

#include "crypto/aes.h"
#include "crypto/digest.h"
#include "detect/checksum.h"

using namespace pgveil;
using namespace pgveil::masking;

namespace {

Bytes from_hex(std::string_view hex) {
    const auto value = [](char c) { return c <= '9' ? c - '0' : (c | 32) - 'a' + 10; };
    Bytes bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2) bytes.push_back(static_cast<Byte>(value(hex[i]) * 16 + value(hex[i + 1])));
    return bytes;
}

constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuvwxyz";

std::string ff1_text(ByteView key, Direction direction, std::uint32_t radix, std::string_view tweak, std::string_view text) {
    std::vector<std::uint16_t> numerals;
    for (const char c : text) numerals.push_back(static_cast<std::uint16_t>(kDigits.find(c)));
    const Bytes tweaked = from_hex(tweak);
    if (!ff1(*crypto::make_aes(key), direction, radix, tweaked, numerals)) return "refused";
    std::string out;
    for (const std::uint16_t numeral : numerals) out += kDigits[numeral];
    return out;
}

std::string fpe(Direction direction, std::string_view class_name, std::string_view value) {
    const auto keys = crypto::make_keyed_hash(Secret(std::string_view("key")));
    std::string out;
    return append_fpe(*keys->cipher("d"), direction, class_name, value, out) ? out : "refused";
}

}  // namespace

TEST_CASE("FF1 gives the nine examples of NIST SP 800-38G and takes them back") {
    const Bytes key = from_hex("2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94");
    struct Sample {
        std::size_t key_bytes;
        std::uint32_t radix;
        std::string_view tweak, plain, cipher;
    };
    for (const Sample& s : {Sample{16, 10, "", "0123456789", "2433477484"},
                            Sample{16, 10, "39383736353433323130", "0123456789", "6124200773"},
                            Sample{16, 36, "3737373770717273373737", "0123456789abcdefghi", "a9tv40mll9kdu509eum"},
                            Sample{24, 10, "", "0123456789", "2830668132"},
                            Sample{24, 10, "39383736353433323130", "0123456789", "2496655549"},
                            Sample{24, 36, "3737373770717273373737", "0123456789abcdefghi", "xbj3kv35jrawxv32ysr"},
                            Sample{32, 10, "", "0123456789", "6657667009"},
                            Sample{32, 10, "39383736353433323130", "0123456789", "1001623463"},
                            Sample{32, 36, "3737373770717273373737", "0123456789abcdefghi", "xs8a0azh2avyalyzuwd"}}) {
        const ByteView used = ByteView(key).first(s.key_bytes);
        CHECK(ff1_text(used, Direction::Encrypt, s.radix, s.tweak, s.plain) == s.cipher);
        CHECK(ff1_text(used, Direction::Decrypt, s.radix, s.tweak, s.cipher) == s.plain);
    }
    CHECK(ff1_text(ByteView(key).first(16), Direction::Encrypt, 10, "", "12345") == "refused");     // 10^5 forms can be searched
    CHECK(ff1_text(ByteView(key).first(16), Direction::Encrypt, 10, "", std::string(90, '1')) == "refused");
}

TEST_CASE("texts keep their form and come back") {
    std::mt19937 random(5);
    for (int i = 0; i < 3000; ++i) {
        std::string text;
        const std::size_t size = 6 + random() % 14;
        while (text.size() < size) text += "0123456789ABcdXYz- ./"[random() % 21];
        const std::string made = fpe(Direction::Encrypt, "X", text);
        if (made == "refused") continue;
        CAPTURE(text);
        REQUIRE(made.size() == text.size());
        for (std::size_t at = 0; at < text.size(); ++at) {
            const auto kind = [](char c) { return isdigit(c) ? 1 : isupper(c) ? 2 : islower(c) ? 3 : 4 + c; };
            CHECK(kind(made[at]) == kind(text[at]));
        }
        CHECK(fpe(Direction::Decrypt, "X", made) == text);
    }
    CHECK(fpe(Direction::Encrypt, "X", "12345") == "refused");
    CHECK(fpe(Direction::Encrypt, "X", "Žofie 1234567") == "refused");
    CHECK(fpe(Direction::Encrypt, "X", "123456") != fpe(Direction::Encrypt, "Y", "123456"));
    CHECK(fpe(Direction::Encrypt, "X", "AB123456C") != "AB123456C");
}

TEST_CASE("cards come out with a wrong check digit, whatever goes in comes back") {
    std::mt19937 random(6);
    for (int i = 0; i < 500; ++i) {
        std::string card = "4";
        while (card.size() < 15) card += static_cast<char>('0' + random() % 10);
        for (char check = '0'; check <= '9'; ++check) {
            const std::string made = fpe(Direction::Encrypt, "CREDIT_CARD", card + check);
            if (luhn_holds(card + check)) CHECK_FALSE(luhn_holds(made));
            CHECK(fpe(Direction::Decrypt, "CREDIT_CARD", made) == card + check);
        }
    }
}

TEST_CASE("integers are permuted within their size") {
    const auto keys = crypto::make_keyed_hash(Secret(std::string_view("key")));
    const auto cipher = keys->cipher("d");
    std::set<std::int64_t> seen;
    for (const std::int64_t value : {0LL, 1LL, -1LL, 42LL, 2147483647LL, -2147483647LL, 2147483648LL, 4111111111111111LL, 9223372036854775807LL}) {
        const auto made = fpe_integer(*cipher, Direction::Encrypt, "X", value);
        REQUIRE(made);
        CHECK(seen.insert(*made).second);
        CHECK((*made < 0) == (value < 0));
        CHECK((std::abs(*made) < 2147483648LL) == (std::abs(value) < 2147483648LL));
        CHECK(fpe_integer(*cipher, Direction::Decrypt, "X", *made) == value);
    }
    CHECK_FALSE(fpe_integer(*cipher, Direction::Encrypt, "X", std::numeric_limits<std::int64_t>::min()));
}
