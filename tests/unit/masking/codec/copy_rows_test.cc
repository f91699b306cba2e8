// COPY's formats: however the stream is cut, the same rows come out, and cells put back unchanged are the same bytes.
#include "pgveil/masking/copy_rows.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

using namespace pgveil;
using masking::CellView;
using masking::CopyRows;

namespace {

using Row = std::vector<std::optional<std::string>>;

struct Read {
    std::vector<Row> rows;
    std::string out;
    bool malformed = false, complete = false;
    int prologues = 0, epilogues = 0, large = 0;
    bool operator==(const Read&) const = default;
};

template <class Change>
void drain(CopyRows& rows, Read& read, Bytes& out, Change change) {
    for (;;) {
        const CopyRows::Next next = rows.next();
        if (next == CopyRows::Next::NeedMore) return;
        if (next == CopyRows::Next::Malformed) {
            read.malformed = true;
            return;
        }
        if (next == CopyRows::Next::Prologue) ++read.prologues;
        if (next == CopyRows::Next::Epilogue) ++read.epilogues;
        if (next == CopyRows::Next::Row) {
            read.large += rows.too_large() ? 1 : 0;
            Row row;
            for (const CellView& cell : rows.cells()) row.push_back(cell.is_null() ? std::nullopt : std::optional(std::string(text_of(cell.bytes()))));
            read.rows.push_back(row);
            change(rows.cells());
        }
        rows.put(out);
    }
}

/// Each part lives in memory of its own, so that a view kept too long is seen by the sanitizer.
template <class Change>
Read read_parts(const CopyOptions& options, std::size_t columns, const std::vector<std::string>& parts, std::size_t max_row, Change change) {
    CopyRows rows(options, columns, max_row);
    Read read;
    Bytes out;
    for (const std::string& part : parts) {
        const Bytes fed = copy_of(bytes_of(part));
        rows.feed(fed);
        drain(rows, read, out, change);
    }
    read.out = std::string(text_of(out));
    read.complete = rows.complete();
    return read;
}

void keep(std::span<CellView>) {}

Read whole(const CopyOptions& options, std::size_t columns, const std::string& stream) {
    return read_parts(options, columns, {stream}, 1 << 20, keep);
}

/// Every cut in two, every cut in three of short streams, and single bytes.
void same_at_every_cut(const CopyOptions& options, std::size_t columns, const std::string& stream) {
    const Read expected = whole(options, columns, stream);
    for (std::size_t i = 0; i <= stream.size(); ++i) {
        for (std::size_t j = i; j <= stream.size(); j += stream.size() > 120 ? 7 : 1) {
            const Read read = read_parts(options, columns, {stream.substr(0, i), stream.substr(i, j - i), stream.substr(j)}, 1 << 20, keep);
            CAPTURE(i);
            CAPTURE(j);
            REQUIRE(read == expected);
        }
    }
    std::vector<std::string> bytes;
    for (const char c : stream) bytes.emplace_back(1, c);
    CHECK(read_parts(options, columns, bytes, 1 << 20, keep) == expected);
}

std::string word(std::uint32_t value, int bytes = 4) {
    std::string out;
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
    return out;
}

const std::string kSignature("PGCOPY\n\377\r\n\0", 11);

std::string binary(const std::vector<Row>& rows, bool trailer = true) {
    std::string out = kSignature + word(0) + word(0);
    for (const Row& row : rows) {
        out += word(static_cast<std::uint32_t>(row.size()), 2);
        for (const auto& cell : row) out += cell ? word(static_cast<std::uint32_t>(cell->size())) + *cell : word(0xFFFFFFFF);
    }
    return trailer ? out + word(0xFFFF, 2) : out;
}

CopyOptions csv(char quote = '"', char escape = '"', char delimiter = ',', std::string null_text = "", bool header = false) {
    return {CopyFormat::Csv, delimiter, quote, escape, std::move(null_text), header};
}

}  // namespace

TEST_CASE("text: escapes, NULL and empty values are told apart, at every cut") {
    const CopyOptions options;
    const std::string stream = "1\tplain\t\\N\n2\ttab\\there\\nline \\\\ back\t\n3\t\\b\\f\\r\\v\t\\\\N\n";
    const Read read = whole(options, 3, stream);
    CHECK(read.rows == std::vector<Row>{{"1", "plain", std::nullopt}, {"2", "tab\there\nline \\ back", ""}, {"3", "\b\f\r\v", "\\N"}});
    CHECK(read.out == stream);
    CHECK(read.complete);
    same_at_every_cut(options, 3, stream);
}

