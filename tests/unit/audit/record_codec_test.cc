#include "audit/record_codec.h"

#include <doctest/doctest.h>

using namespace pgveil;
using namespace pgveil::audit;

namespace {

Record full() {
    Record r;
    r.kind = Kind::LogIdle;
    r.time = WallTime(std::chrono::microseconds(1'790'000'000'123'456));
    r.agent = "copilot";
    r.person = "erik";
    r.database = "shop";
    r.session = 0xFEDC'BA98'7654'3210U;
    r.statement = 7;
    r.address = "[::1]:5555";
    r.sql = std::string("SELECT $1 \0 x", 13);
    r.literals = {{"text", "k:00ff", 12}, {"unknown", "", 0}};
    r.sql_class = "read";
    r.decision = "allow";
    r.rule = "read";
    r.request = "r_1";
    r.task = "t";
    r.relations = {"public.orders:read", ""};
    r.rows = 3;
    r.bytes = -1;
    r.duration_us = std::numeric_limits<std::int64_t>::max();
    r.masked = {{"core/email", 9}};
    r.sqlstate = "00000";
    r.tag = "SELECT 3";
    r.more = {{"why", "x"}, {"", ""}};
    return r;
}

}  // namespace

TEST_CASE("a record survives the way to another process, with every field") {
    CHECK(decode_record(encode(full())) == full());
    CHECK(decode_record(encode(Record{})) == Record{});
}

TEST_CASE("bytes that are cut short or too long are no record") {
    const Bytes whole = encode(full());
    for (std::size_t size = 0; size < whole.size(); ++size) CHECK_FALSE(decode_record(ByteView(whole).first(size)));
    Bytes longer = whole;
    longer.push_back(0);
    CHECK_FALSE(decode_record(longer));
}

TEST_CASE("a kind that does not exist and a list longer than its bytes are refused before anything is made of them") {
    Bytes bad = encode(full());
    bad[0] = static_cast<Byte>(Kind::LogIdle) + 1;
    CHECK_FALSE(decode_record(bad));
    bad = encode(Record{});
    const std::size_t agent = 1 + 8;
    for (std::size_t i = 0; i < 4; ++i) bad[agent + i] = 0xFF;
    CHECK_FALSE(decode_record(bad));
}

TEST_CASE("any byte changed gives another record or none, never a crash") {
    const Bytes whole = encode(full());
    for (std::size_t at = 0; at < whole.size(); ++at) {
        Bytes changed = whole;
        for (const int bit : {1, 0x80}) {
            changed[at] = static_cast<Byte>(whole[at] ^ bit);
            const auto found = decode_record(changed);
            CHECK((!found || encode(*found) == changed));
        }
    }
}
