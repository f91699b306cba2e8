// Framing: whatever the segments, the same messages; nothing lost, nothing invented, nothing over a limit.
#include <algorithm>

#include "fuzz.h"
#include "protocol/encoder.h"
#include "protocol/frame_reader.h"

using namespace pgveil;
using namespace pgveil::protocol;
using pgveil::fuzz::require;

namespace {

struct Outcome {
    Bytes relayed;              // headers computed by us, bodies as delivered
    bool malformed = false;
    Malformed why{};
    bool operator==(const Outcome&) const = default;
};

Outcome relay(Direction direction, std::size_t whole_limit, ByteView stream, std::size_t step) {
    FrameReader reader(direction, whole_limit, "Dd");
    Outcome outcome;
    std::uint64_t open = 0;
    for (std::size_t at = 0; at < stream.size(); at += step) {
        // An allocation of its own, so that a view kept too long is seen by the address sanitizer.
        const Bytes segment = copy_of(stream.subspan(at, std::min(step, stream.size() - at)));
        reader.feed(segment);
        for (;;) {
            const auto got = reader.next();
            if (got.next == FrameReader::Next::Malformed) {
                outcome.malformed = true;
                outcome.why = got.why;
                require(reader.next().next == FrameReader::Next::Malformed, "framing, once lost, stays lost");
                return outcome;
            }
            if (got.next == FrameReader::Next::NeedMore) break;
            const Frame& frame = got.frame;
            require(frame.length <= body_limit(direction, frame.type), "no frame is longer than its type may be");
            require(frame.first == (open == 0), "pieces follow their head");
            if (frame.first) put_header(outcome.relayed, frame.type, static_cast<std::uint32_t>(frame.length));
            if (frame.first) open = frame.length;
            require(frame.body.size() <= open, "no piece is longer than what is left");
            require(!frame.first || !frame.last || frame.body.size() == frame.length, "a whole message is whole");
            append(outcome.relayed, frame.body);
            open -= frame.body.size();
            require(frame.last == (open == 0), "the last piece ends the message");
        }
        reader.keep_rest();
        require(reader.kept() <= stream.size(), "nothing grows by a declared length");
    }
    return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const Direction direction = (data[0] & 1) != 0 ? Direction::Backend : Direction::Frontend;
    const std::size_t whole_limit = (data[0] & 2) != 0 ? 16 : 65536;
    const ByteView stream(data + 2, size - 2);
    const Outcome at_once = relay(direction, whole_limit, stream, std::max<std::size_t>(1, stream.size()));
    require(at_once.relayed.size() <= stream.size(), "no more comes out than went in");
    require(std::equal(at_once.relayed.begin(), at_once.relayed.end(), stream.begin()), "what comes out is what went in");
    const Outcome in_segments = relay(direction, whole_limit, stream, 1 + data[1] % 67);
    require(at_once == in_segments, "segments change nothing");
    return 0;
}
