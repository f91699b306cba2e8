#include "detect/detector.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <new>

#include "detect/chars.h"
#include "detect/look_alike.h"

namespace pgveil::masking {
namespace {

/// More findings than this in one text: the text is masked whole.
constexpr std::size_t kMostHits = 65536;
/// More candidates than this in one text: confirmers hurry.
constexpr std::size_t kHurry = 200;
/// A hint within a text speaks for what begins at most this many bytes behind it (AWS Macie's distance).
constexpr std::size_t kCueReach = 30;
constexpr std::size_t kMostCues = 1024;
constexpr Requirement kCued{feature::Digit | feature::Letter, 7, 10};
/// A stored column's name silences only findings less sure than this: an e-mail address in "user_id" is one.
constexpr double kSure = 0.9;

}  // namespace

Detector::Detector(std::shared_ptr<const CompiledRules> rules) : rules_(std::move(rules)) {
    if (!rules_->fit(scratch_, start_scratch_)) throw std::bad_alloc();
    hits_.reserve(64);
    findings_.reserve(64);
    last_end_.resize(rules_->rules.size());
}

Detector::Answer Detector::detect(std::string_view text, const HintView& hints) {
    collect(text, hints);
    if (doubt_) return {{}, true};
    if (!hits_.empty()) merge();
    return {findings_, false};
}

bool Detector::finds(std::size_t rule, std::string_view text, const HintView& hints) {
    collect(text, hints);
    return std::ranges::any_of(hits_, [&](const Hit& hit) { return hit.rule == rule; });
}

void Detector::rules_covering(std::string_view text, const HintView& hints, std::vector<std::uint32_t>& to) {
    to.clear();
    collect(text, hints);
    for (const Hit& hit : hits_) {
        if (!doubt_ && hit.start == 0 && hit.end == text.size() && std::ranges::find(to, hit.rule) == to.end()) to.push_back(hit.rule);
    }
}

void Detector::collect(std::string_view text, const HintView& hints) {
    hits_.clear();
    findings_.clear();
    doubt_ = text.size() > std::numeric_limits<std::uint32_t>::max();
    if (doubt_ || text.empty()) return;
    const Features features = features_of(text);
    as_it_came_ = (features.present & feature::High) == 0 || !normal_.fold(text);
    if (as_it_came_) {
        scan(text, features, hints);
        as_it_came_ = false;
    } else {
        scan(normal_.text(), features_of(normal_.text()), hints);
        for (Hit& hit : hits_) {
            hit.start = normal_.origin(hit.start);
            hit.end = normal_.origin(hit.end);
        }
    }
    if (!doubt_ && escapes_.resolve(text)) scan_resolved(hints);
    if (!echoes_.empty() && !doubt_) find_echoes(text);
}

/// What the resolved text shows beside what was found in the text as it is.
void Detector::scan_resolved(const HintView& hints) {
    const std::size_t before = hits_.size();
    const Features features = features_of(escapes_.text());
    const bool folded = (features.present & feature::High) != 0 && normal_.fold(escapes_.text());
    scan(folded ? normal_.text() : escapes_.text(), folded ? features_of(normal_.text()) : features, hints);
    for (std::size_t i = before; i < hits_.size(); ++i) {
        Hit& hit = hits_[i];
        hit.start = escapes_.origin(folded ? normal_.origin(hit.start) : hit.start);
        hit.end = escapes_.origin(folded ? normal_.origin(hit.end) : hit.end);
    }
}

void Detector::find_echoes(std::string_view text) {
    for (std::size_t i = 0; i < echoes_.size(); ++i) {
        const std::string_view value = echoes_[i].value;
        for (std::size_t at = text.find(value); at != std::string_view::npos; at = text.find(value, at + value.size())) {
            if (is_word(peek(text, at - 1)) || is_word(peek(text, at + value.size()))) continue;
            if (hits_.size() == kMostHits) {
                doubt_ = true;
                return;
            }
            hits_.push_back({static_cast<std::uint32_t>(rules_->rules.size() + i), at, at + value.size(), 1.0});
        }
    }
}

void Detector::scan(std::string_view text, const Features& features, const HintView& hints) {
    text_ = text;
    hints_ = &hints;
    fresh_ = false;
    candidates_ = 0;
    cues_.clear();
    const std::uint64_t may = rules_->may_open[features.present];
    find(features, may >> CompiledRules::kFirstFinder);
    if (!doubt_) match(features, may & ((1U << CompiledRules::kFirstFinder) - 1), hints.opens_hinted_rules());
}

void Detector::find(const Features& features, std::uint64_t may) {
    bool spans_known = false;
    for (; may != 0; may &= may - 1) {
        const FoundRule& found = rules_->found[static_cast<std::size_t>(std::countr_zero(may))];
        if (!found.finder->gate.met_by(features)) continue;
        if (!spans_known && (found.finder->gate.present & feature::Digit) != 0) {
            digit_spans(text_, digit_spans_);
            spans_known = true;
        }
        finding_ = found.rule;
        found.finder->find({text_, digit_spans_}, {&Detector::on_offer, this});
    }
}

void Detector::match(const Features& features, std::uint64_t may, bool weak) {
    for (; may != 0; may &= may - 1) {
        const PatternGroup& group = rules_->groups[static_cast<std::size_t>(std::countr_zero(may))];
        if (!group.opens(features)) continue;
        if (!group.patterns->scan(text_, scratch_, &Detector::on_match, this)) doubt_ = true;
        if (doubt_) return;
    }
    const bool has_cues = look_for_cues(features);
    if (doubt_ || (!weak && !has_cues)) return;
    for (const PatternGroup& group : rules_->hinted) {
        const bool named = weak && hints_->speaks_for(group.rule);
        const auto speaks = [&](const auto& cue) { return cue.first == group.rule; };
        if (!named && !(group.opens(features) && std::ranges::any_of(cues_, speaks))) continue;
        if (!group.patterns->scan(text_, scratch_, &Detector::on_match, this)) doubt_ = true;
        if (doubt_) return;
    }
}

/// Whether the text holds words that speak for a hinted rule; they are kept in cues_.
bool Detector::look_for_cues(const Features& features) {
    if (!rules_->cues || !kCued.met_by(features)) return false;
    if (!rules_->cues->scan(text_, scratch_, &Detector::on_cue, this)) doubt_ = true;
    return !cues_.empty();
}

bool Detector::on_cue(void* self, std::uint32_t rule, std::uint64_t, std::uint64_t end) {
    auto& cues = static_cast<Detector*>(self)->cues_;
    if (!cues.empty() && cues.back().first == rule && end - cues.back().second < kCueReach / 2) return true;
    if (cues.size() < kMostCues) cues.emplace_back(rule, end);
    return cues.size() < kMostCues;
}

bool Detector::cued(std::uint32_t rule, std::size_t start) const {
    return std::ranges::any_of(cues_, [&](const auto& cue) { return cue.first == rule && cue.second <= start && start - cue.second <= kCueReach; });
}

bool Detector::on_offer(void* self, std::size_t end) {
    auto* detector = static_cast<Detector*>(self);
    return detector->take(detector->finding_, end);
}

bool Detector::on_match(void* self, std::uint32_t rule, std::uint64_t, std::uint64_t end) {
    return static_cast<Detector*>(self)->take(rule, end);
}

bool Detector::take(std::uint32_t index, std::size_t end) {
    const CompiledRule& rule = rules_->rules[index];
    if (!fresh_) std::ranges::fill(last_end_, 0);
    fresh_ = true;
    if (end <= last_end_[index]) return true;
    const bool named = hints_->speaks_for(index), weak = rule.rule.strength == Strength::Hinted && !named;
    if (weak && cues_.empty()) return true;
    const bool hinted = named || weak;
    const auto found = rule.confirm != nullptr ? rule.confirm({text_, end, hinted, ++candidates_ > kHurry}) : find_start(rule, end);
    if (!found || found->start >= found->end || found->end > text_.size()) return true;
    if (weak && !cued(index, found->start)) return true;
    if (found->confidence < kSure && hints_->speaks_against(index)) return true;
    if ((rule.look_alike & hints_->look_alikes) != 0 && !named && voted_out(rule, *found)) return true;
    if (hits_.size() == kMostHits) {
        doubt_ = true;
        return false;
    }
    last_end_[index] = found->end;
    hits_.push_back({index, found->start, found->end, weak ? found->confidence * 0.7 : found->confidence, named ? hints_->weight_of(index) : 0});
    return true;
}

/// Nothing but blanks around it: what stands in a longer text is not what the column's vote was about.
bool Detector::voted_out(const CompiledRule& rule, const Confirmed& found) const {
    const std::string_view value = text_.substr(found.start, found.end - found.start);
    return as_it_came_ && look_alike_of(value) == rule.look_alike && without_blanks(text_).size() == value.size();
}

std::optional<Confirmed> Detector::find_start(const CompiledRule& rule, std::size_t end) {
    if (!rule.starts) return Confirmed{0, text_.size(), 0.5};
    const std::size_t reach = rule.widest == 0 ? kReach : std::min<std::size_t>(rule.widest, kReach);
    window_ = end < reach ? 0 : end - reach;
    wanted_end_ = end - window_;
    earliest_ = wanted_end_;
    if (!rule.starts->scan(text_.substr(window_, wanted_end_), start_scratch_, &Detector::on_start, this)) doubt_ = true;
    // Not found again though it was there (a boundary, an over-long match): mask from the window on.
    const std::size_t start = earliest_ == wanted_end_ ? 0 : earliest_;
    return Confirmed{window_ + start, end, 0.8};
}

bool Detector::on_start(void* self, std::uint32_t, std::uint64_t start, std::uint64_t end) {
    auto* detector = static_cast<Detector*>(self);
    if (end == detector->wanted_end_) detector->earliest_ = std::min<std::size_t>(detector->earliest_, start);
    return true;
}

Finding Detector::finding_of(const Hit& hit) const {
    if (hit.rule >= rules_->rules.size()) {
        return {echoes_[hit.rule - rules_->rules.size()].class_name, "echo", hit.start, hit.end, hit.confidence, Transform::Redact};
    }
    const Rule& rule = rules_->rules[hit.rule].rule;
    return {rule.class_name, rule.id, hit.start, hit.end, hit.confidence, rule.transform};
}

void Detector::merge() {
    std::ranges::sort(hits_, [](const Hit& a, const Hit& b) {
        return a.start != b.start ? a.start < b.start : a.end != b.end ? a.end > b.end : a.rule < b.rule;
    });
    Hit best;
    const auto better = [&](const Hit& hit) {
        // Where the name speaks for both, what it says more exactly is right: "us passport" against "passport".
        if (hit.weight != 0 && best.weight != 0 && hit.weight != best.weight) return hit.weight > best.weight;
        if (hit.confidence != best.confidence) return hit.confidence > best.confidence;
        return hit.end - hit.start > best.end - best.start;
    };
    for (const Hit& hit : hits_) {
        const Finding next = finding_of(hit);
        if (findings_.empty() || hit.start >= findings_.back().end) {
            findings_.push_back(next);
            best = hit;
            continue;
        }
        Finding& last = findings_.back();
        const std::size_t start = last.start, end = std::max(last.end, hit.end);
        const Transform stricter = std::max(last.transform, next.transform);
        if (better(hit)) {
            last = next;
            best = hit;
        }
        last.start = start;
        last.end = end;
        last.transform = stricter;
    }
}

}  // namespace pgveil::masking
