#include "relay/refusal.h"

#include <doctest/doctest.h>

using namespace pgveil;

TEST_CASE("a ticket says all in one line, as one JSON object, and what to do") {
    RequestView request;
    request.id = "r_abc";
    request.rule = "orders \"need\" a dba";
    request.why = {"UPDATE on public.orders"};
    const auto error = relay::held(request, true, WallTime{});
    CHECK(error.code == sqlstate::Held);
    CHECK(error.severity == "ERROR");
    CHECK(error.message.find("NOT EXECUTED") == 0);
    CHECK(error.message.find("r_abc") != std::string::npos);
    CHECK(error.detail.find(R"("request":"r_abc","executed":false)") != std::string::npos);
    CHECK(error.detail.find(R"(orders \"need\" a dba)") != std::string::npos);
    CHECK(error.hint.starts_with("ROLLBACK"));
}

TEST_CASE("no refusal speaks of a lost connection") {
    RequestView request;
    for (const auto& error : {relay::held(request, false, WallTime{}), relay::denied_by_person(request), relay::store_unavailable(),
                              relay::audit_unavailable(), relay::limit_reached("row"), relay::too_many("", 1)}) {
        for (const std::string* text : {&error.message, &error.detail, &error.hint}) {
            CHECK(text->find("terminating connection") == std::string::npos);
            CHECK(text->find("closed the connection") == std::string::npos);
        }
    }
}

TEST_CASE("JSON strings escape quotes, backslashes and controls") {
    CHECK(relay::json_string("a\"b\\c\n\x01") == R"("a\"b\\c\u000a\u0001")");
}
