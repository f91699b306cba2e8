// CatalogFacts: what judging needs of one snapshot over and over, worked out once and kept in the snapshot's memo.
//
// Values that follow from the snapshot alone; the same answers come out without them, later. Immutable, any thread. Borrow
// from the snapshot, in whose memo they live.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "sql/analyze.h"
#include "sql/findings.h"

namespace pgveil::sql {

struct CatalogFacts {
    std::unordered_set<std::string_view> builtin_operators;  // names that only PostgreSQL's own operators have
    std::vector<const catalog::Cast*> user_casts;            // by functions that are not PostgreSQL's own
    catalog::SearchPath bare;                                // pg_catalog alone: how view and policy texts are written
};
[[nodiscard]] std::shared_ptr<const CatalogFacts> facts_of(const catalog::Snapshot& snapshot);

/// Findings kept with the snapshot. `what` names the object; they depend on the path in force and on the settings
/// that the context allows as well, which the key holds. With temporary objects about, which no other session has,
/// nothing is kept.
class KeptFindings {
  public:
    KeptFindings(const Context& context, const catalog::SearchPath& running, std::string_view what);
    [[nodiscard]] std::shared_ptr<const Findings> find() const;
    void put(std::shared_ptr<const Findings> findings) const;

  private:
    catalog::Memo& memo_;
    std::string key_;                    // empty: not kept
};

}  // namespace pgveil::sql
