#include "control/message_codec.h"

#include <doctest/doctest.h>

using namespace pgveil;
using namespace pgveil::control;

namespace {

WallTime at(int seconds) { return WallTime(std::chrono::seconds(seconds)); }

Digest digest_of(Byte value) {
    Digest digest{};
    digest.fill(value);
    return digest;
}

std::vector<BoundParameter> parameters() {
    return {{type_oid::Int4, Format::Binary, false, {0, 0, 0, 1}}, {type_oid::Text, Format::Text, true, {}}};
}

RequestDraft draft() {
    return {RequestKind::Access, "copilot", "dana", "shop", "task", "reason", {"sp", "tz", "ds", "is", "iso", "role"}, "UPDATE x", parameters(), {1, 0},
            digest_of(3), "shape", "write", {"public.x:write"}, "rule", {"why", "more"}, {"dba"}, 2, std::chrono::seconds(61), std::chrono::seconds(62), "UPDATE y"};
}

RequestView view() {
    return {"r_1", RequestKind::Access, RequestState::Unknown, "copilot", "dana", "shop", "task", "reason", "UPDATE x", "UPDATE y", "write", "rule", "shape",
            parameters(), {1}, {"public.x:write"}, {"why"}, {"dba"}, {"erik", "faye"}, 2, digest_of(4), {"sp", "tz", "ds", "is", "iso", "role"}, "erik",
            "fine", "UPDATE 1", at(1), at(2), at(3), 1, 100};
}

Grant grant() { return {"g_1", "copilot", "shop", Access::Write, "reason", "task", "erik", at(4), at(5), true}; }

std::vector<Ask> asks() {
    return {FileRequest{draft()}, ConsumeRequest{"r_1", digest_of(9), "copilot", "shop", draft()}, ConsumeRequest{"", digest_of(9), "a", "d", {}},
            LookRequest{"r_1", "copilot"}, FinishRequest{"r_1", RequestState::Exceeded, "UPDATE 1", "PV004", 12}, CancelRequest{"r_2", "copilot"},
            ListOwn{"copilot"}};
}

// What is cut, lengthened or changed is either refused or is itself a message.
template <class Decode>
void check_hostile(const Bytes& whole, Decode decode) {
    for (std::size_t size = 0; size < whole.size(); ++size) CHECK_FALSE(decode(ByteView(whole).first(size)));
    Bytes longer = whole;
    longer.push_back(0);
    CHECK_FALSE(decode(longer));
    for (std::size_t i = 0; i < whole.size(); ++i) {
        Bytes changed = whole;
        changed[i] ^= 0xFF;
        if (const auto found = decode(changed)) CHECK(encode(*found) == changed);
    }
}

}  // namespace

TEST_CASE("every question survives, with every field") {
    for (const Ask& ask : asks()) {
        const auto found = decode_ask(encode(ask));
        REQUIRE(found);
        CHECK(found->index() == ask.index());
        CHECK(encode(*found) == encode(ask));
        check_hostile(encode(ask), decode_ask);
    }
    const auto filed = decode_ask(encode(Ask(FileRequest{draft()})));
    const RequestDraft& d = std::get<FileRequest>(*filed).draft;
    CHECK(d.kind == RequestKind::Access);
    CHECK(d.facts == draft().facts);
    CHECK(d.parameters == parameters());
    CHECK(d.result_formats == draft().result_formats);
    CHECK(d.digest == digest_of(3));
    CHECK(d.approvals_needed == 2);
    CHECK(d.approved_for == std::chrono::seconds(62));
    CHECK(d.masked_statement == "UPDATE y");
}

TEST_CASE("an answer survives, with every field") {
    Answer answer{Outcome::TooMany, view(), {view(), RequestView{}}, {grant()}, "detail", 17};
    const auto found = decode_answer(encode(answer));
    REQUIRE(found);
    CHECK(encode(*found) == encode(answer));
    CHECK(found->outcome == Outcome::TooMany);
    CHECK(found->request.state == RequestState::Unknown);
    CHECK(found->request.approved_by == view().approved_by);
    CHECK(found->request.max_rows == 100);
    CHECK(found->requests.size() == 2);
    CHECK(found->grants == answer.grants);
    CHECK(found->retry_after_s == 17);
    check_hostile(encode(answer), decode_answer);
}

TEST_CASE("what is allowed survives, and no bytes are read as more than they say") {
    const Standing standing{{grant(), Grant{}}, {{Switch::Subject::Database, "shop", "erik", "why", at(6)}}, true};
    CHECK(decode_standing(encode(standing)) == standing);
    CHECK_FALSE(Standing{}.known);
    check_hostile(encode(standing), decode_standing);
}

TEST_CASE("an unknown question is none") {
    Bytes unknown = encode(Ask(ListOwn{"copilot"}));
    unknown[0] = 6;
    CHECK_FALSE(decode_ask(unknown));
    CHECK_FALSE(decode_ask({}));
}