TEST_CASE("text: other delimiters and NULL texts; a header is one unit") {
    CopyOptions options{.delimiter = '|', .null_text = "NULL", .header = true};
    const std::string stream = "a|b\\|c\nx\\|y|NULL\n\t|\\\\\n";
    const Read read = whole(options, 2, stream);
    CHECK(read.prologues == 1);
    CHECK(read.out == stream);
    same_at_every_cut(options, 2, stream);
    CHECK(read_parts(options, 2, {"a|b\nq|NULL\n"}, 1000, keep).rows == std::vector<Row>{{"q", std::nullopt}});
    CHECK(whole(options, 2, "h|h\nraw\ttab|x\n").rows == std::vector<Row>{{"raw\ttab", "x"}});
}

TEST_CASE("text: what the server does not write is malformed, for ever") {
    for (const char* stream : {"a\tb\tc\n", "a\n", "a\\q\tb\n", "a\\101\tb\n", "a\tb\\\n", "a\\x41\tb\n", "\\.\n"}) {
        CAPTURE(stream);
        const Read read = read_parts({}, 2, {stream, "1\t2\n"}, 1000, keep);
        CHECK(read.malformed);
        CHECK(read.rows.empty());
        CHECK_FALSE(read.complete);
        CHECK(read.out.empty());
    }
}

TEST_CASE("rows without columns and rows of one empty column are told apart") {
    CHECK(whole({}, 0, "\n\n").rows == std::vector<Row>{{}, {}});
    CHECK(whole({}, 1, "\n").rows == std::vector<Row>{{""}});
    CHECK(whole({}, 0, "x\n").malformed);
    CHECK(whole(csv(), 0, "\n").rows == std::vector<Row>{{}});
    CHECK(whole(csv(), 1, "\n\"\"\n").rows == std::vector<Row>{{std::nullopt}, {""}});
    CHECK(whole({.format = CopyFormat::Binary}, 0, binary({{}, {}})).rows == std::vector<Row>{{}, {}});
}

TEST_CASE("CSV: quotes, newlines and delimiters within quotes, at every cut") {
    const std::string stream = "id,\"na,me\"\n1,\"say \"\"hi\"\"\"\n2,\n3,\"\"\n4,\"a\nb\r\n,c\"\n5,x y\n";
    const CopyOptions options = csv('"', '"', ',', "", true);
    const Read read = whole(options, 2, stream);
    CHECK(read.rows == std::vector<Row>{{"1", "say \"hi\""}, {"2", std::nullopt}, {"3", ""}, {"4", "a\nb\r\n,c"}, {"5", "x y"}});
    CHECK(read.out == stream);
    CHECK(read.complete);
    same_at_every_cut(options, 2, stream);
}

TEST_CASE("CSV: an escape that is not the quote, odd quotes and delimiters") {
    const CopyOptions options = csv('\'', '\\', ';', "NULL");
    const std::string stream = "'it\\'s; \\\\';NULL\n'NULL';a\\b\n";
    const Read read = whole(options, 2, stream);
    CHECK(read.rows == std::vector<Row>{{"it's; \\", std::nullopt}, {"NULL", "a\\b"}});
    CHECK(read.out == stream);
    same_at_every_cut(options, 2, stream);
    const CopyOptions delimiter_escapes = csv('"', ',', ',', "");
    CHECK(whole(delimiter_escapes, 2, "\"a,,b,\"c\",d\n").rows == std::vector<Row>{{"a,b\"c", "d"}});
}

TEST_CASE("CSV: what the server does not write is malformed") {
    for (const char* stream : {"a\"b,c\n", "\"a\"b,c\n", "\"a\"\"\",\"b\"c\n", "a,b,c\n", "a\n", "a\r,b\n"}) {
        CAPTURE(stream);
        CHECK(whole(csv(), 2, stream).malformed);
    }
    CHECK(whole(csv('"', '\\'), 2, "\"a\\qb\",c\n").malformed);
    CHECK_FALSE(whole(csv(), 2, "\"a\n").complete);
}

TEST_CASE("binary: fields, NULL, empty values and the trailer, at every cut") {
    const CopyOptions options{.format = CopyFormat::Binary};
    const std::string stream = binary({{"abc", std::nullopt}, {"", std::string("\0\xff\n", 3)}, {std::nullopt, std::nullopt}});
    const Read read = whole(options, 2, stream);
    CHECK(read.rows == std::vector<Row>{{"abc", std::nullopt}, {"", std::string("\0\xff\n", 3)}, {std::nullopt, std::nullopt}});
    CHECK(read.out == stream);
    CHECK(read.complete);
    CHECK(read.prologues == 1);
    CHECK(read.epilogues == 1);
    same_at_every_cut(options, 2, stream);
}

TEST_CASE("binary: an extension area is skipped and does not go on") {
    const std::string stream = kSignature + word(0) + word(6) + "hidden" + word(1, 2) + word(1) + "x" + word(0xFFFF, 2);
    const Read read = whole({.format = CopyFormat::Binary}, 1, stream);
    CHECK(read.out == binary({{"x"}}));
    same_at_every_cut({.format = CopyFormat::Binary}, 1, stream);
}

