// WireCursor: reads a body from front to back in network byte order, every step against what is left.
//
// The first shortfall sets `failed` for good; later reads give zeros and empty views, so a parser may
// read its whole shape and ask once. Private to protocol/. Hostile: yes. A value; any thread.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "pgveil/core/bytes.h"

namespace pgveil::protocol {

template <class Unsigned>
[[nodiscard]] inline Unsigned load_network(const Byte* from) noexcept {
    Unsigned value;
    std::memcpy(&value, from, sizeof value);
    if constexpr (std::endian::native == std::endian::little) value = std::byteswap(value);
    return value;
}

class WireCursor {
  public:
    explicit WireCursor(ByteView body) noexcept : at_(body.data()), end_(body.data() + body.size()) {}

    [[nodiscard]] std::uint8_t u8() noexcept { return fixed<std::uint8_t>(); }
    [[nodiscard]] std::uint16_t u16() noexcept { return fixed<std::uint16_t>(); }
    [[nodiscard]] std::uint32_t u32() noexcept { return fixed<std::uint32_t>(); }
    [[nodiscard]] std::int16_t i16() noexcept { return static_cast<std::int16_t>(u16()); }
    [[nodiscard]] std::int32_t i32() noexcept { return static_cast<std::int32_t>(u32()); }

    /// A string that ends with NUL inside the body.
    [[nodiscard]] std::string_view text() noexcept {
        const void* nul = left() == 0 ? nullptr : std::memchr(at_, 0, left());
        if (nul == nullptr) return fail(), std::string_view{};
        const auto size = static_cast<std::size_t>(static_cast<const Byte*>(nul) - at_);
        std::string_view result{reinterpret_cast<const char*>(at_), size};
        at_ += size + 1;
        return result;
    }

    [[nodiscard]] ByteView bytes(std::uint64_t size) noexcept {
        if (size > left()) return fail(), ByteView{};
        ByteView result{at_, static_cast<std::size_t>(size)};
        at_ += size;
        return result;
    }

    [[nodiscard]] std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }
    [[nodiscard]] bool failed() const noexcept { return failed_; }
    /// Everything fitted and nothing is left over: pq_getmsgend's condition.
    [[nodiscard]] bool complete() const noexcept { return !failed_ && at_ == end_; }
    void fail() noexcept {
        failed_ = true;
        at_ = end_;
    }

  private:
    template <class Unsigned>
    Unsigned fixed() noexcept {
        if (left() < sizeof(Unsigned)) return fail(), Unsigned{};
        const auto value = load_network<Unsigned>(at_);
        at_ += sizeof(Unsigned);
        return value;
    }
    const Byte* at_;
    const Byte* end_;
    bool failed_ = false;
};

}  // namespace pgveil::protocol
