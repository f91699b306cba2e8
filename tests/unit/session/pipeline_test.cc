#include "session/pipeline.h"

#include <doctest/doctest.h>

#include <string_view>

using namespace pgveil::session;

namespace {
Pipeline with(std::initializer_list<Request> requests) {
    Pipeline pipeline;
    std::uint64_t tag = 1;
    for (Request r : requests) pipeline.sent({r, Disposition::Forward, tag++});
    return pipeline;
}
using Match = Pipeline::Match;
}  // namespace

TEST_CASE("an error in a batch discards what stands before the next Sync, and no more") {
    Pipeline p = with({Request::Parse, Request::Bind, Request::Execute, Request::Sync, Request::Parse});
    const auto error = p.answered('E');
    CHECK(error.finished);
    REQUIRE(error.discarded.size() == 2);
    CHECK(error.discarded[0].request == Request::Bind);
    CHECK_FALSE(p.skipping());
    CHECK(p.answered('Z').entry.request == Request::Sync);
    CHECK(p.answered('1').match == Match::Answer);
    CHECK(p.empty());
}

TEST_CASE("after an error whose Sync was not sent the server skips until it comes") {
    Pipeline p = with({Request::Parse, Request::Bind});
    CHECK(p.answered('E').discarded.size() == 1);
    CHECK(p.skipping());
    p.sent({Request::Sync, Disposition::Forward, 9});
    CHECK_FALSE(p.skipping());
    CHECK(p.answered('Z').finished);
}

TEST_CASE("a simple query keeps its entry through an error until ReadyForQuery") {
    Pipeline p = with({Request::Query});
    CHECK_FALSE(p.answered('E').finished);
    CHECK(p.answered('Z').finished);
    CHECK(p.empty());
}

TEST_CASE("an answer that the request cannot have is a violation") {
    CHECK(with({Request::Parse}).answered('D').match == Match::Violation);
    CHECK(with({Request::Sync}).answered('C').match == Match::Violation);
    CHECK(with({}).answered('Z').match == Match::Violation);
    CHECK(with({}).answered('N').match == Match::Asynchronous);
}

TEST_CASE("Syncs sent ahead of COPY data are never answered") {
    Pipeline p = with({Request::Execute, Request::Sync});
    CHECK(p.answered('G').match == Match::Answer);
    CHECK(p.copying_in());
    CHECK(p.size() == 1);
    CHECK(p.answered('C').finished);
    CHECK_FALSE(p.copying_in());
}

TEST_CASE("a description of a statement has two parts") {
    Pipeline p = with({Request::DescribeStatement});
    CHECK_FALSE(p.answered('t').finished);
    CHECK(p.answered('n').finished);
}

TEST_CASE("extended messages without Sync or Flush need a flush") {
    Pipeline p = with({Request::Parse});
    CHECK(p.needs_flush());
    p.flushed();
    CHECK_FALSE(p.needs_flush());
    p.sent({Request::Sync, Disposition::Forward, 2});
    CHECK_FALSE(p.needs_flush());
}

namespace {
/// True if the server may say all of this, in this order.
bool takes(Request request, std::string_view types) {
    Pipeline p = with({request});
    for (const char type : types) {
        if (p.answered(type).match != Match::Answer) return false;
    }
    return true;
}
}  // namespace

TEST_CASE("the answers to a simple query come in PostgreSQL's order or not at all") {
    for (const char* good : {"TDDCZ", "CZ", "IZ", "TCTDCCZ", "HddcCZ", "HcCZ", "TDEZ", "EZ", "CTDEEZ", "TDTDCZ", "HdEZ"}) CHECK_MESSAGE(takes(Request::Query, good), good);
    for (const char* bad : {"D", "Z", "TZ", "TDZ", "TI", "TDH", "TDG", "d", "c", "HD", "HT", "HC", "HcZ", "HcT", "CD", "EC", "ET", "ED", "GT", "GZ", "V", "CZZ", "TDI"}) CHECK_FALSE_MESSAGE(takes(Request::Query, bad), bad);
}

TEST_CASE("and so do those to extended messages") {
    for (const char* good : {"DDC", "C", "I", "s", "DDs", "HdcC", "DE"}) CHECK_MESSAGE(takes(Request::Execute, good), good);
    for (const char* bad : {"DI", "DH", "DG", "d", "HC", "HD", "CC", "DT", "Z"}) CHECK_FALSE_MESSAGE(takes(Request::Execute, bad), bad);
    CHECK(takes(Request::DescribeStatement, "tT"));
    CHECK(takes(Request::DescribeStatement, "tn"));
    for (const char* bad : {"T", "n", "tt"}) CHECK_FALSE_MESSAGE(takes(Request::DescribeStatement, bad), bad);
    CHECK(takes(Request::FunctionCall, "VZ"));
    CHECK(takes(Request::FunctionCall, "EZ"));
    for (const char* bad : {"Z", "VV", "EV"}) CHECK_FALSE_MESSAGE(takes(Request::FunctionCall, bad), bad);
}

TEST_CASE("each answer begins anew: what the one before got does not count") {
    Pipeline p = with({Request::Query, Request::Query, Request::Execute, Request::Sync, Request::Query});
    for (const char type : std::string_view("TDCZ" "EZ" "DE" "Z" "CZ")) CHECK(p.answered(type).match == Match::Answer);
    CHECK(p.empty());
}
