#include "audit/verify.h"

#include "audit/file.h"
#include "audit/layout.h"
#include "audit/verifier.h"

namespace pgveil::audit {
namespace {

/// Nothing could be checked at all.
VerifyReport nothing(std::string why) {
    VerifyReport report;
    for (Verdict* verdict : {&report.integrity, &report.completeness, &report.freshness, &report.anchoring}) verdict->ground = why;
    return report;
}

}  // namespace

std::string_view name_of(Finding finding) {
    switch (finding) {
        case Finding::Fail: return "FAIL";
        case Finding::Unproven: return "UNPROVEN";
        case Finding::Pass: return "PASS";
    }
    return "FAIL";
}

bool VerifyReport::holds() const {
    return !self_attested && integrity.finding == Finding::Pass && completeness.finding != Finding::Fail &&
           freshness.finding != Finding::Fail && anchoring.finding != Finding::Fail;
}

VerifyReport verify_log(const VerifyOptions& options) {
    const auto identity = read_identity(options.dirs.front());
    if (!identity) return nothing(identity.error());
    const auto own = identity->keys.empty() ? std::nullopt : parse_verifier_key(identity->keys.back());
    if (!own && !options.key) return nothing("log.json holds no verifier key");
    const VerifierKey key = options.key ? *options.key : *own;
    auto notes = NoteMerge::open(options.dirs);
    if (!notes) return nothing(notes.error());
    VerifyReport report;
    report.self_attested = !options.key;
    report.key = print(key);
    Verifier(options, key, std::move(*notes)).run(report);
    if (const auto segments = list_segments(options.dirs); segments && !segments->empty()) {
        report.append_only = is_append_only(segments->back().path);
    }
    if (own != key || identity->origin != key.name) {
        report.remarks.push_back("log.json names another key");
        if (report.integrity.finding == Finding::Pass) report.integrity = {Finding::Fail, "log.json names another key or origin"};
    }
    return report;
}

}  // namespace pgveil::audit
