// Detector: one text in, merged findings out. The pipeline of detection lives here:
// normal form -> gate -> finders and end-only scan -> confirmer -> merge. A hinted rule also runs where the text
// itself holds one of its hints shortly before ("phone 415-555-2671").
//
// Owns scratch memory and buffers: one thread, neither copied nor moved, no allocation in the steady state.
// Hostile bytes: yes. `doubt` in the answer means the caller must treat the whole text as sensitive.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "detect/escapes.h"
#include "detect/normal_form.h"
#include "engine/compiled_rules.h"

namespace pgveil::masking {

/// What the names around a value say. `stored` speaks for and against; what the agent chose (the output name,
/// JSON keys) only for. Null pointers say nothing. Borrowed for the call.
struct HintView {
    const NameHints* stored = nullptr;
    const NameHints* shown = nullptr;
    std::span<const NameHints* const> path;
    std::uint8_t look_alikes = 0;   // the text is a stored column's whole value, and its vote says that these shapes are no people's

    [[nodiscard]] bool speaks_for(std::size_t rule) const;
    [[nodiscard]] bool speaks_against(std::size_t rule) const;
    /// How much of a name speaks for the rule: of two rules that fit, the more exactly named one is right.
    [[nodiscard]] std::uint32_t weight_of(std::size_t rule) const;
    [[nodiscard]] bool opens_hinted_rules() const;
    /// The same of values of a type: names of counts say nothing of numbers.
    [[nodiscard]] bool speaks_for(std::size_t rule, Oid type, std::string_view class_name) const;
    /// The rule that a name alone decides for, if it may for values of this type.
    [[nodiscard]] const Rule* named(Oid type) const;
};

/// A value masked in a tagged column of the row at hand: found again wherever the row's free text repeats it.
struct Echo {
    std::string_view value, class_name;
};

class Detector {
  public:
    explicit Detector(std::shared_ptr<const CompiledRules> rules);
    Detector(const Detector&) = delete;
    Detector& operator=(const Detector&) = delete;

    struct Answer {
        std::span<const Finding> findings;   // ordered, disjoint, offsets in the text given; until the next call
        bool doubt = false;
    };
    /// `hints.named` is not looked at: a name that decides alone is the caller's affair.
    [[nodiscard]] Answer detect(std::string_view text, const HintView& hints);
    /// Whether this rule, before merging, finds something: for proving a rule's examples.
    [[nodiscard]] bool finds(std::size_t rule, std::string_view text, const HintView& hints);

    /// The rules that find the text as a whole, each once: for polls over a column's values.
    void rules_covering(std::string_view text, const HintView& hints, std::vector<std::uint32_t>& to);

    /// What detect() finds besides the rules' candidates, until the next call of this; both borrowed.
    void listen_for(std::span<const Echo> echoes) { echoes_ = echoes; }

    [[nodiscard]] const CompiledRules& rules() const { return *rules_; }

  private:
    struct Hit {
        std::uint32_t rule = 0;              // beyond the rules: an echo
        std::size_t start = 0, end = 0;
        double confidence = 0.0;
        std::uint32_t weight = 0;            // of the name that spoke for it
    };
    static bool on_match(void* self, std::uint32_t rule, std::uint64_t start, std::uint64_t end);
    static bool on_start(void* self, std::uint32_t rule, std::uint64_t start, std::uint64_t end);
    void collect(std::string_view text, const HintView& hints);
    void scan_resolved(const HintView& hints);
    void scan(std::string_view text, const Features& features, const HintView& hints);
    void find(const Features& features, std::uint64_t may);
    void match(const Features& features, std::uint64_t may, bool weak);
    bool look_for_cues(const Features& features);
    static bool on_cue(void* self, std::uint32_t rule, std::uint64_t start, std::uint64_t end);
    [[nodiscard]] bool cued(std::uint32_t rule, std::size_t start) const;
    static bool on_offer(void* self, std::size_t end);
    bool take(std::uint32_t rule, std::size_t end);
    [[nodiscard]] bool voted_out(const CompiledRule& rule, const Confirmed& found) const;
    std::optional<Confirmed> find_start(const CompiledRule& rule, std::size_t end);
    void find_echoes(std::string_view text);
    [[nodiscard]] Finding finding_of(const Hit& hit) const;
    void merge();

    std::shared_ptr<const CompiledRules> rules_;
    Scratch scratch_, start_scratch_;
    NormalForm normal_;
    Escapes escapes_;
    std::vector<DigitSpan> digit_spans_;
    std::vector<std::pair<std::uint32_t, std::size_t>> cues_;   // rule, where its hint ends in the text
    std::vector<Hit> hits_;
    std::span<const Echo> echoes_;
    std::vector<Finding> findings_;
    std::vector<std::size_t> last_end_;      // per rule: end of its last hit, to skip matches inside it
    // For the length of one scan:
    std::string_view text_;
    const HintView* hints_ = nullptr;
    std::size_t window_ = 0, wanted_end_ = 0, earliest_ = 0;
    std::uint32_t finding_ = 0;              // the rule whose finder runs
    std::size_t candidates_ = 0;             // looked at in this text
    bool doubt_ = false, fresh_ = false;     // fresh_: last_end_ is of this text
    bool as_it_came_ = false;                // text_ is the caller's, neither folded nor resolved
};

}  // namespace pgveil::masking
