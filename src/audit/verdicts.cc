// The verdicts' grounds, in words.
#include "audit/timestamp.h"
#include "audit/verifier.h"

#include <algorithm>

namespace pgveil::audit {
namespace {
constexpr auto ClockTolerance = std::chrono::minutes(5);
}

std::string count(std::uint64_t number, std::string_view noun) {
    return std::to_string(number) + " " + std::string(noun) + (number == 1 ? "" : "s");
}

Verdict Verifier::freshness() const {
    if (!any_checkpoint_) return {Finding::Fail, "nothing is signed"};
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(options_.now - signed_time_);
    std::string ground = "the last signed record is of " + print_time(signed_time_);
    if (signed_size_ == 0) return {Finding::Unproven, "no record is signed yet"};
    if (options_.now + ClockTolerance < signed_time_) return {Finding::Fail, ground + ", which is in the future"};
    if (steps_back_ > 0) ground += "; the clock stepped back " + count(steps_back_, "time") + ", last to " + print_time(stepped_back_to_);
    if (age > options_.max_age) {
        return {Finding::Fail, ground + ", older than " + count(static_cast<std::uint64_t>(options_.max_age.count()), "second")};
    }
    if (steps_back_ > 0) return {Finding::Unproven, ground};
    return {Finding::Pass, ground + (ends_with_stop_ ? "; the log was closed then" : "")};
}

Verdict Verifier::completeness(std::uint64_t records) const {
    if (!missing_.empty()) return {Finding::Fail, missing_};
    const std::string whole = "indices 0 to " + std::to_string(records == 0 ? 0 : records - 1) + " without a gap";
    if (anchored_ == 0) return {Finding::Unproven, whole + "; without an anchor a log cut back with its checkpoints looks the same"};
    std::string ground = whole + "; an anchor covers the first " + std::to_string(anchored_);
    if (anchored_ < records) ground += ", the last " + std::to_string(records - anchored_) + " rest on this log alone";
    return {Finding::Pass, ground};
}

Verdict Verifier::anchoring() const {
    if (options_.anchors.empty()) return {Finding::Unproven, "no anchor was given"};
    if (!anchor_problem_.empty()) return {Finding::Fail, anchor_problem_};
    for (std::size_t i = 0; i < options_.anchors.size(); ++i) {
        if (!anchor_seen_[i]) return {Finding::Fail, "anchor " + options_.anchors[i].name + " holds no checkpoint signed by the key"};
    }
    if (anchored_ == 0) return {Finding::Fail, "no anchored checkpoint could be compared"};
    return {Finding::Pass, count(points_.size(), "checkpoint") + " in " + count(options_.anchors.size(), "anchor") +
                               " agree, the newest of size " + std::to_string(anchored_)};
}

void Verifier::conclude(const ScanResult& scan, VerifyReport& report) {
    report.records = tree_.size();
    report.checkpoints = checkpoints_;
    report.segments = scan.segments;
    report.unsigned_records = tree_.size() - std::min(signed_size_, tree_.size());
    report.first_bad = bad_;
    report.remarks.insert(report.remarks.end(), remarks_.begin(), remarks_.end());
    if (bad_) {
        std::string place = bad_->file.empty() ? "" : " (" + bad_->file + ", byte " + std::to_string(bad_->offset) + ")";
        report.integrity = {Finding::Fail, "first bad record " + std::to_string(bad_->index) + place + ": " + bad_->what};
    } else if (!anchor_problem_.empty()) {
        report.integrity = {Finding::Fail, anchor_problem_};
    } else if (report.unsigned_records > 0 && !running_) {
        report.integrity = {Finding::Unproven, "every signed record is genuine, but " + count(report.unsigned_records, "record") + " from " +
                                                   std::to_string(signed_size_) + " on " + "nobody signed: the writer died in the middle of a "
                                                   "commit, or somebody added them; the next start records and signs what it finds"};
    } else {
        report.integrity = {Finding::Pass, count(report.records, "record") + " in " + count(report.segments, "segment") +
                                               ", " + count(checkpoints_, "checkpoint") + ", every leaf and signature checked"};
    }
    report.completeness = completeness(report.records);
    report.freshness = freshness();
    report.anchoring = anchoring();
}

}  // namespace pgveil::audit
