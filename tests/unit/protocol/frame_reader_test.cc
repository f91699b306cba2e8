#include "protocol/frame_reader.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "protocol/encoder.h"

using namespace pgveil;
using namespace pgveil::protocol;

namespace {

struct Seen {
    char type;
    std::string body;
    bool first, last;
    bool operator==(const Seen&) const = default;
};

// Feeds in segments of `step` bytes, keeping the rest each time, and poisons what was fed.
std::vector<Seen> read_all(FrameReader& reader, ByteView stream, std::size_t step, bool* malformed = nullptr) {
    std::vector<Seen> seen;
    for (std::size_t at = 0; at < stream.size(); at += step) {
        Bytes segment = copy_of(stream.subspan(at, std::min(step, stream.size() - at)));
        reader.feed(segment);
        for (;;) {
            const auto got = reader.next();
            if (got.next == FrameReader::Next::Malformed) {
                if (malformed != nullptr) *malformed = true;
                return seen;
            }
            if (got.next == FrameReader::Next::NeedMore) break;
            seen.push_back({got.frame.type, std::string(text_of(got.frame.body)), got.frame.first, got.frame.last});
        }
        reader.keep_rest();
        std::fill(segment.begin(), segment.end(), Byte{0xee});
    }
    return seen;
}

Bytes dialogue() {
    Bytes out;
    put_parse(out, "s1", "select $1", {});
    put_describe(out, 'S', "s1");
    put_sync(out);
    put_query(out, std::string(3000, 'x'));
    put_execute(out, "", 0);
    put_terminate(out);
    return out;
}

FrameReader::Step first_step(Direction direction, const std::vector<int>& bytes) {
    Bytes input(bytes.begin(), bytes.end());
    FrameReader reader(direction, 1 << 20, "");
    reader.feed(input);
    return reader.next();
}

}  // namespace

TEST_CASE("the same messages come out at every segment size") {
    const Bytes stream = dialogue();
    FrameReader at_once(Direction::Frontend, 1 << 20, "");
    const auto expected = read_all(at_once, stream, stream.size());
    REQUIRE(expected.size() == 6);
    CHECK(expected[0].type == 'P');
    CHECK(expected[3].body.size() == 3001);
    for (std::size_t step = 1; step < 40; ++step) {
        FrameReader reader(Direction::Frontend, 1 << 20, "");
        CHECK(read_all(reader, stream, step) == expected);
        CHECK(reader.at_boundary());
    }
}

TEST_CASE("every two-way split of a dialogue gives the same messages") {
    const Bytes stream = dialogue();
    FrameReader at_once(Direction::Frontend, 1 << 20, "");
    const auto expected = read_all(at_once, stream, stream.size());
    for (std::size_t cut = 1; cut < stream.size(); ++cut) {
        FrameReader reader(Direction::Frontend, 1 << 20, "");
        auto seen = read_all(reader, ByteView(stream).first(cut), cut);
        const auto rest = read_all(reader, ByteView(stream).subspan(cut), stream.size());
        seen.insert(seen.end(), rest.begin(), rest.end());
        REQUIRE(seen == expected);
    }
}

TEST_CASE("a whole message is seen where it lies, without a copy") {
    Bytes input;
    put_query(input, "select 1");
    FrameReader reader(Direction::Frontend, 1 << 20, "");
    reader.feed(input);
    const auto step = reader.next();
    REQUIRE(step.next == FrameReader::Next::Frame);
    CHECK(step.frame.body.data() == input.data() + 5);
    CHECK(reader.kept() == 0);
}

TEST_CASE("only the message that was cut is copied, the next is read in place") {
    Bytes input;
    put_query(input, "select 1");
    const std::size_t first_size = input.size();
    put_query(input, "select 2");
    FrameReader reader(Direction::Frontend, 1 << 20, "");
    reader.feed(ByteView(input).first(7));
    CHECK(reader.next().next == FrameReader::Next::NeedMore);
    reader.keep_rest();
    reader.feed(ByteView(input).subspan(7));
    const auto joined = reader.next();
    REQUIRE(joined.next == FrameReader::Next::Frame);
    CHECK(text_of(joined.frame.body) == std::string_view("select 1\0", 9));
    const auto in_place = reader.next();
    REQUIRE(in_place.next == FrameReader::Next::Frame);
    CHECK(in_place.frame.body.data() == input.data() + first_size + 5);
}

