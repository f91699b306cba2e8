// Result: a value or a named refusal. Refusals are per-function enums or structs that the direct
// caller handles; they are never passed up unread. Faults (unforeseen) end the session, see Fault.
#pragma once

#include <expected>
#include <string>

namespace pgveil {

template <class Value, class Refusal>
using Result = std::expected<Value, Refusal>;

template <class Refusal>
[[nodiscard]] constexpr std::unexpected<Refusal> refuse(Refusal why) {
    return std::unexpected<Refusal>(std::move(why));
}

/// Something nobody foresaw: a broken invariant, a library that failed. `where` is a code place, `what`
/// a sentence without data. Ends the session and only the session.
struct Fault {
    std::string where;
    std::string what;
    bool operator==(const Fault&) const = default;
};

}  // namespace pgveil
