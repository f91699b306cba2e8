// Plans: from policy's directives and the server's description to the masking engine's row plan.
// The strictest of lineage and RowDescription wins; what neither knows is withheld or redacted. PlanCache is a worker's, the rest is pure.
#pragma once

#include "relay/judge.h"

namespace pgveil::relay {

/// `result` is the index of the statement of the text whose rows these are.
[[nodiscard]] masking::RowPlan make_plan(const Judged* judged, std::size_t result, const Description& description,
                                         std::span<const std::int16_t> formats, const DatabaseView& view);

/// A column of RowDescription with its type taken apart by the catalog.
[[nodiscard]] masking::Column column_of(std::string_view name, ColumnId id, Oid type, const catalog::Snapshot& catalog);

/// How the rows of one result go out. Immutable.
struct Planned {
    DescriptionPtr description;
    std::size_t result = 0;
    std::vector<std::int16_t> formats;
    std::uint64_t view_version = 0;
    masking::RowPlan rows;
    bool passes = false;                     // no cell can change
};
using PlannedPtr = std::shared_ptr<const Planned>;

/// The latest plan and description of each judgement: a statement that comes again costs neither anew. One per worker;
/// bounded, starts anew when full. Tied to the masker whose rules settled the plans: clear() when that is replaced.
class PlanCache {
  public:
    PlanCache() = default;
    PlanCache(const PlanCache&) = delete;
    PlanCache& operator=(const PlanCache&) = delete;

    [[nodiscard]] PlannedPtr plan(const JudgedPtr& judged, std::size_t result, const DescriptionPtr& description,
                                  std::span<const std::int16_t> formats, const DatabaseView& view, masking::RowMasker& masker);
    /// The description that this RowDescription gave last time; null: it is another.
    [[nodiscard]] DescriptionPtr described(const JudgedPtr& judged, ByteView row_description, const DatabaseView& view) const;
    void learn(const JudgedPtr& judged, ByteView row_description, const DatabaseView& view, DescriptionPtr description);
    void clear() { kept_.clear(), weight_ = 0, passing_ = {}; }

  private:
    struct Kept {
        JudgedPtr judged;                    // keeps its address from being another's
        std::uint64_t view_version = 0;
        Bytes row_description;
        DescriptionPtr description;
        PlannedPtr planned;
    };
    [[nodiscard]] Kept& kept(const JudgedPtr& judged);
    [[nodiscard]] const Kept* found(const JudgedPtr& judged) const;
    std::unordered_map<const Judged*, Kept> kept_;
    std::size_t weight_ = 0;                 // of all of kept_, bytes
    Kept passing_;                           // of the last judgement that is not lasting: nothing else is pushed out for it
};

}  // namespace pgveil::relay
