// How fast rows pass the wire code alone: framed, taken apart, put together again. Checked first: what comes
// out is what went in. Prints one line per measurement, median of rounds.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "protocol/backend_messages.h"
#include "protocol/encoder.h"
#include "protocol/frame_reader.h"

using namespace pgveil;
using namespace pgveil::protocol;

namespace {

constexpr std::size_t kRead = 64 * 1024;
constexpr int kRounds = 15;

Bytes rows(std::size_t count, std::size_t columns, std::size_t width) {
    const std::string value(width, 'v');
    const std::vector<std::optional<std::string>> cells(columns, value);
    Bytes out;
    for (std::size_t i = 0; i < count; ++i) put_text_row(out, cells);
    return out;
}

template <class PerFrame>
std::size_t read_frames(ByteView stream, PerFrame per_frame) {
    FrameReader reader(Direction::Backend, 256 * 1024, "Dd");
    std::size_t frames = 0;
    for (std::size_t at = 0; at < stream.size(); at += kRead) {
        reader.feed(stream.subspan(at, std::min(kRead, stream.size() - at)));
        for (;;) {
            const auto step = reader.next();
            if (step.next != FrameReader::Next::Frame) break;
            per_frame(step.frame);
            ++frames;
        }
        reader.keep_rest();
    }
    return frames;
}

std::size_t rebuild(ByteView stream, Bytes& out) {
    std::vector<RawCell> cells;
    return read_frames(stream, [&](const Frame& frame) {
        if (!parse_data_row(frame.body, cells)) std::abort();
        if (out.size() > kRead) out.clear();
        put_data_row(out, cells);
    });
}

void check(ByteView stream, std::size_t count) {
    Bytes all;
    std::vector<RawCell> cells;
    const std::size_t frames = read_frames(stream, [&](const Frame& frame) {
        if (parse_data_row(frame.body, cells)) put_data_row(all, cells);
    });
    if (frames != count || !std::ranges::equal(all, stream)) {
        std::fprintf(stderr, "wire: what came out is not what went in\n");
        std::exit(1);
    }
}

template <class Work>
double median_ns(Work work) {
    std::vector<double> times;
    for (int i = 0; i < kRounds; ++i) {
        const auto begun = std::chrono::steady_clock::now();
        work();
        times.push_back(std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begun).count());
    }
    std::ranges::nth_element(times, times.begin() + kRounds / 2);
    return times[kRounds / 2];
}

void measure(const char* name, std::size_t count, std::size_t columns, std::size_t width) {
    const Bytes stream = rows(count, columns, width);
    check(stream, count);
    std::size_t seen = 0;
    const double framing = median_ns([&] { seen += read_frames(stream, [](const Frame&) {}); });
    Bytes out;
    const double rebuilding = median_ns([&] { seen += rebuild(stream, out); });
    const auto rate = [&](double ns) { return static_cast<double>(stream.size()) / ns * 1000; };
    std::printf("%-22s framing %6.1f ns/row %8.0f MB/s   taken apart and rebuilt %6.1f ns/row %7.0f MB/s  (%zu)\n", name,
                framing / static_cast<double>(count), rate(framing), rebuilding / static_cast<double>(count), rate(rebuilding), seen);
}

}  // namespace

int main() {
    measure("one integer", 200'000, 1, 4);
    measure("six short texts", 100'000, 6, 20);
    measure("thirty texts", 20'000, 30, 24);
    measure("one wide text", 2'000, 1, 8'000);
    return 0;
}