TEST_CASE("binary: wrong signature, flags, counts, lengths and late bytes are malformed; a missing trailer is no end") {
    const CopyOptions options{.format = CopyFormat::Binary};
    const std::string head = kSignature + word(0) + word(0);
    for (const std::string& stream : {std::string("PGCOPX"), kSignature + word(1) + word(0), kSignature + word(1 << 16) + word(0), kSignature + word(0) + word(0x7fffffff),
                                      head + word(2, 2), head + word(0, 2), head + word(0xFFFE, 2), head + word(1, 2) + word(0xFFFFFFFE),
                                      head + word(1, 2) + word(0x40000000), binary({{"x"}}) + "y", binary({{"x"}}) + word(0xFFFF, 2)}) {
        CHECK(whole(options, 1, stream).malformed);
    }
    CHECK_FALSE(whole(options, 1, binary({{"x"}}, false)).complete);
    CHECK_FALSE(whole(options, 1, "").complete);
}

TEST_CASE("changed cells are written as the server would write them") {
    const std::string odd = "a\tb|c,\"d\"\\e\nf\r'";
    const auto change = [&](std::span<CellView> cells) {
        cells[0] = {bytes_of(odd).data(), static_cast<std::int32_t>(odd.size())};
        cells[1] = {};
    };
    CHECK(read_parts({}, 3, {"x\ty\tz\\tz\n"}, 1000, change).out == "a\\tb|c,\"d\"\\\\e\\nf\\r'\t\\N\tz\\tz\n");
    CHECK(read_parts({.delimiter = '|', .null_text = ""}, 3, {"x|y|z\n"}, 1000, change).out == "a\\tb\\|c,\"d\"\\\\e\\nf\\r'||z\n");
    CHECK(read_parts(csv(), 3, {"x,y,\"z\"\n"}, 1000, change).out == "\"a\tb|c,\"\"d\"\"\\e\nf\r'\",,\"z\"\n");
    CHECK(read_parts(csv('\'', '\\'), 3, {"x,y,z\n"}, 1000, change).out == "'a\tb|c,\"d\"\\\\e\nf\r\\'',,z\n");
    CHECK(read_parts({.format = CopyFormat::Binary}, 3, {binary({{"x", "y", "z"}})}, 1000, change).out == binary({{odd, std::nullopt, "z"}}));
}

TEST_CASE("CSV quotes a changed cell only where it must, and where the server did") {
    std::string value;
    const auto change = [&](std::span<CellView> cells) { cells[0] = {bytes_of(value).data(), static_cast<std::int32_t>(value.size())}; };
    value = "[X]";
    CHECK(read_parts(csv(), 1, {"x\n"}, 1000, change).out == "[X]\n");
    CHECK(read_parts(csv(), 1, {"\"x\"\n"}, 1000, change).out == "\"[X]\"\n");   // FORCE_QUOTE
    value = "\\.";
    CHECK(read_parts(csv(), 1, {"x\n"}, 1000, change).out == "\"\\.\"\n");
    CHECK(read_parts(csv(), 2, {"x,y\n"}, 1000, change).out == "\\.,y\n");
    value = "NULL";
    CHECK(read_parts(csv('"', '"', ',', "NULL"), 2, {"x,NULL\n"}, 1000, change).out == "\"NULL\",NULL\n");
}

TEST_CASE("a row beyond the limit goes out as NULLs, and the next one is read again") {
    const std::string large(5000, 'x');
    for (const std::size_t piece : {1UL, 7UL, 999UL, 100000UL}) {
        CAPTURE(piece);
        const auto parts = [&](const std::string& stream) {
            std::vector<std::string> cut;
            for (std::size_t at = 0; at < stream.size(); at += piece) cut.push_back(stream.substr(at, piece));
            return cut;
        };
        const Read text = read_parts({}, 2, parts("a\tb\n" + large + "\tb\nc\td\n"), 1000, keep);
        CHECK(text.out == "a\tb\n\\N\t\\N\nc\td\n");
        CHECK(text.large == 1);
        CHECK(read_parts(csv(), 2, parts("a,b\n\"" + large + "\n,\",b\nc,d\n"), 1000, keep).out == "a,b\n,\nc,d\n");
        const Read bin = read_parts({.format = CopyFormat::Binary}, 2, parts(binary({{"a", "b"}, {large, "b"}, {"c", "d"}})), 1000, keep);
        CHECK(bin.out == binary({{"a", "b"}, {std::nullopt, std::nullopt}, {"c", "d"}}));
        CHECK(bin.complete);
    }
}
