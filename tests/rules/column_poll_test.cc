// Polls over a column's values: check digits that nearly all values carry are no chance; those of random numbers are.
#include "pgveil/masking/column_poll.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "detect/checksum.h"
#include "shipped.h"

using namespace pgveil;

namespace {

const std::shared_ptr<const masking::CompiledRules>& rules();

std::mt19937 random_source(8);

std::string digits(std::size_t n) {
    std::string text;
    while (text.size() < n) text += static_cast<char>('0' + random_source() % 10);
    return text;
}

/// An NHS number: weights 10 to 2, modulo 11.
std::string nhs() {
    for (;;) {
        const std::string body = "4" + digits(8);
        const std::int64_t check = (11 - masking::weighted_sum(body, {10, 9, 8, 7, 6, 5, 4, 3, 2}) % 11) % 11;
        if (check != 10) return body + static_cast<char>('0' + check);
    }
}

std::string dashed(std::string_view nine) { return std::string(nine.substr(0, 3)) + "-" + std::string(nine.substr(3, 2)) + "-" + std::string(nine.substr(5)); }

/// As the look-alike benchmark makes them: no part begins with a zero.
std::string part_number() {
    const auto group = [](std::size_t n) { return std::string(1, static_cast<char>('1' + random_source() % 9)) + digits(n - 1); };
    return group(3) + "-" + group(2) + "-" + group(4);
}

std::string ssn() {
    for (;;) {
        const std::string d = digits(9);
        if (!d.starts_with("000") && !d.starts_with("666") && d[0] != '9' && d.substr(3, 2) != "00" && !d.ends_with("0000")) return dashed(d);
    }
}

std::string card() {
    for (;;) {
        const std::string body = "4" + digits(14);
        for (char check = '0'; check <= '9'; ++check) {
            if (masking::luhn_holds(body + check)) return body + check;
        }
    }
}

/// A poll over `count` values of `make`.
template <class Make>
std::unique_ptr<masking::ColumnPoll> polled(int count, Make make) {
    auto poll = std::make_unique<masking::ColumnPoll>(rules());
    for (int i = 0; i < count; ++i) poll->add(make(i));
    return poll;
}

constexpr auto kNine = masking::look_alike::NineDigits, kSixteen = masking::look_alike::SixteenDigits;

const std::shared_ptr<const masking::CompiledRules>& rules() {
    static const auto compiled = *masking::compile(test::shipped_packs());
    return compiled;
}

}  // namespace

TEST_CASE("a column of numbers with one kind of check digit is of that kind") {
    masking::ColumnPoll poll(rules());
    for (std::size_t i = 0; i < masking::ColumnPoll::kLeastDistinct - 1; ++i) poll.add(nhs());
    CHECK(poll.verdict().rule == nullptr);       // too few
    for (int i = 0; i < 40; ++i) poll.add(nhs());
    poll.add("");
    poll.add("n/a");                             // one in many may be something else
    REQUIRE(poll.verdict().rule != nullptr);
    CHECK(poll.verdict().rule->class_name == "UK_NHS");
    poll.clear();
    CHECK(poll.verdict().distinct == 0);
}

TEST_CASE("repeated values are one value") {
    masking::ColumnPoll poll(rules());
    const std::string one = nhs();
    for (int i = 0; i < 1000; ++i) poll.add(one);
    CHECK(poll.verdict().rule == nullptr);
    CHECK(poll.verdict().distinct == 1);
}

TEST_CASE("ids, times and sequences elect nobody") {
    masking::ColumnPoll poll(rules());
    for (const std::size_t size : {8U, 9U, 10U, 11U, 12U, 13U, 15U}) {
        for (int round = 0; round < 20; ++round) {
            poll.clear();
            for (int i = 0; i < 20; ++i) poll.add(digits(size));
            CHECK(poll.verdict().rule == nullptr);
        }
    }
    poll.clear();
    for (int i = 0; i < 300; ++i) poll.add(std::to_string(1700000000 + i));
    CHECK(poll.verdict().rule == nullptr);
}

TEST_CASE("part numbers and ids vote against the strong rule they look like") {
    const auto parts = polled(1000, [](int) { return part_number(); });
    CHECK(parts->against().look_alikes == kNine);
    CHECK(parts->against().shaped > 990);
    CHECK(parts->verdict().rule == nullptr);
    const auto ids = polled(1000, [](int) { return "1" + digits(15); });
    CHECK(ids->against().look_alikes == kSixteen);
    CHECK(ids->verdict().rule == nullptr);
    CHECK(polled(1000, [](int i) { return i % 2 == 0 ? part_number() : "1" + digits(15); })->against().look_alikes == (kNine | kSixteen));
}

