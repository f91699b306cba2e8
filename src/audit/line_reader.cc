#include "audit/line_reader.h"

#include <algorithm>

#include "audit/line.h"

namespace pgveil::audit {
namespace {
constexpr std::size_t ReadBytes = 256 << 10;
}

std::optional<std::string_view> LineReader::next() {
    for (;;) {
        const std::size_t end = buffer_.find('\n', at_);
        if (end != std::string::npos) {
            if (end - at_ > MaxLine) return std::nullopt;
            line_offset_ = offset();
            const std::string_view line = std::string_view(buffer_).substr(at_, end - at_);
            at_ = end + 1;
            return line;
        }
        if (buffer_.size() - at_ > MaxLine || !refill()) return std::nullopt;
    }
}

bool LineReader::refill() {
    const std::uint64_t from = base_ + buffer_.size();
    if (from >= limit_ || error_ != 0) return false;
    const auto more = read_at(fd_, from, static_cast<std::size_t>(std::min<std::uint64_t>(ReadBytes, limit_ - from)));
    if (!more) error_ = more.error();
    if (!more || more->empty()) return false;
    base_ += at_;
    buffer_.erase(0, at_);
    at_ = 0;
    buffer_ += *more;
    return true;
}

}  // namespace pgveil::audit
