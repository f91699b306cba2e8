#include "detect/name_words.h"

#include <doctest/doctest.h>

using namespace pgveil::masking;
using Words = std::vector<std::string>;

TEST_CASE("names are cut at separators, humps and digits") {
    CHECK(words_of_name("first_name") == Words{"first", "name"});
    CHECK(words_of_name("firstName") == Words{"first", "name"});
    CHECK(words_of_name("SSNNumber") == Words{"ssn", "number"});
    CHECK(words_of_name("HOME_ADDRESS") == Words{"home", "address"});
    CHECK(words_of_name("addr2-Line") == Words{"addr", "2", "line"});
    CHECK(words_of_name("") == Words{});
    CHECK(words_of_name("__") == Words{});
}

TEST_CASE("hints match whole words, written apart or together, and plurals") {
    const std::string hint = joined_hint("first name");
    for (const char* name : {"first_name", "firstName", "customer_firstname", "first-names"}) CHECK(words_covered(words_of_name(name), hint) > 0);
    for (const char* name : {"first", "name", "firsts_name_", "first_order_name", "myfirstname"}) CHECK(words_covered(words_of_name(name), hint) == 0);
    CHECK(words_covered(words_of_name("emails"), joined_hint("email")) == 1);
    CHECK(words_covered(words_of_name("e_mail"), joined_hint("email")) == 2);
    CHECK(words_covered(words_of_name("zip"), joined_hint("ip")) == 0);
}
