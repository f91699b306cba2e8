#include "upstream/opening.h"

#include <doctest/doctest.h>

using namespace pgveil::upstream;

namespace {

ConnectionParameters places(const char* host, const char* hostaddr, const char* port) {
    ConnectionParameters p;
    if (*host != '\0') p.set("host", host);
    if (*hostaddr != '\0') p.set("hostaddr", hostaddr);
    if (*port != '\0') p.set("port", port);
    return p;
}

}  // namespace

TEST_CASE("after a host that does not answer come the hosts behind it, with their own ports") {
    auto p = places("a,b,c", "", "1,2,3");
    CHECK(drop_tried_hosts(p, "a"));
    CHECK(p.get("host") == "b,c");
    CHECK(p.get("port") == "2,3");
    CHECK(drop_tried_hosts(p, "b"));
    CHECK(p.get("host") == "c");
    CHECK(p.get("port") == "3");
    CHECK_FALSE(drop_tried_hosts(p, "c"));
}

TEST_CASE("one port stands for all hosts, addresses go with their hosts") {
    auto p = places("a,b", "10.0.0.1,10.0.0.2", "5432");
    CHECK(drop_tried_hosts(p, "a"));
    CHECK(p.get("host") == "b");
    CHECK(p.get("hostaddr") == "10.0.0.2");
    CHECK(p.get("port") == "5432");
}

TEST_CASE("addresses alone are places too, and an unknown place ends the search") {
    auto p = places("", "10.0.0.1,10.0.0.2", "");
    CHECK(drop_tried_hosts(p, "10.0.0.1"));
    CHECK(p.get("hostaddr") == "10.0.0.2");
    auto q = places("a,b", "", "");
    CHECK_FALSE(drop_tried_hosts(q, "x"));
    CHECK(q.get("host") == "a,b");
}
