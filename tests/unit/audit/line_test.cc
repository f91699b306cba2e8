#include "audit/line.h"

#include <doctest/doctest.h>

#include "audit/json_text.h"
#include "audit/timestamp.h"
#include "crypto/digest.h"
#include "crypto/encode.h"

using namespace pgveil;
using namespace pgveil::audit;

namespace {

Record full_record() {
    Record r;
    r.kind = Kind::StmtResult;
    r.time = *parse_time("2026-11-22T10:00:00.000001Z");
    r.agent = "copilot";
    r.person = "dana";
    r.database = "shop";
    r.session = 18446744073709551615ULL;
    r.statement = 3;
    r.address = "10.0.0.1:5000";
    r.sql = "UPDATE \"t\" SET a = $1\nWHERE b\\c = '\x1b'";
    r.literals = {{"text", "00ff", 5}, {"int4", "", 2}};
    r.sql_class = "write";
    r.decision = "hold";
    r.rule = "orders need a dba";
    r.request = "r_1";
    r.task = "T-1";
    r.relations = {"public.orders:write", "a b"};
    r.rows = 0;
    r.bytes = 12;
    r.duration_us = 5;
    r.masked = {{"email", 3}};
    r.sqlstate = "PV001";
    r.tag = "UPDATE 0";
    r.more = {{"reason", "why"}, {"note", ""}};
    return r;
}

}  // namespace

TEST_CASE("a line holds its keys in the documented order and ends with its checksum") {
    const std::string line = render_line(12, full_record(), 10).text;
    const std::string_view keys[] = {"{\"i\":12,", "\"ts\":\"2026-11-22T10:00:00.000001Z\"", "\"kind\":\"stmt.result\"",
                                     "\"agent\"", "\"person\"", "\"database\"", "\"session\"", "\"statement\"",
                                     "\"address\"", "\"sql\"", "\"literals\"", "\"class\"", "\"decision\"", "\"rule\"",
                                     "\"request\"", "\"task\"", "\"relations\"", "\"rows\":0", "\"bytes\":12",
                                     "\"masked\":{\"email\":3}", "\"sqlstate\"", "\"tag\"", "\"duration_us\":5",
                                     "\"more\"", "\"ck\":10", "\"crc\":"};
    std::size_t at = 0;
    for (const std::string_view key : keys) {
        CAPTURE(key);
        const std::size_t found = line.find(key, at);
        REQUIRE(found != std::string::npos);
        at = found + 1;
    }
    const std::size_t mark = line.rfind(",\"crc\":");
    CHECK(line.substr(mark) == ",\"crc\":" + std::to_string(crypto::crc32c(bytes_of(line.substr(0, mark)))) + "}");
}

TEST_CASE("a line read back is the record that was written") {
    const auto stored = parse_line(render_line(12, full_record(), 10).text);
    REQUIRE(stored);
    CHECK(stored->index == 12);
    CHECK(stored->signed_size == 10);
    CHECK(stored->record == full_record());
    Record empty;
    empty.time = full_record().time;
    const auto again = parse_line(render_line(0, empty).text);
    REQUIRE(again);
    CHECK(again->record == empty);
    CHECK_FALSE(again->signed_size);
}

TEST_CASE("no changed bit of a line goes unseen") {
    std::string line = render_line(5, full_record()).text;
    for (std::size_t bit = 0; bit < line.size() * 8; ++bit) {
        line[bit / 8] = static_cast<char>(line[bit / 8] ^ 1 << bit % 8);
        CHECK_FALSE(parse_line(line));
        line[bit / 8] = static_cast<char>(line[bit / 8] ^ 1 << bit % 8);
    }
    CHECK(parse_line(line));
    for (std::size_t length = 0; length < line.size(); ++length) CHECK_FALSE(parse_line(line.substr(0, length)));
}

TEST_CASE("lines that nobody of ours wrote are refused even with a right checksum") {
    const auto with_crc = [](std::string body) {
        const auto crc = crypto::crc32c(bytes_of(body));
        return body + ",\"crc\":" + std::to_string(crc) + "}";
    };
    const std::string ts = ",\"ts\":\"2026-11-22T10:00:00.000001Z\"";
    CHECK(parse_line(with_crc("{\"i\":1" + ts)));
    CHECK_FALSE(parse_line(with_crc("{\"i\":01" + ts)));
    CHECK_FALSE(parse_line(with_crc("{ \"i\":1" + ts)));
    CHECK_FALSE(parse_line(with_crc("{\"i\":-1" + ts)));
    CHECK_FALSE(parse_line(with_crc("{\"i\":1" + ts + ts)));
    CHECK_FALSE(parse_line(with_crc("{\"i\":1,\"kind\":\"log.stop\"" + ts)));
    CHECK_FALSE(parse_line(with_crc("{\"i\":1" + ts + ",\"kind\":\"log.unknown\"")));
    CHECK_FALSE(parse_line(with_crc("{\"i\":1" + ts + ",\"extra\":1")));
    CHECK_FALSE(parse_line(with_crc("{\"i\":1" + ts + ",\"sql\":\"\\ud800\"")));
    CHECK_FALSE(parse_line(with_crc("{\"i\":1" + ts + ",\"sql\":\"a\nb\"")));
    CHECK_FALSE(parse_line(with_crc("{\"i\":1" + ts + ",\"sql\":{\"blob\":\"../../etc/passwd\",\"bytes\":1}")));
    CHECK_FALSE(parse_line(with_crc("{\"i\":1" + ts + ",\"rows\":9223372036854775808")));
}

