#include "protocol/frame_reader.h"

#include <algorithm>

#include "protocol/wire_cursor.h"

namespace pgveil::protocol {
namespace {

constexpr std::uint64_t kLengthWord = 4;
constexpr std::uint64_t kHeader = 1 + kLengthWord;
// The server compares the length word, which counts itself, with these (libpq.h, postgres.c, auth.c).
constexpr std::uint64_t kLarge = 0x3fffffff - 1 - kLengthWord;
constexpr std::uint64_t kSmall = 10'000 - kLengthWord;
constexpr std::uint64_t kAuthToken = 65'535 - kLengthWord;
// An idle session should not keep the room its largest message needed.
constexpr std::size_t kKeepCapacity = 16 * 1024;

std::uint64_t frontend_limit(char type) {
    switch (type) {
        case 'Q': case 'P': case 'B': case 'F': case 'd': return kLarge;
        case 'C': case 'D': case 'E': case 'H': case 'S': case 'X': case 'c': case 'f': return kSmall;
        case 'p': return kAuthToken;
        default: return 0;
    }
}

// Settings and descriptions: 1664 columns with their names, 65535 parameters.
constexpr std::uint64_t kDescription = 1 << 20;

// What a server may say at any length (rows, texts) is large; what has a fixed or short shape is small, so that a
// hostile server cannot make us collect for nothing.
std::uint64_t backend_limit(char type) {
    switch (type) {
        case 'D': case 'E': case 'N': case 'V': case 'd': return kLarge;
        case 'S': case 'T': case 't': return kDescription;
        case 'R': return kAuthToken;
        case '1': case '2': case '3': case 'A': case 'C': case 'G': case 'H': case 'I': case 'K': case 'W': case 'Z':
        case 'c': case 'n': case 's': case 'v': return kSmall;
        default: return 0;
    }
}

FrameReader::Step malformed(char type, Malformed why) {
    return {.next = FrameReader::Next::Malformed, .frame = {.type = type, .body = {}}, .why = why};
}
FrameReader::Step need_more() { return {.next = FrameReader::Next::NeedMore, .frame = {}}; }

}  // namespace

std::uint64_t body_limit(Direction direction, char type) {
    switch (direction) {
        case Direction::Frontend: return frontend_limit(type);
        case Direction::Backend: return backend_limit(type);
    }
    return 0;
}

FrameReader::FrameReader(Direction direction, std::size_t whole_limit, std::string_view piecewise)
    : direction_(direction), whole_limit_(whole_limit), piecewise_(piecewise) {}

void FrameReader::feed(ByteView input) {
    if (!input_.empty()) keep_rest();
    input_ = input;
}

FrameReader::Step FrameReader::next() {
    drop_consumed();
    if (piece_left_ > 0) return piece();
    if (shortened_.capacity() > 0) Bytes().swap(shortened_);
    if (!skipped()) return need_more();

    // The header is looked at where it lies; only a header cut in two is joined in kept_.
    if (kept() > 0 && !fill_kept(1)) return need_more();
    const ByteView first = kept() > 0 ? ByteView(kept_).subspan(start_) : input_;
    if (first.empty()) return need_more();
    const char type = static_cast<char>(first[0]);
    const std::uint64_t limit = body_limit(direction_, type);
    if (limit == 0) return malformed(type, Malformed::UnknownType);
    if (first.size() < kHeader && kept() > 0 && !fill_kept(kHeader)) return need_more();
    const ByteView head = kept() > 0 ? ByteView(kept_).subspan(start_) : input_;
    if (head.size() < kHeader) return need_more();

    const std::uint64_t declared = load_network<std::uint32_t>(head.data() + 1);
    if (declared < kLengthWord) return malformed(type, Malformed::BadLength);
    const Header header{type, declared - kLengthWord};
    if (header.body > limit) return malformed(type, Malformed::TooLarge);
    const std::size_t whole_limit = type == 'V' ? std::min(whole_limit_, kKeepCapacity) : whole_limit_;   // nobody looks into it
    if (header.body > whole_limit && piecewise_.find(type) != std::string::npos) return begin_pieces(header);
    if (header.body > kLongestWords && direction_ == Direction::Backend && (type == 'E' || type == 'N')) return shortened(header);
    if (kept() > 0 && !fill_kept(kHeader + header.body)) return need_more();
    return whole(header, kept() > 0 ? ByteView(kept_).subspan(start_) : input_);
}

FrameReader::Step FrameReader::whole(const Header& header, ByteView from) {
    const std::uint64_t size = kHeader + header.body;
    if (from.size() < size) return need_more();
    const ByteView body = from.subspan(kHeader, static_cast<std::size_t>(header.body));
    if (kept() > 0) start_ += static_cast<std::size_t>(size);
    else input_ = input_.subspan(static_cast<std::size_t>(size));
    return {.next = Next::Frame, .frame = {.type = header.type, .length = header.body, .body = body}};
}

/// The beginning of an error or notice; the rest is thrown away as it comes. Its last field stays one, and the context
/// that is lost is replaced: without any the words might pass for the server's own.
FrameReader::Step FrameReader::shortened(const Header& header) {
    constexpr std::uint64_t size = kHeader + kLongestWords;
    if (kept() > 0 && !fill_kept(size)) return need_more();
    const ByteView from = kept() > 0 ? ByteView(kept_).subspan(start_) : input_;
    if (from.size() < size) return need_more();
    std::size_t end = size;
    while (end > kHeader && (from[end - 1] & 0xC0) == 0x80) --end;         // not within a character
    if (end > kHeader && from[end - 1] >= 0xC0) --end;
    shortened_.assign(from.begin() + kHeader, from.begin() + static_cast<std::ptrdiff_t>(end));
    if (shortened_.empty() || shortened_.back() != 0) shortened_.push_back(0);
    append(shortened_, bytes_of(std::string_view("Wthe rest is not shown: it is too long\0\0", 40)));
    if (kept() > 0) start_ += size;
    else input_ = input_.subspan(size);
    skip_left_ = header.body - kLongestWords;
    return {.next = Next::Frame, .frame = {.type = header.type, .length = shortened_.size(), .body = shortened_}};
}

bool FrameReader::skipped() {
    if (skip_left_ == 0) return true;
    const bool from_kept = kept() > 0;
    const std::size_t here = from_kept ? kept() : input_.size();
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(here, skip_left_));
    skip_left_ -= size;
    if (from_kept) start_ += size;
    else input_ = input_.subspan(size);
    drop_consumed();
    return skip_left_ == 0 || (size > 0 && skipped());
}

