// Secret: bytes that must not be shown, logged, compared in variable time or left in freed memory.
//
// A value type that erases itself. It has no formatter, no operator== and no implicit conversion;
// whoever needs the bytes says `reveal()`. Any thread; not shared.
#pragma once

#include <string>
#include <utility>

#include "pgveil/core/bytes.h"

namespace pgveil {

class Secret {
  public:
    Secret() = default;
    explicit Secret(Bytes bytes) : bytes_(std::move(bytes)) {}
    explicit Secret(std::string_view text) : bytes_(copy_of(bytes_of(text))) {}
    Secret(const Secret&) = default;
    Secret(Secret&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
    Secret& operator=(Secret other) noexcept {
        bytes_.swap(other.bytes_);
        return *this;
    }
    ~Secret() { erase(); }

    /// The bytes themselves; they live as long as this Secret and are not to be copied about.
    [[nodiscard]] ByteView reveal() const noexcept { return bytes_; }
    [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }

    /// Equal length and bytes, in time that depends on the lengths alone.
    [[nodiscard]] bool equals(ByteView other) const noexcept {
        Byte difference = bytes_.size() == other.size() ? 0 : 1;
        for (std::size_t i = 0; i < bytes_.size(); ++i) {
            difference |= static_cast<Byte>(bytes_[i] ^ (i < other.size() ? other[i] : 0));
        }
        return difference == 0;
    }

  private:
    void erase() noexcept {
        volatile Byte* p = bytes_.data();
        for (std::size_t i = 0; i < bytes_.size(); ++i) p[i] = 0;
    }
    Bytes bytes_;
};

}  // namespace pgveil
