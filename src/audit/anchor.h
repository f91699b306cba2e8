// Anchors: checkpoints sent to places that whoever holds this host does not hold, `syslog:` and `file:/path`.
//
// Its own thread, because a mount of another machine may hang and must not hold the log up. Only the newest
// checkpoint matters: what comes while one is being sent replaces what waits. At most one a second, and the
// last one when the sender ends. Owner: Journal. offer() from any thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "audit/note.h"
#include "pgveil/core/result.h"

namespace pgveil::audit {

class AnchorSender {
  public:
    /// Refusal: an anchor that is neither.
    [[nodiscard]] static Result<std::unique_ptr<AnchorSender>, std::string> start(std::vector<std::string> anchors);
    ~AnchorSender();
    AnchorSender(const AnchorSender&) = delete;
    AnchorSender& operator=(const AnchorSender&) = delete;
    void offer(const SignedCheckpoint& checkpoint);
    /// The last failure, empty if the last sending succeeded.
    [[nodiscard]] std::string problem() const;

  private:
    struct State;
    explicit AnchorSender(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace pgveil::audit