TEST_CASE("a long statement goes to a blob, whole, and the line stays within its limit") {
    Record r = full_record();
    r.sql.assign(100000, 'x');
    const RenderedLine line = render_line(1, r);
    CHECK(line.text.size() <= MaxLine);
    REQUIRE(line.blobs.size() == 1);
    CHECK(line.blobs[0].name == crypto::hex(crypto::sha256(line.blobs[0].content)));
    auto stored = parse_line(line.text);
    REQUIRE(stored);
    REQUIRE(stored->blobs.size() == 1);
    CHECK(stored->record.sql.empty());
    CHECK(stored->blobs[0].bytes == line.blobs[0].content.size());
    CHECK(restore_blob(*stored, stored->blobs[0], line.blobs[0].content));
    CHECK(stored->record == r);
}

TEST_CASE("many values of middling length are moved out until the line fits, none is cut") {
    Record r = full_record();
    r.sql.assign(30000, 'a');
    r.task.assign(30000, 'b');
    r.rule.assign(30000, '\n');
    for (int i = 0; i < 3000; ++i) r.literals.push_back({"text", "0011223344556677", 9});
    for (int i = 0; i < 500; ++i) r.masked.emplace_back("column" + std::to_string(i), 1);
    for (int i = 0; i < 500; ++i) r.more.emplace_back("key" + std::to_string(i), std::string(100, 'v'));
    const RenderedLine line = render_line(1, r, 0);
    CHECK(line.text.size() <= MaxLine);
    auto stored = parse_line(line.text);
    REQUIRE(stored);
    CHECK(stored->blobs.size() == line.blobs.size());
    for (const BlobReference& reference : std::vector(stored->blobs)) {
        for (const Blob& blob : line.blobs) {
            if (blob.name == reference.name) CHECK(restore_blob(*stored, reference, blob.content));
        }
    }
    CHECK(stored->record == r);
}

TEST_CASE("what a terminal would act upon is escaped in the line itself") {
    Record r = full_record();
    r.task = "a\x1b[2Jb\u202Ec\u200Bd\u2066e\xff\x80\U000E0041";
    const std::string line = render_line(1, r).text;
    for (const char c : line) CHECK(static_cast<unsigned char>(c) >= 0x20);
    CHECK(line.find("\\u001b[2Jb\\u202ec\\u200bd\\u2066e\xEF\xBF\xBD\xEF\xBF\xBD\\udb40\\udc41") != std::string::npos);
    const auto stored = parse_line(line);
    REQUIRE(stored);
    CHECK(stored->record.task == "a\x1b[2Jb\u202Ec\u200Bd\u2066e\uFFFD\uFFFD\U000E0041");
    CHECK(shown("a\x1b\u202E") == "a\\u{1b}\\u{202e}");
}

TEST_CASE("weight tells a line's size to a quarter") {
    for (const Record& record : {full_record(), Record{}}) {
        const double line = static_cast<double>(render_line(1234567, record).text.size()), weight = static_cast<double>(audit::weight(record));
        CAPTURE(line);
        CAPTURE(weight);
        CHECK(weight > line * 0.75);
        CHECK(weight < line * 1.25);
    }
}

TEST_CASE("times are written and read in one spelling, people may type less") {
    CHECK(print_time(WallTime{}) == "1970-01-01T00:00:00.000000Z");
    const auto time = parse_time("2024-02-29T23:59:59.999999Z");
    REQUIRE(time);
    CHECK(print_time(*time) == "2024-02-29T23:59:59.999999Z");
    CHECK_FALSE(parse_time("2023-02-29T00:00:00.000000Z"));
    CHECK_FALSE(parse_time("2024-02-29T24:00:00.000000Z"));
    CHECK_FALSE(parse_time("2024-02-29T23:59:59Z"));
    CHECK_FALSE(parse_time("2024-02-29T23:59:59.999999+01:00"));
    CHECK(parse_time("2024-02-29", true) == parse_time("2024-02-29T00:00:00.000000Z"));
    CHECK(parse_time("2024-02-29 01:02:03", true) == parse_time("2024-02-29T01:02:03.000000Z"));
    CHECK(parse_time("2024-02-29T01:02:03.5Z", true) == parse_time("2024-02-29T01:02:03.500000Z"));
    CHECK_FALSE(parse_time("yesterday", true));
}