FrameReader::Step FrameReader::begin_pieces(const Header& header) {
    if (kept() > 0) start_ += kHeader;
    else input_ = input_.subspan(kHeader);
    piece_type_ = header.type;
    piece_length_ = piece_left_ = header.body;
    Step step = piece();
    // A head without body bytes is still an answer: the receiver may send its own header on.
    if (step.next == Next::NeedMore) {
        step.next = Next::Frame;
        step.frame = {.type = piece_type_, .length = piece_length_, .body = {}, .first = true, .last = false};
    }
    step.frame.first = true;
    return step;
}

FrameReader::Step FrameReader::piece() {
    const bool from_kept = kept() > 0;
    const ByteView here = from_kept ? ByteView(kept_).subspan(start_) : input_;
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(here.size(), piece_left_));
    if (size == 0) return need_more();
    piece_left_ -= size;
    if (from_kept) start_ += size;
    else input_ = input_.subspan(size);
    return {.next = Next::Frame,
            .frame = {.type = piece_type_, .length = piece_length_, .body = here.first(size), .first = false,
                      .last = piece_left_ == 0}};
}

/// Brings the message at the front of kept_ to `wanted` bytes out of the input, and takes no byte more:
/// what follows is read where it lies.
bool FrameReader::fill_kept(std::uint64_t wanted) {
    if (kept() >= wanted) return true;
    const std::uint64_t missing = wanted - kept();
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(missing, input_.size()));
    append(kept_, input_.first(size));
    input_ = input_.subspan(size);
    return size == missing;
}

void FrameReader::keep_rest() {
    drop_consumed();
    if (start_ > kept_.size() / 2) {
        kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(start_));
        start_ = 0;
    }
    append(kept_, input_);
    input_ = {};
}

void FrameReader::drop_consumed() {
    if (start_ == 0 || start_ < kept_.size()) return;
    kept_.clear();
    start_ = 0;
    release_if_large();
}

void FrameReader::release_if_large() {
    if (kept_.capacity() > kKeepCapacity) Bytes().swap(kept_);
}

}  // namespace pgveil::protocol
