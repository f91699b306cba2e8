#include "detect/find.h"

#include <doctest/doctest.h>

#include <array>
#include <random>
#include <string>

#include "detect/confirm.h"

using namespace pgveil::masking;

namespace {

using Ends = std::vector<std::size_t>;

Ends offered(const NamedFinder& finder, std::string_view text) {
    std::vector<DigitSpan> spans;
    digit_spans(text, spans);
    Ends ends;
    if (!finder.gate.met_by(features_of(text))) return ends;
    finder.find({text, spans}, {[](void* to, std::size_t end) { return static_cast<Ends*>(to)->push_back(end), true; }, &ends});
    return ends;
}

/// Whatever stands alone, in the midst of what may be glued to it.
std::string random_text(std::mt19937& random) {
    static constexpr std::array values{"4111 1111 1111 1111", "4111-1111-1111-1111", "4111.1111.1111.1111", "4111111111111111", "378282246310005", "3782 822463 10005",
                                       "DE89 3704 0044 0532 0130 00", "DE89370400440532013000", "GB29NWBK60161331926819", "no9386011117947", "536-22-1234", "536 22 1234",
                                       "900-70-1234", "+14155552671", "+ 49 30 901820", "+(44) 20 7946 0958", "ana@example.org", "a.b+c@x.co.uk",
                                       "14Bzp85tWwHzrdZbLpwLFGcx4JqyqJaHXy", "32LSopFaheWsXkN3cuQnGCCbMPRf5nVffS", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"};
    static constexpr std::string_view between = "09azD _-.+@;:/(\xC3";
    std::string text;
    for (std::size_t parts = 1 + random() % 3; parts > 0; --parts) {
        for (std::size_t i = random() % 5; i > 0; --i) text += between[random() % between.size()];
        std::string value = values[random() % values.size()];
        if (random() % 3 == 0) value[random() % value.size()] = between[random() % between.size()];
        text += value;
    }
    return text;
}

}  // namespace

TEST_CASE("what a confirmer finds anywhere, its finder offers and its gate lets through") {
    std::mt19937 random(11);
    std::array<std::size_t, 7> found{};
    const std::array<std::string_view, 7> names{"card", "email", "iban", "phone_e164", "us_itin", "us_ssn", "wallet"};
    for (int round = 0; round < 20000; ++round) {
        const std::string text = random_text(random);
        CAPTURE(text);
        for (std::size_t i = 0; i < names.size(); ++i) {
            const Confirmer confirm = named_confirmer(names[i])->confirm;
            const auto covered = [&](const Confirmed& wanted) {
                for (const std::size_t end : offered(*finder_of(names[i]), text)) {
                    const auto got = confirm({text, end, false, false});
                    if (got && got->start <= wanted.start && got->end >= wanted.end) return true;
                }
                return false;
            };
            for (std::size_t end = 1; end <= text.size(); ++end) {
                const auto wanted = confirm({text, end, false, false});
                if (!wanted || (names[i] == "wallet" && !std::string_view("13LMDTbtl").contains(text[wanted->start]))) continue;   // no address of any chain
                ++found[i];
                CAPTURE(names[i]);
                CAPTURE(end);
                REQUIRE(covered(*wanted));
            }
        }
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
        CAPTURE(names[i]);
        CHECK(found[i] > 300);
    }
}

TEST_CASE("hexadecimal digests open no finder of numbers") {
    for (const char* text : {"item 9e107d9d372bb6826bd81d3542a419d6", "e4d909c290d0fb1ca068ffaddf22cbd0 d41d8cd98f00b204e9800998ecf8427e"}) {
        for (const char* name : {"card", "iban", "us_itin", "us_ssn", "wallet"}) CHECK(offered(*finder_of(name), text).empty());
    }
}