TEST_CASE("messages left unread when the peer is made to wait are kept in order") {
    const Bytes stream = dialogue();
    FrameReader reader(Direction::Frontend, 1 << 20, "");
    reader.feed(stream);
    std::string types;
    for (int i = 0; i < 6; ++i) {
        const auto step = reader.next();
        REQUIRE(step.next == FrameReader::Next::Frame);
        types.push_back(step.frame.type);
        reader.keep_rest();
    }
    CHECK(types == "PDSQEX");
    CHECK(reader.next().next == FrameReader::Next::NeedMore);
}

TEST_CASE("a long row comes in pieces that add up, at any segment size") {
    Bytes stream;
    put_message(stream, 'D', Bytes(1000, Byte{7}));
    put_message(stream, 'Z', Bytes{'I'});
    for (const std::size_t step : {1UL, 3UL, 5UL, 6UL, 100UL, 2000UL}) {
        FrameReader reader(Direction::Backend, 64, "Dd");
        const auto seen = read_all(reader, stream, step);
        std::string body;
        for (std::size_t i = 0; i + 1 < seen.size(); ++i) {
            CHECK(seen[i].type == 'D');
            CHECK(seen[i].first == (i == 0));
            CHECK(seen[i].last == (i + 2 == seen.size()));
            body += seen[i].body;
        }
        CHECK(body == std::string(1000, '\7'));
        CHECK(seen.back() == Seen{'Z', "I", true, true});
    }
}

TEST_CASE("a row up to the whole limit, and any type not named, comes whole") {
    Bytes stream;
    put_message(stream, 'D', Bytes(64, Byte{1}));
    put_message(stream, 'T', Bytes(900, Byte{2}));
    FrameReader reader(Direction::Backend, 64, "Dd");
    const auto seen = read_all(reader, stream, 11);
    REQUIRE(seen.size() == 2);
    CHECK((seen[0].first && seen[0].last && seen[0].body.size() == 64));
    CHECK((seen[1].first && seen[1].last && seen[1].body.size() == 900));
}

TEST_CASE("a header that claims a gigabyte makes nothing grow") {
    const Bytes header{'D', 0x3f, 0xff, 0xff, 0x00};
    FrameReader pieces(Direction::Backend, 64, "D");
    pieces.feed(header);
    const auto head = pieces.next();
    REQUIRE(head.next == FrameReader::Next::Frame);
    CHECK((head.frame.first && !head.frame.last && head.frame.body.empty()));
    CHECK(head.frame.length == 0x3fffff00 - 4);
    CHECK(pieces.next().next == FrameReader::Next::NeedMore);

    const Bytes bind{'B', 0x3f, 0xff, 0xff, 0x00};
    FrameReader whole(Direction::Frontend, 64, "");
    whole.feed(bind);
    CHECK(whole.next().next == FrameReader::Next::NeedMore);
    whole.keep_rest();
    CHECK(whole.kept() == 5);
}

TEST_CASE("lengths below four or beyond any limit end framing for good") {
    for (const std::vector<int>& length : {std::vector{0, 0, 0, 0}, {0, 0, 0, 3}}) {
        auto bytes = length;
        bytes.insert(bytes.begin(), 'Q');
        const auto step = first_step(Direction::Frontend, bytes);
        CHECK(step.next == FrameReader::Next::Malformed);
        CHECK(step.why == Malformed::BadLength);
    }
    for (const std::vector<int>& length : {std::vector{0x80, 0, 0, 0}, {0xff, 0xff, 0xff, 0xff}, {0x3f, 0xff, 0xff, 0xff}}) {
        auto bytes = length;
        bytes.insert(bytes.begin(), 'Q');
        const auto step = first_step(Direction::Frontend, bytes);
        CHECK(step.next == FrameReader::Next::Malformed);
        CHECK(step.why == Malformed::TooLarge);
    }
    Bytes input{'Q', 0, 0, 0, 3, 'Q', 0, 0, 0, 4};
    FrameReader reader(Direction::Frontend, 64, "");
    reader.feed(input);
    CHECK(reader.next().next == FrameReader::Next::Malformed);
    CHECK(reader.next().next == FrameReader::Next::Malformed);
}

