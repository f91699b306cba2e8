// RowMasker: cells in, masked cells out.
//
// CompiledRules is immutable and shared by all workers; a RowMasker belongs to one worker (it owns
// scratch memory) and is neither copied nor moved. It knows no socket, no file, no protocol framing.
// Reads hostile bytes: yes, every cell. Any doubt (scan error, overflow, undecodable binary) masks the cell.
#pragma once

#include <memory>
#include <span>

#include "pgveil/core/bytes.h"
#include "pgveil/core/keyed_hash.h"
#include "pgveil/core/result.h"
#include "pgveil/masking/mask_plan.h"
#include "pgveil/masking/rule_pack.h"

namespace pgveil::masking {

/// A borrowed cell; size -1 is NULL. No formatter on purpose.
struct CellView {
    const Byte* data = nullptr;
    std::int32_t size = -1;
    [[nodiscard]] bool is_null() const { return size < 0; }
    [[nodiscard]] ByteView bytes() const { return {data, is_null() ? 0U : static_cast<std::size_t>(size)}; }
};

class CompiledRules;  // masking/engine: pattern databases + confirmers + name hints

/// Why packs do not compile: rule id and a sentence.
struct RuleRefusal {
    std::string rule, why;
};
/// Compiles and proves the rules (each rule's examples are run). Blocks for 0.1-0.5 s: control thread or start.
[[nodiscard]] Result<std::shared_ptr<const CompiledRules>, RuleRefusal> compile(const std::vector<RulePack>& packs);

/// A finding in one text value; offsets in bytes. `rule` lives as long as the CompiledRules.
struct Finding {
    std::string_view class_name, rule;
    std::size_t start = 0, end = 0;
    double confidence = 0.0;
    Transform transform = Transform::Redact;
};

/// The column class a *name* alone gives (hints of the packs on words of the name) to values of `type` (a domain's base
/// type), or nullptr. Lives as long as `rules`.
[[nodiscard]] const Rule* class_of_name(const CompiledRules& rules, std::string_view column_name, Oid type);

class RowMasker {
  public:
    /// `keys` hashes for keyed transforms; must outlive the masker.
    RowMasker(std::shared_ptr<const CompiledRules> rules, const KeyedHash& keys);
    RowMasker(const RowMasker&) = delete;
    RowMasker& operator=(const RowMasker&) = delete;
    ~RowMasker();

    struct Outcome {
        std::uint32_t masked = 0;        // cells changed
        bool doubtful = false;           // some cell was withheld because it could not be understood
    };
    /// Masks one row. `cells.size()` must equal the plan's columns (else all cells become NULL, doubtful).
    /// A cell that changes is re-pointed at memory of this masker, valid until the next call.
    /// `by_rule[i]`, if given, receives +1 for each column i whose cell changed.
    Outcome mask(std::span<CellView> cells, const RowPlan& plan, std::span<std::uint64_t> by_column = {});

    /// Turns `Scan` into `Pass` for columns whose type and names leave nothing to find (an integer called
    /// "quantity"). Once per plan, before passes_everything().
    void settle(RowPlan& plan);
    /// True if no cell of such rows can change: the relay may forward by header inspection.
    [[nodiscard]] static bool passes_everything(const RowPlan& plan);

    /// Content detection on one text, for `pgveil detect` and free texts (errors, notices).
    /// `column_name` may be empty. Findings are merged, ordered, and live until the next call.
    [[nodiscard]] std::span<const Finding> detect(std::string_view text, std::string_view column_name);
    /// `text` with every finding masked by its rule's transform; never longer than 2 * text + 64 * findings.
    [[nodiscard]] std::string mask_text(std::string_view text, std::string_view column_name);

    /// True if `text` holds a mask that this proxy's key made; `by_shape`: or has the shape of one (`[PERSON]`, `j***`).
    [[nodiscard]] bool made_mask(std::string_view text, bool by_shape) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace pgveil::masking