TEST_CASE("few look-alikes say nothing") {
    CHECK(polled(49, [](int) { return "000-00-" + digits(4); })->against().look_alikes == 0);
    CHECK(polled(60, [](int) { return "000-00-" + digits(4); })->against().look_alikes == kNine);
    CHECK(polled(40, [](int) { return "1" + digits(15); })->against().look_alikes == 0);
    CHECK(polled(500, [](int) { return "see part " + part_number(); })->against().look_alikes == 0);   // in longer text
}

TEST_CASE("a column of people's numbers keeps its rule, mistakes and strangers in it or not") {
    const auto people = polled(1000, [](int) { return ssn(); });
    CHECK(people->against().look_alikes == 0);
    REQUIRE(people->verdict().rule != nullptr);
    CHECK(people->verdict().rule->class_name == "US_SSN");
    // Two of a hundred wrong; some taxpayers without an SSN; half of them part numbers.
    CHECK(polled(1000, [](int i) { return i % 50 == 0 ? "000-00-" + digits(4) : ssn(); })->against().look_alikes == 0);
    CHECK(polled(1000, [](int i) { return i % 10 == 0 ? "9" + digits(2) + "-7" + std::to_string(i / 10 % 9) + "-" + digits(4) : ssn(); })->against().look_alikes == 0);
    CHECK(polled(1000, [](int i) { return i % 2 == 0 ? part_number() : ssn(); })->against().look_alikes == 0);
    // All taxpayers without an SSN.
    CHECK(polled(1000, [](int i) { return "9" + digits(2) + "-7" + std::to_string(i % 10) + "-" + digits(4); })->against().look_alikes == 0);
    const auto cards = polled(300, [](int) { return card(); });
    REQUIRE(cards->verdict().rule != nullptr);
    CHECK(cards->verdict().rule->class_name == "CREDIT_CARD");
    for (const int every : {2, 5, 10}) {   // cards among ids
        CAPTURE(every);
        CHECK(polled(1000, [&](int i) { return i % every == 0 ? card() : "1" + digits(15); })->against().look_alikes == 0);
    }
}

TEST_CASE("the weighing: a thousand to one, either way") {
    using Ballot = masking::ColumnPoll::Ballot;
    CHECK(Ballot{kNine, 1000, 44, 90}.speaks_against());
    CHECK_FALSE(Ballot{kNine, 1000, 43, 90}.speaks_against());
    CHECK_FALSE(Ballot{kNine, 1000, 44, 89}.speaks_against());
    CHECK_FALSE(Ballot{kNine, 1000, 43, 90}.speaks_for());
    CHECK(Ballot{kNine, 1000, 38, 81}.speaks_against(true));           // found again
    CHECK_FALSE(Ballot{kNine, 1000, 37, 81}.speaks_against(true));
    CHECK_FALSE(Ballot{kNine, 1000, 38, 80}.speaks_against(true));
    CHECK_FALSE(Ballot{kNine, 49, 49, 49}.speaks_against(true));
    CHECK(Ballot{kNine, 1000, 31}.speaks_for());
    CHECK(Ballot{kNine, 158, 0}.speaks_for());
    CHECK_FALSE(Ballot{kNine, 157, 0}.speaks_for());
    CHECK(Ballot{kSixteen, 100, 100, 100}.speaks_against());
    CHECK_FALSE(Ballot{kSixteen, 80, 80, 80}.speaks_against());
    CHECK_FALSE(Ballot{kSixteen, 1000, 930, 930}.speaks_against());
    CHECK(Ballot{kSixteen, 8, 0}.speaks_for());
    CHECK_FALSE(Ballot{kNine, 0, 0}.speaks_for());
}

TEST_CASE("another pack, another revision") {
    auto packs = test::shipped_packs();
    const std::string all = masking::poll_revision(**masking::compile(packs));
    CHECK(all == masking::poll_revision(*rules()));
    packs.pop_back();
    CHECK(all != masking::poll_revision(**masking::compile(packs)));
    CHECK(masking::rule_of_id(*rules(), "us/ssn")->class_name == "US_SSN");
    CHECK(masking::rule_of_id(*rules(), "us/none") == nullptr);
}

TEST_CASE("a column that is called after a public number with the same check digit is not the people's") {
    const masking::Rule* nhs = masking::rule_of_id(*rules(), "gb/nhs");
    REQUIRE(nhs != nullptr);
    for (const char* name : {"isbn", "isbn10", "book_isbn", "isbnCode"}) CHECK_MESSAGE(masking::name_speaks_against(*rules(), *nhs, name), name);
    for (const char* name : {"a", "ref", "number", "nhs_number"}) CHECK_MESSAGE(!masking::name_speaks_against(*rules(), *nhs, name), name);
    const masking::Rule* sin = masking::rule_of_id(*rules(), "ca/sin");
    REQUIRE(sin != nullptr);
    CHECK(masking::name_speaks_against(*rules(), *sin, "siren"));
}
