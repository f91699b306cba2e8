// StrongId: a number that means one thing. Two ids of different tags do not compare or convert.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace pgveil {

template <class Tag, class Rep>
struct StrongId {
    Rep value{};
    constexpr StrongId() = default;
    constexpr explicit StrongId(Rep v) : value(v) {}
    auto operator<=>(const StrongId&) const = default;
};

}  // namespace pgveil

template <class Tag, class Rep>
struct std::hash<pgveil::StrongId<Tag, Rep>> {
    std::size_t operator()(const pgveil::StrongId<Tag, Rep>& id) const noexcept {
        return std::hash<Rep>{}(id.value);
    }
};
