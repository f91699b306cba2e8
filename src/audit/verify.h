// Verify: four separate verdicts about a log, each with its ground. Needs the directory and the public key only.
//
//   integrity     every leaf, every checkpoint, every blob is what was signed
//   completeness  nothing is missing; without an anchor a log cut back together with its checkpoints looks whole,
//                 so the best verdict is then Unproven
//   freshness     the last signed record is not old, the clock did not step back
//   anchoring     which copies kept outside were compared
//
// Blocks; constant memory. Hostile: every file of the log and every anchor.
#pragma once

#include <string>
#include <vector>

#include "audit/log_scan.h"
#include "audit/note.h"

namespace pgveil::audit {

enum class Finding : std::uint8_t { Fail, Unproven, Pass };
[[nodiscard]] std::string_view name_of(Finding finding);

struct Verdict {
    Finding finding = Finding::Fail;
    std::string ground;
};

struct Anchor {
    std::string name;  // as the operator gave it
    std::vector<SignedCheckpoint> checkpoints;
};

struct VerifyOptions {
    std::vector<std::string> dirs;           // main, then fallback
    std::optional<VerifierKey> key;          // absent: the one in log.json, which proves nothing to a stranger
    std::vector<Anchor> anchors;
    WallTime now{};
    std::chrono::seconds max_age = std::chrono::hours(24);
};

struct VerifyReport {
    Verdict integrity, completeness, freshness, anchoring;
    bool self_attested = true;
    bool append_only = false;  // chattr +a on the newest segment
    std::string key;
    std::uint64_t records = 0, checkpoints = 0, unsigned_records = 0;
    std::size_t segments = 0;
    std::optional<Trouble> first_bad;
    std::vector<std::string> remarks;
    /// Nothing failed and the key came from outside: exit 0.
    [[nodiscard]] bool holds() const;
};

[[nodiscard]] VerifyReport verify_log(const VerifyOptions& options);

}  // namespace pgveil::audit
