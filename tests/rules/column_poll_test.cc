// Polls over a column's values: check digits that nearly all values carry are no chance; those of random numbers are.
#include "pgveil/masking/column_poll.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "detect/checksum.h"
#include "shipped.h"

using namespace pgveil;

namespace {

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
