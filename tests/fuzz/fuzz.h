// What every fuzz target shares. A target defines LLVMFuzzerTestOneInput and says with `require` what must
// hold for any input. Linked with libFuzzer (-Dfuzz=true, clang) or with smoke_main.cc, which replays the
// corpus and some random changes of it in every build.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "pgveil/core/bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace pgveil::fuzz {

inline void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "does not hold: %s\n", what);
    std::abort();
}

}  // namespace pgveil::fuzz
