// Trace: one message as one line of text, in the manual's names, for tests that compare dialogues.
//
// It shows types, names, counts, formats, tags and SQLSTATEs; never SQL text, a parameter, a cell, a copy
// line, a notification's payload or an error's words, so that a line may be kept. Not a log format.
// Hostile: yes (a malformed body renders as such). Any thread.
#pragma once

#include <string>

#include "protocol/frame_reader.h"

namespace pgveil::protocol {

/// "Bind portal="" statement="s1" parameters=2 (4 bytes, NULL)" ...; a piece of a longer message says so.
[[nodiscard]] std::string trace_line(Direction direction, const Frame& frame);

}  // namespace pgveil::protocol
