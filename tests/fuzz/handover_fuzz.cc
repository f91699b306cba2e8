// What two processes of a rolling restart send each other: whatever bytes come, they are refused or are a message that
// packs to the same bytes again; frames come out of the inbox alike however the bytes are cut.
#include <algorithm>

#include "audit/record_codec.h"
#include "control/message_codec.h"
#include "fuzz.h"
#include "net/local_channel.h"
#include "proxy/handover.h"

using namespace pgveil;
using pgveil::fuzz::require;

namespace {

template <class T>
void check(ByteView body) {
    const auto got = unpacked<T>(body);
    if (got) require(std::ranges::equal(packed(*got), body), "one spelling");
}

void check_coded(ByteView body) {
    if (const auto record = audit::decode_record(body)) require(std::ranges::equal(audit::encode(*record), body), "a record");
    if (const auto ask = control::decode_ask(body)) require(std::ranges::equal(control::encode(*ask), body), "a question");
    if (const auto answer = control::decode_answer(body)) require(std::ranges::equal(control::encode(*answer), body), "an answer");
    if (const auto standing = control::decode_standing(body)) require(std::ranges::equal(control::encode(*standing), body), "what is allowed");
}

std::vector<std::pair<Byte, Bytes>> frames(ByteView bytes, std::size_t piece) {
    net::FrameInbox inbox(4096);
    std::vector<std::pair<Byte, Bytes>> all;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        inbox.feed(bytes.subspan(at, std::min(piece, bytes.size() - at)));
        while (const auto frame = inbox.next()) all.emplace_back(frame->type, copy_of(frame->body));
    }
    return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView bytes(data, size);
    check_coded(bytes);
    check<proxy::Hello>(bytes);
    check<proxy::Word>(bytes);
    check<proxy::Number>(bytes);
    check<proxy::Yours>(bytes);
    check<proxy::Numbered>(bytes);
    check<proxy::CancelCall>(bytes);
    check<proxy::LeftSessions>(bytes);
    require(frames(bytes, 1) == frames(bytes, 7) && frames(bytes, 7) == frames(bytes, bytes.size() + 1), "frames do not depend on how they were cut");
    return 0;
}
