// MessageCodec: questions, answers and what is allowed, as bytes between two processes that share one control service.
//
// Pure. Hostile: the bytes may be anything; what is not a message is none. Answers carry statements in clear: the bytes
// are for a socket that only our own user can open.
#pragma once

#include <optional>

#include "control/messages.h"
#include "control/service.h"

namespace pgveil::control {

/// Grants and switches as of now.
struct Standing {
    std::vector<Grant> grants;
    std::vector<Switch> off;
    bool known = false;              // false: the store did not answer, everything is off
    bool operator==(const Standing&) const = default;
};

[[nodiscard]] Bytes encode(const Ask& ask);
[[nodiscard]] Bytes encode(const Answer& answer);
[[nodiscard]] Bytes encode(const Standing& standing);
[[nodiscard]] std::optional<Ask> decode_ask(ByteView bytes);
[[nodiscard]] std::optional<Answer> decode_answer(ByteView bytes);
[[nodiscard]] std::optional<Standing> decode_standing(ByteView bytes);

}  // namespace pgveil::control
