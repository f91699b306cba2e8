// Bytes: the one vocabulary for octets that crosses rooms.
//
// ByteView is borrowed: whoever hands one out says in its header what ends its life. It has no
// formatter and no stream operator, so that cell and credential bytes cannot be printed by accident.
// Not here: encodings, numbers on the wire (protocol/), hashing (crypto/). Any thread. Hostile: yes.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgveil {

using Byte = std::uint8_t;
using ByteView = std::span<const Byte>;
using Bytes = std::vector<Byte>;

/// The same octets seen as text; the caller knows that they are text (SQL, names, our own JSON).
/// Lives as long as the view's owner.
[[nodiscard]] inline std::string_view text_of(ByteView bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The same characters seen as octets. Lives as long as the text's owner.
[[nodiscard]] inline ByteView bytes_of(std::string_view text) noexcept {
    return {reinterpret_cast<const Byte*>(text.data()), text.size()};
}

/// An owned copy, made visibly.
[[nodiscard]] inline Bytes copy_of(ByteView bytes) { return Bytes(bytes.begin(), bytes.end()); }

inline void append(Bytes& to, ByteView what) { to.insert(to.end(), what.begin(), what.end()); }
inline void append(Bytes& to, std::string_view what) { append(to, bytes_of(what)); }

}  // namespace pgveil
