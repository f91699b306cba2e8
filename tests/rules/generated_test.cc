// Positives made by the thousand: none may be lost by the gate, the scan or a confirmer, wherever it stands.
#include <doctest/doctest.h>

#include <array>
#include <random>

#include "shipped.h"

using namespace pgveil;
using test::classes_in;

namespace {

class Maker {
  public:
    explicit Maker(unsigned seed) : random_(seed) {}
    std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }
    std::string some(std::string_view alphabet, std::size_t n) {
        std::string text;
        while (text.size() < n) text += alphabet[below(alphabet.size())];
        return text;
    }
    std::string digits(std::size_t n) { return some("0123456789", n); }
    std::string word() { return some("abcdefghijklmnopqrstuvwxyz", 1 + below(9)); }
    std::string words(std::size_t bytes) {
        std::string text;
        while (text.size() < bytes) text += word() + " ";
        return text;
    }

    std::string card() {
        static constexpr std::array<std::pair<std::string_view, std::size_t>, 7> kinds{
            {{"4", 16}, {"51", 16}, {"55", 16}, {"34", 15}, {"37", 15}, {"6011", 16}, {"2221", 16}}};
        const auto [prefix, size] = kinds[below(kinds.size())];
        std::string number = std::string(prefix) + digits(size - 1 - prefix.size());
        unsigned sum = 0;
        for (std::size_t i = 0; i < number.size(); ++i) {
            unsigned d = static_cast<unsigned>(number[number.size() - 1 - i] - '0');
            if (i % 2 == 0) d = d * 2 > 9 ? d * 2 - 9 : d * 2;
            sum += d;
        }
        number += static_cast<char>('0' + (10 - sum % 10) % 10);
        return size == 16 && below(2) == 0 ? spaced(number, " -"[below(2)]) : number;
    }

    std::string iban() {
        static constexpr std::array<std::pair<std::string_view, std::size_t>, 6> kinds{
            {{"DE", 18}, {"GB", 18}, {"FR", 23}, {"NO", 11}, {"NL", 14}, {"MT", 27}}};
        const auto [country, size] = kinds[below(kinds.size())];
        const std::string body = country == "GB" || country == "NL" || country == "MT" ? some("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 4) + digits(size - 4) : digits(size);
        unsigned rest = 0;
        for (const char c : body + std::string(country) + "00") {
            rest = c >= 'A' ? (rest * 100 + static_cast<unsigned>(c - 'A') + 10) % 97 : (rest * 10 + static_cast<unsigned>(c - '0')) % 97;
        }
        const unsigned check = 98 - rest;
        const std::string whole = std::string(country) + static_cast<char>('0' + check / 10) + static_cast<char>('0' + check % 10) + body;
        return below(2) == 0 ? whole : spaced(whole, ' ');
    }

    std::string email() {
        static constexpr std::array<std::string_view, 6> tops{"com", "de", "co.uk", "museum", "io", "xn--p1ai"};
        return some("abcXYZ019", 1) + some("abcXYZ019._%+-", below(12)) + some("abc019", 1) + "@" + some("abcXYZ", 1) + some("abc-019", below(9)) + some("az09", 1) + "." +
               std::string(tops[below(tops.size())]);
    }

    std::string ssn() {
        for (;;) {
            const std::string area = digits(3), group = digits(2), serial = digits(4);
            const bool issued = area != "000" && area != "666" && area[0] != '9' && group != "00" && serial != "0000";
            const bool one_digit = (area + group + serial).find_first_not_of(area[0]) == std::string::npos;
            if (issued && !one_digit) return area + "-" + group + "-" + serial;
        }
    }

  private:
    static std::string spaced(const std::string& text, char by) {
        std::string out;
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (i != 0 && i % 4 == 0) out += by;
            out += text[i];
        }
        return out;
    }
    std::mt19937 random_;
};

constexpr std::array<std::string_view, 8> kBefore{"", " ", "\n", "(", "x: ", "\"", "<", "é "};
constexpr std::array<std::string_view, 8> kAfter{"", " ", "\n", ")", ". And", "\"", ">", ", é"};

template <class Make>
void none_is_lost(const char* class_name, Make make) {
    Maker maker(42);
    std::size_t lost = 0;
    std::string example;
    for (int i = 0; i < 3000; ++i) {
        const std::string value = make(maker);
        std::string text = i % 2 == 0 ? "" : maker.words(maker.below(90));
        text += std::string(kBefore[maker.below(kBefore.size())]) + value + std::string(kAfter[maker.below(kAfter.size())]);
        if (i % 3 == 0) text += " " + maker.words(maker.below(60));
        if (classes_in(text).find(class_name) == std::string::npos && lost++ == 0) example = text;
    }
    CAPTURE(example);
    CHECK(lost == 0);
}

}  // namespace

TEST_CASE("no generated e-mail address is lost") {
    none_is_lost("EMAIL_ADDRESS", [](Maker& m) { return m.email(); });
}
TEST_CASE("no generated card number is lost") {
    none_is_lost("CREDIT_CARD", [](Maker& m) { return m.card(); });
}
TEST_CASE("no generated IBAN is lost") {
    none_is_lost("IBAN_CODE", [](Maker& m) { return m.iban(); });
}
TEST_CASE("no generated social security number is lost") {
    none_is_lost("US_SSN", [](Maker& m) { return m.ssn(); });
}

TEST_CASE("every example of every strong rule is found at every offset of a longer text") {
    Maker maker(7);
    for (const auto& pack : test::shipped_packs()) {
        for (const auto& rule : pack.rules) {
            if (rule.strength != masking::Strength::Strong) continue;
            for (const std::string& example : rule.match) {
                for (std::size_t offset = 0; offset < 70; ++offset) {
                    const std::string text = std::string(offset, ' ') + example + (offset % 2 == 0 ? "" : " tail of the text");
                    CAPTURE(rule.id);
                    CAPTURE(offset);
                    CHECK(classes_in(text).find(rule.class_name) != std::string::npos);
                }
                CHECK(classes_in(maker.words(30000) + " " + example).find(rule.class_name) != std::string::npos);
            }
        }
    }
}

TEST_CASE("several findings of a text are all masked, and nothing else") {
    Maker maker(9);
    for (int i = 0; i < 500; ++i) {
        const std::string a = maker.words(maker.below(30)), b = maker.words(maker.below(30)), c = maker.words(maker.below(30));
        const std::string text = a + "mail " + maker.email() + " " + b + "ssn " + maker.ssn() + " " + c + "card " + maker.card();
        CHECK(test::shipped_masker().mask_text(text, "") == a + "mail [EMAIL_ADDRESS] " + b + "ssn [US_SSN] " + c + "card [CREDIT_CARD]");
    }
}
