#include "protocol/trace.h"

#include <doctest/doctest.h>

#include "protocol/encoder.h"

using namespace pgveil;
using namespace pgveil::protocol;

namespace {

std::string line(Direction direction, const Bytes& message) {
    FrameReader reader(direction, 1 << 20, "");
    reader.feed(message);
    return trace_line(direction, reader.next().frame);
}

}  // namespace

TEST_CASE("a trace names messages and shapes and shows no data") {
    Bytes out;
    const Bytes secret{'s', 'e', 'c', 'r', 'e', 't'};
    const ParameterOut parameters[] = {{.value = secret}, {.is_null = true}};
    put_bind(out, "", "s1", parameters, {});
    CHECK(line(Direction::Frontend, out) == "Bind portal=\"\" statement=\"s1\" parameters=[6 NULL ] formats=[]");

    Bytes row;
    const RawCell cells[] = {{secret.data(), 6}, {}};
    put_data_row(row, cells);
    CHECK(line(Direction::Backend, row) == "DataRow 2 [6 NULL ]");

    Bytes error;
    put_error(error, {.code = sqlstate::SyntaxError, .message = "secret"});
    CHECK(line(Direction::Backend, error) == "ErrorResponse ERROR 42601");
}

TEST_CASE("a malformed body and a piece say so") {
    Bytes bad;
    put_message(bad, 'B', Bytes{1});
    CHECK(line(Direction::Frontend, bad) == "Bind (malformed)");
    const Frame piece{.type = 'D', .length = 100, .body = {}, .first = false, .last = true};
    CHECK(trace_line(Direction::Backend, piece) == "D piece of 100 bytes, 0 here, last");
}
