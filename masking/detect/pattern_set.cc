#include "detect/pattern_set.h"

#include <hs/hs.h>

#include <cstdlib>
#include <limits>
#include <utility>

namespace pgveil::masking {

Scratch::Scratch(Scratch&& other) noexcept : scratch_(std::exchange(other.scratch_, nullptr)) {}

Scratch::~Scratch() {
    if (scratch_ != nullptr) hs_free_scratch(scratch_);
}

bool Scratch::fit(const PatternSet& set) { return hs_alloc_scratch(set.database_, &scratch_) == HS_SUCCESS; }

PatternSet::PatternSet(PatternSet&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}

PatternSet::~PatternSet() {
    if (database_ != nullptr) hs_free_database(database_);
}

Result<PatternSet, PatternRefusal> PatternSet::compile(const std::vector<Pattern>& patterns, bool som) {
    std::vector<const char*> expressions;
    std::vector<unsigned> flags, ids;
    for (const Pattern& pattern : patterns) {
        expressions.push_back(pattern.expression.c_str());
        flags.push_back(HS_FLAG_DOTALL | (som ? HS_FLAG_SOM_LEFTMOST : 0U) | (pattern.caseless ? HS_FLAG_CASELESS : 0U));
        ids.push_back(pattern.id);
    }
    hs_database_t* database = nullptr;
    hs_compile_error_t* error = nullptr;
    const hs_error_t done = hs_compile_multi(expressions.data(), flags.data(), ids.data(), static_cast<unsigned>(patterns.size()),
                                             HS_MODE_BLOCK, nullptr, &database, &error);
    if (done == HS_SUCCESS) return PatternSet(database);
    PatternRefusal refusal{0, "the pattern library has no memory"};
    if (error != nullptr) {
        if (error->expression >= 0) refusal.id = patterns[static_cast<std::size_t>(error->expression)].id;
        refusal.why = error->message;
        hs_free_compile_error(error);
    }
    return refuse(std::move(refusal));
}

namespace {

struct Call {
    PatternSet::OnMatch on_match;
    void* context;
};

int relay_match(unsigned id, unsigned long long from, unsigned long long to, unsigned, void* context) {
    const auto* call = static_cast<const Call*>(context);
    return call->on_match(call->context, id, from, to) ? 0 : 1;
}

}  // namespace

bool PatternSet::scan(std::string_view text, const Scratch& scratch, OnMatch on_match, void* context) const {
    if (text.empty()) return true;
    if (text.size() > std::numeric_limits<unsigned>::max()) return false;
    Call call{on_match, context};
    const hs_error_t done = hs_scan(database_, text.data(), static_cast<unsigned>(text.size()), 0, scratch.scratch_, relay_match, &call);
    return done == HS_SUCCESS || done == HS_SCAN_TERMINATED;
}

PatternWidth width_of(const std::string& expression) {
    hs_expr_info_t* info = nullptr;
    hs_compile_error_t* error = nullptr;
    PatternWidth width;
    if (hs_expression_info(expression.c_str(), HS_FLAG_DOTALL, &info, &error) == HS_SUCCESS) {
        width.least = info->min_width;
        width.most = info->max_width == std::numeric_limits<unsigned>::max() ? 0 : info->max_width;
        std::free(info);  // NOLINT: allocated by the library with malloc
    } else {
        hs_free_compile_error(error);
    }
    return width;
}

}  // namespace pgveil::masking
