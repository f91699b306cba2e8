// Ledger: what the audit log says about requests, grants and switches, folded from its records.
//
// It is the truth the store is measured against: an approval, a grant and a state count only if they stand
// here. Built at start from the log's history, then fed with every record control itself made durable. Owner:
// the service; control thread. A record it cannot read in full adds no approval and no grant.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "audit/record.h"
#include "pgveil/core/grant.h"
#include "pgveil/core/request.h"
#include "store/control_store.h"

namespace pgveil::control {

struct LoggedRequest {
    RequestState state = RequestState::Void;
    std::string agent, database, shape;
    Digest digest{};
    std::uint32_t approvals_needed = 0;          // 0: not read in full, never enough
    std::vector<std::string> approvers;
    WallTime usable_until{};
    std::map<std::string, std::int64_t> approvals;   // person -> bound on rows, -1: none
    std::string decided_by, outcome_tag;
    WallTime decided{};
};

class Ledger {
  public:
    /// Takes one record of the log, in the log's order. Kinds that are not control's are passed over.
    void apply(const audit::Record& record);

    [[nodiscard]] const LoggedRequest* request(const std::string& id) const;
    /// The grant as logged, revoked or not.
    [[nodiscard]] const Grant* grant(const std::string& id) const;
    [[nodiscard]] const std::map<std::string, LoggedRequest>& requests() const { return requests_; }
    [[nodiscard]] const std::map<std::string, Grant>& grants() const { return grants_; }
    [[nodiscard]] const std::vector<store::DenialRow>& denials() const { return denials_; }
    /// Present: turned off (the row) or on again (nullopt) as last said.
    using Switches = std::map<std::pair<store::SwitchKind, std::string>, std::optional<store::SwitchRow>>;
    [[nodiscard]] const Switches& switches() const { return switches_; }
    /// Time of the newest record seen: the clock may not fall behind it.
    [[nodiscard]] WallTime newest() const { return newest_; }

    /// Drops a request that ended, once the store says so too.
    void forget(const std::string& id) { requests_.erase(id); }
    void forget_denials() { denials_.clear(); }

  private:
    void file(const audit::Record& record);
    void approve(const audit::Record& record);
    void move(const audit::Record& record);
    void add_grant(const audit::Record& record);
    void switch_over(const audit::Record& record);
    std::map<std::string, LoggedRequest> requests_;
    std::map<std::string, Grant> grants_;
    std::vector<store::DenialRow> denials_;
    Switches switches_;
    WallTime newest_{};
};

}  // namespace pgveil::control