TEST_CASE("the largest length the server takes is taken, one more is not") {
    CHECK(first_step(Direction::Frontend, {'Q', 0x3f, 0xff, 0xff, 0xfe}).next == FrameReader::Next::NeedMore);
    CHECK(first_step(Direction::Frontend, {'S', 0, 0, 0x27, 0x10}).next == FrameReader::Next::NeedMore);
    CHECK(first_step(Direction::Frontend, {'S', 0, 0, 0x27, 0x11}).why == Malformed::TooLarge);
    CHECK(first_step(Direction::Frontend, {'p', 0, 0, 0xff, 0xff}).next == FrameReader::Next::NeedMore);
    CHECK(first_step(Direction::Frontend, {'p', 0, 1, 0, 0}).why == Malformed::TooLarge);
    for (const char type : std::string("DESCHcfX")) {
        CHECK(first_step(Direction::Frontend, {type, 0, 0, 0x4e, 0x20}).why == Malformed::TooLarge);
    }
}

TEST_CASE("of an endless error only the beginning is kept, as a whole message with other words for what is lost") {
    constexpr std::uint32_t size = 5 << 20;
    Bytes input{'E', size >> 24, (size >> 16) & 0xff, (size >> 8) & 0xff, size & 0xff};
    append(input, std::string_view("SERROR\0C22000\0M", 16));
    while (input.size() < size + 1 - 2) append(input, std::string_view("\xc3\xa9"));
    input.resize(size + 1 - 2);
    append(input, std::string_view("\0\0", 2));
    append(input, std::string_view("Z\0\0\0\5I", 6));
    for (const std::size_t step : {std::size_t{1} << 16, std::size_t{777'777}, input.size()}) {
        FrameReader reader(Direction::Backend, 1 << 26, "D");
        std::string seen;
        for (std::size_t at = 0; at < input.size(); at += step) {
            reader.feed(ByteView(input).subspan(at, std::min(step, input.size() - at)));
            for (auto next = reader.next(); next.next == FrameReader::Next::Frame; next = reader.next()) {
                seen += next.frame.type;
                if (next.frame.type != 'E') continue;
                CHECK(next.frame.body.size() < kLongestWords + 100);
                const std::string_view text = text_of(next.frame.body);
                const std::string_view message = text.substr(16, text.find('\0', 16) - 16);
                CHECK(message.size() % 2 == 0);   // no half character
                CHECK(text.ends_with(std::string_view("it is too long\0\0", 16)));
            }
            reader.keep_rest();
            CHECK(reader.kept() < 2 * kLongestWords);
        }
        CHECK(seen == "EZ");
        CHECK(reader.at_boundary());
    }
}

TEST_CASE("settings and descriptions have a largest length, a row has not") {
    for (const char type : std::string("STt")) CHECK(first_step(Direction::Backend, {type, 0, 0x20, 0, 0}).why == Malformed::TooLarge);
    CHECK(first_step(Direction::Backend, {'A', 0, 0, 0x4e, 0x20}).why == Malformed::TooLarge);
    CHECK(first_step(Direction::Backend, {'D', 0x3f, 0, 0, 0}).next == FrameReader::Next::NeedMore);
}

TEST_CASE("an unknown type is malformed from its first byte, in both directions") {
    for (const int type : {0x00, int{'z'}, int{'T'}, 0xff, 0x16}) {
        const auto step = first_step(Direction::Frontend, {type});
        CHECK(step.next == FrameReader::Next::Malformed);
        CHECK(step.why == Malformed::UnknownType);
    }
    for (const int type : {0x00, int{'Q'}, int{'p'}, 0xff}) {
        CHECK(first_step(Direction::Backend, {type}).why == Malformed::UnknownType);
    }
    // The same when the byte before it was cut off from it.
    Bytes sync;
    put_sync(sync);
    sync.push_back('z');
    FrameReader reader(Direction::Frontend, 64, "");
    bool malformed = false;
    CHECK(read_all(reader, sync, 1, &malformed).size() == 1);
    CHECK(malformed);
}
